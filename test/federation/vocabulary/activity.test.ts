import { describe, expect, test } from '@jest/globals';
import { parseActivity, reactionOf } from '../../../federation/vocabulary/activity.js';
import { toActivity, toReference, toTombstone, toWrapped } from '../../../federation/vocabulary/build.js';
import {
  collectionRefOf,
  parseCollection,
  toOrderedCollection,
  toOrderedCollectionPage,
} from '../../../federation/vocabulary/collection.js';
import { PUBLIC } from '../../../federation/vocabulary/names.js';

const alice = 'https://peer.example/users/alice';
const like = {
  id: 'https://peer.example/likes/1',
  type: 'Like',
  actor: alice,
  object: 'https://us.example/1',
};
const reason = (json: unknown): string => {
  const parsed = parseActivity(json);
  return 'invalid' in parsed ? parsed.invalid : 'ok';
};

describe('parseActivity', () => {
  test.each([
    ['not-an-object', 'x'],
    ['not-an-object', null],
    ['no-type', { ...like, type: undefined }],
    ['no-type', { ...like, '@type': 'Delete' }],
    ['no-actor', { ...like, actor: undefined }],
    ['no-actor', { ...like, actor: [] }],
    ['no-actor', { ...like, actor: {} }],
    ['several-actors', { ...like, actor: [alice, 'https://evil.example/m'] }],
    ['conflicting-id', { ...like, '@id': 'https://peer.example/likes/2' }],
    ['ok', { ...like, id: undefined }],
    ['ok', { ...like, type: 'Frobnicate' }],
    ['ok', { ...like, object: undefined }],
  ])('ACTOR_SHAPE, LD_ATKEYS, INLINE_UNKNOWN: %s', (expected, json) => {
    expect(reason(json)).toBe(expected);
  });

  test('only the id of an embedded actor is taken', () => {
    expect(
      parseActivity({ ...like, actor: [{ id: alice, publicKey: { publicKeyPem: 'M' } }] }),
    ).toMatchObject({ actor: alice });
  });

  test('objects: an id, embedded, several, none', () => {
    expect(parseActivity(like)).toMatchObject({
      object: like.object,
      embedded: null,
      objects: [like.object],
    });
    const note = { id: 'https://peer.example/1', type: 'Note' };
    expect(parseActivity({ ...like, object: note })).toMatchObject({ object: note.id, embedded: note });
    expect(parseActivity({ ...like, object: { type: 'Follow' } })).toMatchObject({
      object: null,
      embedded: { type: 'Follow' },
    });
    const flagged = parseActivity({ ...like, type: 'Flag', object: [alice, note, 7], content: 'spam' });
    expect(flagged).toMatchObject({
      objectIds: [alice, note.id],
      content: 'spam',
      object: alice,
      embedded: null,
    });
    expect(parseActivity({ ...like, object: null })).toMatchObject({
      object: null,
      embedded: null,
      objects: [],
    });
  });

  test('the first type that is known; ids with fragments stay', () => {
    expect(parseActivity({ ...like, type: ['LikeAction', 'as:Like'], id: `${alice}#likes/1` })).toMatchObject(
      {
        type: 'Like',
        types: ['LikeAction', 'Like'],
        id: `${alice}#likes/1`,
      },
    );
  });
});

describe('reactionOf', () => {
  const tag = [
    { type: 'Emoji', name: ':blob:', icon: { type: 'Image', url: 'https://peer.example/blob.png' } },
  ];
  test.each([
    [{ ...like }, null],
    [
      { ...like, content: '👍' },
      { content: '👍', emoji: null },
    ],
    [
      { ...like, content: '👩‍💻' },
      { content: '👩‍💻', emoji: null },
    ],
    [
      { ...like, content: '1️⃣' },
      { content: '1️⃣', emoji: null },
    ],
    [
      { ...like, _misskey_reaction: '🍮' },
      { content: '🍮', emoji: null },
    ],
    [
      { ...like, content: ':blob:', tag },
      { content: ':blob:', emoji: { shortcode: 'blob' } },
    ],
    [
      { ...like, content: ':blob@peer.example:', tag },
      { content: ':blob:', emoji: { shortcode: 'blob' } },
    ],
    [
      { ...like, content: ':other:', tag },
      { content: ':other:', emoji: null },
    ],
    [{ ...like, content: 'pudding' }, null],
    [{ ...like, content: '12' }, null],
    [{ ...like, content: '<b>x</b>' }, null],
    ['x', null],
  ])('%j', (json, expected) => {
    if (expected === null) expect(reactionOf(json)).toBeNull();
    else expect(reactionOf(json)).toMatchObject(expected);
  });
});

