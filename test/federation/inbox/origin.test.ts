import { describe, expect, test } from '@jest/globals';
import { embeddedObjectIsTrusted, idOf, isSameId, sameOrigin } from '../../../federation/inbox/origin.js';
import type { Json } from '../../../federation/ports.js';

describe('the same origin', () => {
  test.each([
    ['https://peer.example/a', 'https://peer.example/b', true],
    ['https://PEER.example/a', 'https://peer.example:443/b', true],
    ['http://peer.example/a', 'https://peer.example/b', true],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/', true],
    ['https://peer.example:8443/a', 'https://peer.example:8443/b', true],
    ['https://peer.example/a', 'https://evil.example/a', false],
    ['https://peer.example/a', 'https://peer.example:8443/a', false],
    ['https://peer.example/a', 'https://peer.example.evil.example/a', false],
    ['https://peer.example/a', 'https://peer.example@evil.example/a', false],
    ['https://peer.example/a', 'https://user@peer.example/a', false],
    ['https://peer.example/a', 'https://peer.example./a', false],
    ['https://peer.example/a', 'https://sub.peer.example/a', false],
    ['https://peer.example/a', '//peer.example/a', false],
    ['urn:x', 'urn:x', false],
    ['', '', false],
    ['x', 'x', false],
    [null, null, false],
    [['https://peer.example/a'], ['https://peer.example/a'], false],
  ])('%p and %p: %p', (a, b, same) => {
    expect(sameOrigin(a, b)).toBe(same);
    expect(sameOrigin(b, a)).toBe(same);
  });
});

describe('the same id', () => {
  test.each([
    ['https://peer.example/a', 'https://PEER.example:443/x/../a', true],
    ['https://peer.example', 'https://peer.example/', true],
    ['https://peer.example/a', 'https://peer.example/a/', false],
    ['https://peer.example/a', 'https://peer.example/a#b', false],
    ['https://peer.example/a', 'https://peer.example/A', false],
    ['https://peer.example/a', 'http://peer.example/a', false],
    ['x', 'x', false],
    [undefined, undefined, false],
  ])('%p and %p: %p', (a, b, same) => {
    expect(isSameId(a, b)).toBe(same);
  });
});

describe('the id of a reference', () => {
  test.each<[Json | undefined, string | null]>([
    ['https://a.example/1', 'https://a.example/1'],
    [{ id: 'x' }, 'x'],
    [['x'], 'x'],
    [[{ id: 'x' }], 'x'],
    [['x', 'y'], null],
    [[['x']], null],
    [[], null],
    [{}, null],
    [{ id: ['x'] }, null],
    [{ id: 1 }, null],
    [1, null],
    [null, null],
    [undefined, null],
  ])('%j', (value, id) => {
    expect(idOf(value)).toBe(id);
  });
});

describe('an embedded object is trusted', () => {
  const actor = 'https://peer.example/users/alice';
  const note = { id: 'https://peer.example/notes/1', type: 'Note', attributedTo: actor };
  const alien = 'https://third.example/users/carol';

  test.each<[string, Json, boolean]>([
    ['own note', note, true],
    [
      'note of another user of that host',
      { ...note, attributedTo: 'https://peer.example/users/trent' },
      true,
    ],
    ['without an id', { type: 'Follow', actor }, true],
    [
      'actor and attributedTo as objects',
      { ...note, attributedTo: [{ id: actor }], actor: { id: actor } },
      true,
    ],
    ['several own', [note, { ...note, id: 'https://peer.example/notes/2' }], true],
    ['note of another host', { ...note, id: 'https://third.example/notes/1' }, false],
    ['own id, foreign author', { ...note, attributedTo: alien }, false],
    ['own id, one foreign author of two', { ...note, attributedTo: [actor, alien] }, false],
    ['own id, foreign inner actor', { ...note, actor: alien }, false],
    ['no id, foreign inner actor', { type: 'Create', actor: alien }, false],
    ['id that is no URL', { ...note, id: 'urn:x' }, false],
    ['id that is no text', { ...note, id: 1 }, false],
    ['author that is no text', { ...note, attributedTo: 1 }, false],
    ['one foreign of several', [note, { ...note, id: 'https://third.example/notes/1' }], false],
    ['own object beside a reference', [note, 'https://third.example/notes/1'], false],
    ['a reference', note.id, false],
    ['nothing', null, false],
    ['an empty list', [], false],
  ])('%s: %j', (_, object, trusted) => {
    expect(embeddedObjectIsTrusted({ type: 'Create', actor, object })).toBe(trusted);
  });

  test('not without an actor', () => {
    expect(embeddedObjectIsTrusted({ type: 'Create', object: note })).toBe(false);
    expect(embeddedObjectIsTrusted({ type: 'Create', actor: [actor, alien], object: note })).toBe(false);
    expect(
      embeddedObjectIsTrusted({ type: 'Create', actor: 'urn:x', object: { type: 'Note', id: 'urn:x' } }),
    ).toBe(false);
    expect(embeddedObjectIsTrusted({ type: 'Create', actor: 'urn:x', object: { type: 'Note' } })).toBe(false);
  });
});
