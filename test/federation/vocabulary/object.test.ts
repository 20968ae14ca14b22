import { describe, expect, test } from '@jest/globals';
import { parseObject, type RemoteObject } from '../../../federation/vocabulary/object.js';
import { PUBLIC } from '../../../federation/vocabulary/names.js';
import { corpusEntries, fixture } from '../support/corpus.js';

const id = 'https://peer.example/notes/1';
const author = 'https://peer.example/users/alice';
const note = { id, type: 'Note', attributedTo: author, content: '<p>hi</p>', to: PUBLIC };

function object(extra: Record<string, unknown> = {}): RemoteObject {
  const parsed = parseObject({ ...note, ...extra });
  if ('invalid' in parsed) throw new Error(parsed.invalid);
  return parsed;
}

const reason = (json: unknown): string => {
  const parsed = parseObject(json);
  return 'invalid' in parsed ? parsed.invalid : 'ok';
};

describe('parseObject', () => {
  test.each([
    ['not-an-object', 'x'],
    ['not-an-object', [note]],
    ['no-type', { ...note, type: undefined }],
    ['unsupported-type', { ...note, type: 'Frobnicate' }],
    ['unsupported-type', { ...note, type: 'Person' }],
    ['conflicting-id', { ...note, '@id': 'https://peer.example/notes/2' }],
    ['ok', { ...note, id: null }],
    ['ok', { ...note, id: '' }],
    ['ok', { ...note, type: ['Foo', 'as:Note'] }],
  ])('%s', (expected, json) => {
    expect(reason(json)).toBe(expected);
  });

  test('every property may be one or many', () => {
    expect(object()).toMatchObject({
      to: [PUBLIC],
      cc: [],
      attributedTo: author,
      language: null,
      summary: null,
    });
    expect(object({ to: [{ id: author }], cc: [[], 'Public'] })).toMatchObject({
      to: [author],
      cc: ['Public'],
    });
    expect(object({ inReplyTo: [{ type: 'Link', href: id }, 'https://x.example/2'] }).inReplyTo).toBe(id);
    expect(object({ inReplyTo: { id, url: 'https://x.example' } }).inReplyTo).toBe(id);
    expect(object({ inReplyTo: { type: 'Collection', items: [id] } }).inReplyTo).toBeNull();
    expect(object({ content: ['<p>one</p>'] }).content).toBe('<p>one</p>');
  });

  test('of a Person and a Group the Person is the author', () => {
    const channel = 'https://peer.example/channels/c';
    const attributedTo = [
      { type: 'Group', id: channel },
      { type: 'Person', id: author },
    ];
    expect(object({ type: 'Video', attributedTo })).toMatchObject({
      attributedTo: author,
      attributions: [channel, author],
    });
    expect(object({ attributedTo: [{ type: 'Group', id: channel }] }).attributedTo).toBe(channel);
    expect(object({ attributedTo: [{ id: author }, channel] }).attributedTo).toBe(author);
    expect(object({ attributedTo: null }).attributedTo).toBeNull();
  });

  test('content warnings, sensitivity, titles', () => {
    expect(object({ summary: '' }).summary).toBeNull();
    expect(object({ summary: ' \n' }).summary).toBeNull();
    expect(object({ summary: 'cw' }).summary).toBe('cw');
    expect(object({ summaryMap: { en: 'cw' } }).summary).toBe('cw');
    expect(object({ sensitive: 'true' }).sensitive).toBe(true);
    expect(object({ sensitive: 'yes' }).sensitive).toBe(false);
    const attachment = { type: 'Image', url: 'https://peer.example/1.png', sensitive: true };
    expect(object({ attachment }).sensitive).toBe(true);
    expect(object({ type: 'Article', name: { en: 'Title' } }).name).toBe('Title');
  });

  test('the format of the content', () => {
    expect(object().contentFormat).toBe('html');
    expect(object({ mediaType: 'text/markdown' }).contentFormat).toBe('markdown');
    expect(object({ mediaType: 'text/plain; charset=utf-8' }).contentFormat).toBe('plain');
    expect(object({ source: { content: 'x', mediaType: 'text/markdown' } }).contentFormat).toBe('html');
  });

  test('the language: content map, declared, context, surrounding document', () => {
    expect(object({ contentMap: { nl: '<p>hi</p>' } }).language).toBe('nl');
    expect(object({ language: { identifier: 'ko' } }).language).toBe('ko');
    expect(object({ '@context': [{ '@language': 'fi' }] }).language).toBe('fi');
    const parsed = parseObject(note, { defaultLanguage: 'sv' });
    expect(parsed).toMatchObject({ language: 'sv' });
  });

  test('a poll vote is known by its shape', () => {
    expect(object({ content: undefined, name: 'A', inReplyTo: id }).isVote).toBe(true);
    expect(object({ name: 'A', inReplyTo: id }).isVote).toBe(false);
    expect(object({ content: undefined, name: 'A' }).isVote).toBe(false);
  });

  test('collections: id and count, never the items', () => {
    const replies = {
      id: `${id}/replies`,
      type: 'Collection',
      totalItems: '3',
      first: { items: ['https://victim.example/1'] },
    };
    expect(object({ replies, likes: `${id}/likes`, shares: { totalItems: -1 } })).toMatchObject({
      replies: { id: `${id}/replies`, total: 3 },
      likes: { id: `${id}/likes`, total: null },
      shares: null,
    });
  });

  test('ids that cannot be fetched stay opaque; conversation may be a tag URI', () => {
    expect(object({ id: 'tag:a.example,2011:1' }).id).toBe('tag:a.example,2011:1');
    expect(object({ conversation: 'tag:a.example,2011:c' }).conversation).toBe('tag:a.example,2011:c');
    expect(object({ context: { id: 'https://a.example/c', type: 'Collection' } }).conversation).toBe(
      'https://a.example/c',
    );
  });

  test('oversized posts are cut', () => {
    const parsed = object({
      content: 'x'.repeat(900_000),
      to: Array.from({ length: 5000 }, (_, i) => `https://a.example/${i}`),
    });
    expect(parsed.content).toHaveLength(262_144);
    expect(parsed.to).toHaveLength(1000);
  });
});

