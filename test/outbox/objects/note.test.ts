import { describe, expect, test } from '@jest/globals';
import { PUBLIC } from '../../../federation/vocabulary/names.js';
import { parseObject } from '../../../federation/vocabulary/object.js';
import { toNote, toTombstone } from '../../../src/outbox/objects/note.js';
import { toWire } from '../../../src/outbox/wire.js';
import { media, names, noteFacts, poll, remoteAccount, localAccount, status } from './samples.js';

const followers = 'https://social.example/users/alice/followers';
const uri = 'https://social.example/users/alice/statuses/110000000000000001';

describe('toNote', () => {
  test('has the shape of a Mastodon Note, field by field', () => {
    expect(toWire(toNote(names, noteFacts()))).toEqual({
      '@context': [
        'https://www.w3.org/ns/activitystreams',
        {
          gts: 'https://gotosocial.org/ns#',
          sensitive: 'as:sensitive',
          interactionPolicy: { '@id': 'gts:interactionPolicy', '@type': '@id' },
          canQuote: { '@id': 'gts:canQuote', '@type': '@id' },
          automaticApproval: { '@id': 'gts:automaticApproval', '@type': '@id' },
        },
      ],
      id: uri,
      type: 'Note',
      summary: null,
      inReplyTo: null,
      published: '2026-05-06T07:08:09Z',
      url: 'https://social.example/@alice/110000000000000001',
      attributedTo: 'https://social.example/users/alice',
      to: [PUBLIC],
      cc: [followers],
      sensitive: false,
      content: '<p>Hello</p>',
      contentMap: { en: '<p>Hello</p>' },
      attachment: [],
      tag: [],
      interactionPolicy: { canQuote: { automaticApproval: [PUBLIC] } },
      replies: {
        id: `${uri}/replies`,
        type: 'Collection',
        first: {
          type: 'CollectionPage',
          partOf: `${uri}/replies`,
          next: `${uri}/replies?page=true&only_other_accounts=true`,
          items: [],
        },
      },
      likes: { id: `${uri}/likes`, type: 'Collection', totalItems: 5 },
      shares: { id: `${uri}/shares`, type: 'Collection', totalItems: 3 },
    });
  });

  const bob = remoteAccount('bob', 'peer.example');
  test.each([
    ['public', [PUBLIC], [followers, bob.uri]],
    ['unlisted', [followers], [PUBLIC, bob.uri]],
    ['private', [followers], [bob.uri]],
    ['direct', [bob.uri], []],
  ] as const)('%s is addressed as Mastodon does', (visibility, to, cc) => {
    const note = toNote(names, noteFacts({ status: status({ visibility }), mentioned: [bob] }));
    expect(note).toMatchObject({ to, cc });
  });

  test('names people by their whole handle, with the domain of handles, and tags by their page', () => {
    const note = toNote(
      names,
      noteFacts({
        status: status({
          tags: ['cats'],
          emojis: [
            {
              shortcode: 'blob',
              url: 'https://social.example/media/e/blob.png',
              staticUrl: 'https://social.example/media/e/blob.png',
            },
          ],
        }),
        mentioned: [bob, localAccount('carol')],
      }),
    );
    expect(note['tag']).toEqual([
      { type: 'Mention', href: 'https://peer.example/users/bob', name: '@bob@peer.example' },
      { type: 'Mention', href: 'https://social.example/users/carol', name: '@carol@example' },
      { type: 'Hashtag', href: 'https://social.example/tags/cats', name: '#cats' },
      {
        id: 'https://social.example/emojis/blob',
        type: 'Emoji',
        name: ':blob:',
        icon: { type: 'Image', mediaType: 'image/png', url: 'https://social.example/media/e/blob.png' },
      },
    ]);
  });

  test('describes attachments', () => {
    const note = toNote(names, noteFacts({ media: [media()] }));
    expect(note['attachment']).toEqual([
      {
        type: 'Document',
        mediaType: 'image/jpeg',
        url: 'https://social.example/media/ab/cd.jpg',
        name: 'A cat',
        blurhash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
        focalPoint: [-0.5, 0.25],
        width: 1500,
        height: 1095,
      },
    ]);
  });

  test('gives films a still, and leaves out what is not known', () => {
    const film = media({ type: 'video', mime: 'video/mp4', path: 'f.mp4', meta: {}, blurhash: null });
    const note = toNote(names, noteFacts({ media: [film] }));
    expect(note['attachment']).toEqual([
      {
        type: 'Document',
        mediaType: 'video/mp4',
        url: 'https://social.example/media/f.mp4',
        name: 'A cat',
        blurhash: null,
        icon: {
          type: 'Image',
          mediaType: 'image/webp',
          url: 'https://social.example/media/ab/cd-small.webp',
        },
      },
    ]);
  });

  test('a content warning is the summary, an answer names its parent, an edit its time', () => {
    const note = toNote(
      names,
      noteFacts({
        status: status({ spoilerText: 'Spiders', sensitive: true, editedAt: '2026-05-06T09:00:00.500Z' }),
        parentUri: 'https://peer.example/notes/1',
      }),
    );
    expect(note).toMatchObject({
      summary: 'Spiders',
      sensitive: true,
      updated: '2026-05-06T09:00:00Z',
      inReplyTo: 'https://peer.example/notes/1',
    });
  });

  test('without a language there is no contentMap', () => {
    const note = toNote(names, noteFacts({ status: status({ language: null }) }));
    expect(note).not.toHaveProperty('contentMap');
  });

  test("the author's own replies stand in the first page", () => {
    const ownReplies = [{ id: '9', uri: 'https://social.example/users/alice/statuses/9' }];
    const note = toNote(names, noteFacts({ ownReplies }));
    expect(note['replies']).toMatchObject({
      first: {
        items: ['https://social.example/users/alice/statuses/9'],
        next: `${uri}/replies?page=true&min_id=9`,
      },
    });
  });

  test('how many answered unseen is not told', () => {
    const note = toNote(names, noteFacts({ status: status({ repliesCount: 7 }) }));
    expect(note['replies']).not.toHaveProperty('totalItems');
  });
});

