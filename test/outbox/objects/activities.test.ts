import { describe, expect, test } from '@jest/globals';
import { PUBLIC } from '../../../federation/vocabulary/names.js';
import * as activities from '../../../src/outbox/objects/activities.js';
import * as quotes from '../../../src/outbox/objects/quotes.js';
import { toNote } from '../../../src/outbox/objects/note.js';
import { localAccount, names, noteFacts, remoteAccount } from './samples.js';

const alice = localAccount('alice');
const bob = remoteAccount('bob', 'peer.example');
const base = 'https://social.example/users/alice';
const noteUri = `${base}/statuses/110000000000000001`;
const followers = `${base}/followers`;
const note = toNote(names, noteFacts());

test('Create has the address and the time of its Note, and an id that can be fetched', () => {
  expect(activities.toCreate(alice, note)).toEqual({
    id: `${noteUri}/activity`,
    type: 'Create',
    actor: base,
    published: '2026-05-06T07:08:09Z',
    to: [PUBLIC],
    cc: [followers],
    object: note,
  });
});

test('Update of a Note is addressed like it; of an actor to everybody', () => {
  expect(activities.toUpdate(alice, note, '42')).toMatchObject({
    id: `${noteUri}#updates/42`,
    type: 'Update',
    to: [PUBLIC],
    cc: [followers],
  });
  expect(activities.toUpdate(alice, { id: base, type: 'Person' }, 't')).toEqual({
    id: `${base}#updates/t`,
    type: 'Update',
    actor: base,
    object: { id: base, type: 'Person' },
    to: [PUBLIC],
  });
});

test('Delete repeats nothing of what was said', () => {
  const addresses = { to: [PUBLIC], cc: [followers] };
  expect(activities.toDelete(alice, { uri: noteUri, addresses })).toEqual({
    id: `${noteUri}#delete`,
    type: 'Delete',
    actor: base,
    to: [PUBLIC],
    cc: [followers],
    object: { id: noteUri, type: 'Tombstone' },
  });
  expect(activities.toActorDelete(alice)).toEqual({
    id: `${base}#delete`,
    type: 'Delete',
    actor: base,
    to: [PUBLIC],
    object: base,
  });
});

describe('Announce', () => {
  const announce = activities.toAnnounce({
    wrapper: {
      uri: `${base}/activities/announce-7`,
      visibility: 'public',
      createdAt: '2026-05-06T07:08:09.123Z',
    },
    actor: alice,
    shown: { uri: 'https://peer.example/notes/5', authorUri: bob.uri },
  });

  test('goes to followers and the author', () => {
    expect(announce).toEqual({
      id: `${base}/activities/announce-7`,
      type: 'Announce',
      actor: base,
      published: '2026-05-06T07:08:09Z',
      to: [PUBLIC],
      cc: [followers, bob.uri],
      object: 'https://peer.example/notes/5',
    });
  });

  test('is undone with its short form embedded, to the same people', () => {
    expect(activities.toUndo(alice, announce)).toEqual({
      id: `${base}/activities/announce-7#undo`,
      type: 'Undo',
      actor: base,
      to: [PUBLIC],
      cc: [followers, bob.uri],
      object: {
        id: `${base}/activities/announce-7`,
        type: 'Announce',
        actor: base,
        object: 'https://peer.example/notes/5',
      },
    });
  });
});

test.each(['Like', 'Follow', 'Block'] as const)('%s names its object and goes to its owner only', (type) => {
  const uri = `${base}/activities/x-1`;
  expect(
    activities.toRelation(type, { uri, actor: alice, object: 'https://peer.example/1', to: bob.uri }),
  ).toEqual({
    id: uri,
    type,
    actor: base,
    to: [bob.uri],
    object: 'https://peer.example/1',
  });
});

test.each(['Accept', 'Reject'] as const)('%s embeds the Follow as it was asked', (type) => {
  const follow = activities.toRelation('Follow', {
    uri: 'https://peer.example/follows/1',
    actor: bob,
    object: base,
    to: base,
  });
  expect(activities.toFollowAnswer(type, { actor: alice, follow, mark: '9' })).toEqual({
    id: `${base}#${type.toLowerCase()}s/follows/9`,
    type,
    actor: base,
    to: [bob.uri],
    object: { id: 'https://peer.example/follows/1', type: 'Follow', actor: bob.uri, object: base },
  });
});