describe('polls', () => {
  const options = [
    { type: 'Note', name: 'A', replies: { type: 'Collection', totalItems: 2 } },
    { type: 'Note', name: 'B', replies: { type: 'Collection', totalItems: -5 } },
    { type: 'Note', nameMap: { en: 'C' }, _misskey_votes: 1 },
    { type: 'Note' },
    'D',
  ];
  const question = (extra: Record<string, unknown>) => object({ type: 'Question', ...extra }).poll;

  test('one choice, several, both with one empty', () => {
    const expected = [
      { title: 'A', votes: 2 },
      { title: 'B', votes: 0 },
      { title: 'C', votes: 1 },
    ];
    expect(question({ oneOf: options })).toMatchObject({ options: expected, multiple: false });
    expect(question({ anyOf: options, oneOf: [] })).toMatchObject({ options: expected, multiple: true });
    expect(question({ anyOf: options[0] })).toMatchObject({ options: [{ title: 'A', votes: 2 }] });
    expect(question({})).toBeNull();
    expect(object({ oneOf: options }).poll).toBeNull();
  });

  test('ends', () => {
    expect(question({ oneOf: options, endTime: '2024-07-17T18:18:17Z' })).toMatchObject({
      endsAt: '2024-07-17T18:18:17.000Z',
      closed: false,
    });
    expect(question({ oneOf: options, closed: '2019-09-19T00:32:36.785333' })).toMatchObject({
      endsAt: '2019-09-19T00:32:36.785Z',
      closed: false,
    });
    expect(question({ oneOf: options, closed: true })).toMatchObject({ endsAt: null, closed: true });
  });

  test('voters: told, or listed', () => {
    expect(question({ oneOf: options, votersCount: 7 })?.votersCount).toBe(7);
    expect(question({ oneOf: options, voters: [author, id] })?.votersCount).toBe(2);
    expect(question({ oneOf: options, votersCount: 1e300 })?.votersCount).toBeNull();
  });

  test('IN_POLL: a hundred thousand options are cut', () => {
    expect(
      question({ oneOf: Array.from({ length: 100_000 }, (_, i) => ({ name: `o${i}` })) })?.options,
    ).toHaveLength(500);
  });
});