describe('collections', () => {
  const items = ['https://peer.example/1', { id: 'https://peer.example/2', type: 'Note' }, 7, null];

  test('reads collections and pages', () => {
    expect(
      parseCollection({
        type: 'OrderedCollection',
        id: 'https://peer.example/c',
        totalItems: 2,
        first: 'https://peer.example/c?p=1',
      }),
    ).toMatchObject({
      total: 2,
      ordered: true,
      isPage: false,
      items: [],
      next: 'https://peer.example/c?p=1',
    });
    expect(
      parseCollection({
        type: 'CollectionPage',
        items,
        next: { type: 'CollectionPage', items: [] },
        first: 'x',
      }),
    ).toMatchObject({
      isPage: true,
      items: [items[0], items[1]],
      next: { type: 'CollectionPage' },
    });
    expect(parseCollection({ type: 'Collection', items: 'https://peer.example/1' })?.items).toEqual([
      'https://peer.example/1',
    ]);
    expect(
      parseCollection({ type: 'Collection', items: Array(9999).fill('https://peer.example/1') }, 150)?.items,
    ).toHaveLength(150);
    expect(parseCollection({ type: 'Note' })).toBeNull();
    expect(parseCollection('x')).toBeNull();
  });

  test('COLL_COUNTS: hostile totals', () => {
    for (const totalItems of [1e18, -1, 'many', 1.5]) {
      expect(collectionRefOf({ id: alice, totalItems })).toEqual({ id: alice, total: null });
    }
    expect(collectionRefOf(null)).toBeNull();
  });
});

describe('builders', () => {
  test('what they build, the readers read', () => {
    const id = 'https://us.example/c';
    const top = toOrderedCollection({ id, totalItems: 1, first: `${id}?page=1` });
    expect(parseCollection(top)).toMatchObject({ id, total: 1, next: `${id}?page=1` });
    const page = toOrderedCollectionPage({
      id: `${id}?page=1`,
      partOf: id,
      orderedItems: ['https://us.example/1'],
    });
    expect(parseCollection(page)).toMatchObject({ partOf: id, items: ['https://us.example/1'], next: null });
    expect(toTombstone({ id, formerType: 'Note', deleted: '2024-01-01T00:00:00Z' })).toEqual({
      type: 'Tombstone',
      id,
      formerType: 'Note',
      deleted: '2024-01-01T00:00:00Z',
    });
  });

  test('activities: audiences, wrapping, references', () => {
    const follow = toActivity({
      id: 'https://us.example/f/1',
      type: 'Follow',
      actor: 'https://us.example/bob',
      object: alice,
    });
    expect(follow).toEqual({
      id: 'https://us.example/f/1',
      type: 'Follow',
      actor: 'https://us.example/bob',
      object: alice,
    });
    expect(toReference({ ...follow, to: [PUBLIC], object: { id: alice, type: 'Person' } })).toEqual(follow);
    const object = {
      id: 'https://us.example/1',
      type: 'Note',
      to: [PUBLIC],
      cc: [alice],
      published: 'P',
      updated: 'U',
    };
    expect(
      toWrapped('Create', { id: 'https://us.example/a/1', actor: 'https://us.example/bob', object }),
    ).toEqual({
      id: 'https://us.example/a/1',
      type: 'Create',
      actor: 'https://us.example/bob',
      published: 'P',
      to: [PUBLIC],
      cc: [alice],
      object,
    });
  });
});