describe('a poll', () => {
  test('is a Question', () => {
    const note = toNote(names, noteFacts({ status: status({ poll: poll() }) }));
    expect(note).toMatchObject({
      type: 'Question',
      oneOf: [
        { type: 'Note', name: 'red', replies: { type: 'Collection', totalItems: 2 } },
        { type: 'Note', name: 'blue', replies: { type: 'Collection', totalItems: 1 } },
      ],
      endTime: '2026-05-07T07:08:09Z',
      votersCount: 3,
    });
    expect(note).not.toHaveProperty('anyOf');
    expect(note).not.toHaveProperty('closed');
  });

  test('of many choices says anyOf; a past one is closed', () => {
    const at = new Date('2026-05-08T00:00:00Z');
    const note = toNote(names, noteFacts({ status: status({ poll: poll({ multiple: true }) }), at }));
    expect(note).toMatchObject({ closed: '2026-05-07T07:08:09Z' });
    expect(note['anyOf']).toHaveLength(2);
    expect(note).not.toHaveProperty('oneOf');
  });

  test('hides its figures until the end where its author wants that', () => {
    const hidden = status({ poll: poll({ hideTotals: true }) });
    expect(toNote(names, noteFacts({ status: hidden }))['oneOf']).toEqual([
      { type: 'Note', name: 'red', replies: { type: 'Collection' } },
      { type: 'Note', name: 'blue', replies: { type: 'Collection' } },
    ]);
    const at = new Date('2026-05-08T00:00:00Z');
    expect(toNote(names, noteFacts({ status: hidden, at }))['oneOf']).toMatchObject([
      { replies: { totalItems: 2 } },
      { replies: { totalItems: 1 } },
    ]);
  });
});

describe('a quote', () => {
  const quote = {
    state: 'accepted',
    statusId: '5',
    uri: 'https://peer.example/notes/5',
    requestUri: null,
    approvalUri: 'https://peer.example/stamps/1',
  } as const;

  test('is written in three spellings, with its stamp, and as a link for all others', () => {
    const facts = noteFacts({
      status: status({ quote: { ...quote } }),
      quotedUrl: 'https://peer.example/@bob/5?a=1&b=2',
    });
    const note = toNote(names, facts);
    expect(note).toMatchObject({
      quote: 'https://peer.example/notes/5',
      quoteUri: 'https://peer.example/notes/5',
      _misskey_quote: 'https://peer.example/notes/5',
      quoteAuthorization: 'https://peer.example/stamps/1',
    });
    expect(note['content']).toMatch(
      /^<p class="quote-inline">RE: <a href="https:\/\/peer\.example\/@bob\/5\?a=1&amp;b=2"/,
    );
    expect(note['content']).toMatch(/<p>Hello<\/p>$/);
  });

  test('that waits for consent has no stamp; one that was refused or withdrawn is no quote', () => {
    const written = (state: 'pending' | 'rejected' | 'revoked') =>
      toNote(
        names,
        noteFacts({ status: status({ quote: { ...quote, state } }), quotedUrl: 'https://x.example/' }),
      );
    expect(written('pending')).toMatchObject({ quote: 'https://peer.example/notes/5' });
    expect(written('pending')).not.toHaveProperty('quoteAuthorization');
    for (const state of ['rejected', 'revoked'] as const) {
      expect(written(state)).not.toHaveProperty('quote');
      expect(written(state)).not.toHaveProperty('_misskey_quote');
      expect(written(state)['content']).toBe('<p>Hello</p>');
    }
  });

  test.each([
    ['public', 'public', [PUBLIC]],
    ['unlisted', 'followers', [followers]],
    ['public', 'nobody', ['https://social.example/users/alice']],
    ['private', 'public', ['https://social.example/users/alice']],
  ] as const)(
    'a %s status with policy %s may be quoted by %j',
    (visibility, quotePolicy, automaticApproval) => {
      const note = toNote(names, noteFacts({ status: status({ visibility, quotePolicy }) }));
      expect(note['interactionPolicy']).toEqual({ canQuote: { automaticApproval } });
    },
  );
});

test('our own reader understands what we write', () => {
  const bob = remoteAccount('bob', 'peer.example');
  const written = toWire(
    toNote(
      names,
      noteFacts({
        status: status({ tags: ['cats'], poll: poll(), spoilerText: 'CW' }),
        mentioned: [bob],
        media: [media()],
      }),
    ),
  );
  const read = parseObject(JSON.parse(JSON.stringify(written)));
  expect(read).toMatchObject({
    id: uri,
    attributedTo: 'https://social.example/users/alice',
    to: [PUBLIC],
    poll: { multiple: false, options: [{ title: 'red' }, { title: 'blue' }] },
  });
});

test('a Tombstone says what was there, and when it went', () => {
  expect(toTombstone({ uri, formerType: 'Note', deletedAt: '2026-05-06T07:08:09.123Z' })).toEqual({
    id: uri,
    type: 'Tombstone',
    formerType: 'Note',
    deleted: '2026-05-06T07:08:09Z',
  });
});