test('Add and Remove name the featured collection', () => {
  expect(activities.toFeatured('Add', { actor: alice, object: noteUri, mark: '1' })).toEqual({
    id: `${base}#pins/1`,
    type: 'Add',
    actor: base,
    to: [followers],
    object: noteUri,
    target: `${base}/collections/featured`,
  });
  expect(activities.toFeatured('Remove', { actor: alice, object: noteUri, mark: '2' })).toMatchObject({
    id: `${base}#unpins/2`,
    type: 'Remove',
  });
});

test('Move says from where to where, to the followers', () => {
  expect(activities.toMove(alice, bob)).toMatchObject({
    type: 'Move',
    actor: base,
    object: base,
    target: bob.uri,
    to: [followers],
  });
});

test('Flag comes from the instance and does not say who complained', () => {
  const flag = activities.toFlag(
    { uri: 'https://social.example/actor' },
    { id: '5', objects: [bob.uri, 'https://peer.example/notes/5'], comment: 'Spam' },
  );
  expect(flag).toEqual({
    id: 'https://social.example/actor/activities/flag-5',
    type: 'Flag',
    actor: 'https://social.example/actor',
    to: [bob.uri],
    object: [bob.uri, 'https://peer.example/notes/5'],
    content: 'Spam',
  });
});

test('a vote is a Note with a name and no content, for the author of the poll only', () => {
  const uri = `${base}/activities/vote-3`;
  expect(
    activities.toVote(alice, { uri, title: 'red', poll: 'https://peer.example/polls/1', to: bob.uri }),
  ).toEqual({
    id: `${uri}#activity`,
    type: 'Create',
    actor: base,
    to: [bob.uri],
    object: {
      id: uri,
      type: 'Note',
      name: 'red',
      attributedTo: base,
      to: [bob.uri],
      inReplyTo: 'https://peer.example/polls/1',
    },
  });
});

describe('consent to quotes (FEP-044f)', () => {
  const approval = { uri: `${base}/quote_authorizations/1`, quotingUri: 'https://peer.example/notes/9' };
  const stamp = {
    id: approval.uri,
    type: 'QuoteAuthorization',
    attributedTo: base,
    interactingObject: approval.quotingUri,
    interactionTarget: noteUri,
  };

  test('the request embeds what quotes', () => {
    const parts = { uri: `${base}/r`, quotedUri: 'https://peer.example/notes/5', quotedAuthor: bob, note };
    expect(quotes.toQuoteRequest(alice, parts)).toEqual({
      id: `${base}/r`,
      type: 'QuoteRequest',
      actor: base,
      to: [bob.uri],
      object: 'https://peer.example/notes/5',
      instrument: note,
    });
  });

  const request = { uri: 'https://peer.example/r', actorUri: bob.uri, quotingUri: approval.quotingUri };
  test('Accept carries the stamp, Reject does not', () => {
    const object = {
      id: request.uri,
      type: 'QuoteRequest',
      actor: bob.uri,
      object: noteUri,
      instrument: approval.quotingUri,
    };
    expect(quotes.toQuoteAnswer({ owner: alice, quotedUri: noteUri, request, approval, mark: 'm' })).toEqual({
      id: `${base}#accepts/quotes/m`,
      type: 'Accept',
      actor: base,
      to: [bob.uri],
      object,
      result: approval.uri,
    });
    const reject = quotes.toQuoteAnswer({
      owner: alice,
      quotedUri: noteUri,
      request,
      approval: null,
      mark: 'm',
    });
    expect(reject).toMatchObject({ type: 'Reject', object });
    expect(reject).not.toHaveProperty('result');
  });

  test('the stamp names both objects, and is taken back by a Delete', () => {
    expect(quotes.toQuoteAuthorization(alice, approval, noteUri)).toEqual(stamp);
    expect(quotes.toStampDelete(alice, stamp)).toEqual({
      id: `${approval.uri}#delete`,
      type: 'Delete',
      actor: base,
      to: [PUBLIC],
      object: stamp,
    });
  });
});