describe('quotes', () => {
  const [q, other] = ['https://b.example/1', 'https://c.example/2'];
  const link = {
    type: 'Link',
    mediaType: 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
    href: q,
  };

  test.each([
    [{ quote: q }, { uri: q, legacy: false }],
    [
      { quote: { id: q, type: 'Note' }, quoteAuthorization: 'https://b.example/stamp' },
      { uri: q, legacy: false, authorization: 'https://b.example/stamp' },
    ],
    [{ quoteUri: q }, { uri: q, legacy: true }],
    [{ quoteUrl: q }, { uri: q, legacy: true }],
    [{ _misskey_quote: q }, { uri: q, legacy: true }],
    [
      { quote: q, quoteUri: other, _misskey_quote: other },
      { uri: q, legacy: false },
    ],
    [
      { quoteUri: q, quoteUrl: other },
      { uri: q, legacy: true },
    ],
    [{ tag: { ...link, rel: 'https://misskey-hub.net/ns#_misskey_quote' } }, { uri: q, legacy: true }],
    [{ tag: [{ ...link, name: `RE: ${q}` }] }, { uri: q, legacy: true }],
  ])('%j', (extra, expected) => {
    expect(object(extra).quote).toMatchObject(expected);
  });

  test.each([
    [{}],
    [{ quote: null }],
    [{ quoteUri: 'tag:x' }],
    [{ _misskey_quote: id }],
    [{ tag: { ...link, name: '#1374' } }],
    [{ quote: 7 }],
  ])('no quote: %j', (extra) => {
    expect(object(extra).quote).toBeNull();
  });

  test('who may quote, old names and new', () => {
    const permission = { automatic: [PUBLIC], manual: [] };
    expect(
      object({ interactionPolicy: { canQuote: { automaticApproval: PUBLIC } } }).interactionPolicy,
    ).toMatchObject({
      canQuote: permission,
      canLike: null,
    });
    expect(
      object({ interactionPolicy: { canReply: { always: [PUBLIC], approvalRequired: [] } } })
        .interactionPolicy,
    ).toMatchObject({
      canReply: permission,
    });
    expect(object({ interactionPolicy: 'x' }).interactionPolicy).toBeNull();
  });
});

describe('the funfedi inputs', () => {
  const files = corpusEntries()
    .filter((entry) => entry.software === 'funfedi-pasture')
    .map((entry) => entry.file);

  test.each(files)('%s can be shown', (file) => {
    const embedded = fixture(file)['object'] as Record<string, unknown>;
    const parsed = parseObject(embedded);
    if ('invalid' in parsed) throw new Error(parsed.invalid);
    expect(parsed).toMatchObject({ type: 'Note', attributedTo: 'http://pasture-one-actor/actor' });
    expect(parsed.content).toBe(embedded['content']);
    if (file.includes('mentions-') && !/mentions-0[67]/.test(file)) expect(parsed.mentions).toHaveLength(1);
    if (file.includes('hashtag-jsonld')) expect(parsed.hashtags).toMatchObject([{ name: 'test' }]);
    if (/in-reply-to-0[13457]/.test(file))
      expect(parsed.inReplyTo).toBe('http://pasture-one-actor/assets/note1.jsonap');
  });
});
