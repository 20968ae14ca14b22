import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { receive, type ReceiveDeps, type Received } from '../../../federation/inbox/receive.js';
import type { Dialect } from '../../../federation/signature/claim.js';
import type { SignedRequest } from '../../../federation/signature/request.js';
import { signRequest } from '../../../federation/signature/sign.js';
import {
  fixedClock,
  HOUR,
  makeSigner,
  NOW,
  resolverFor,
  resolverOf,
  toRequest,
  type Signer,
} from '../signature/kit.js';

const inbox = 'https://us.example/users/bob/inbox';
const alice = makeSigner('https://peer.example/users/alice');
const mallory = makeSigner('https://evil.example/users/mallory');
const ed = makeSigner('https://ed.example/users/eve', 'ed25519', '#ed25519-key');
const ACTIVITY_JSON = 'application/activity+json';

interface Extra {
  signer?: Signer;
  dialect?: Dialect;
  type?: string;
  now?: Date;
  headers?: Record<string, string>;
}

/** A signed POST of a value, or of exact text. */
function post(
  value: unknown,
  { signer = alice, dialect = 'cavage', type = ACTIVITY_JSON, now = NOW, headers = {} }: Extra = {},
): SignedRequest {
  const body = Buffer.isBuffer(value)
    ? value
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const signed = signRequest(dialect, {
    method: 'POST',
    url: inbox,
    body,
    key: signer.signing,
    now,
    headers: { 'content-type': type },
  });
  return toRequest('POST', inbox, { ...signed, ...headers }, body);
}

function makeDeps(extra: Partial<ReceiveDeps> = {}) {
  return {
    keys: resolverFor(alice, mallory, ed),
    clock: fixedClock(),
    isBlocked: () => false,
    knowsActor: () => true,
    ...extra,
  };
}

/** The outcome in a few words. */
function words(received: Received): string {
  switch (received.outcome) {
    case 'rejected':
      return `${received.status} ${received.reason}`;
    case 'ignored':
      return `ignored ${received.reason}`;
    default:
      return `${received.outcome} ${received.type} by ${received.actor}, signed by ${received.key.owner}`;
  }
}
const run = async (request: SignedRequest, extra: Partial<ReceiveDeps> = {}) =>
  words(await receive(request, makeDeps(extra)));

const like = {
  id: 'https://peer.example/likes/1',
  type: 'Like',
  actor: alice.published.owner,
  object: 'https://us.example/n/1',
};
const accepted =
  'accepted Like by https://peer.example/users/alice, signed by https://peer.example/users/alice';

describe('an honest activity', () => {
  test.each([
    ['cavage', alice],
    ['rfc9421', alice],
    ['cavage', ed],
    ['rfc9421', ed],
  ] as const)('%s', async (dialect, signer) => {
    const { owner } = signer.published;
    const activity = { ...like, id: `${owner}/likes/1`, actor: owner };
    expect(await receive(post(activity, { dialect, signer }), makeDeps())).toEqual({
      outcome: 'accepted',
      activity,
      activityId: activity.id,
      actor: owner,
      type: 'Like',
      key: signer.published,
      dialect,
      signature: expect.any(Buffer),
      covered: expect.arrayContaining([dialect === 'cavage' ? 'digest' : 'content-digest']),
    });
  });

  test.each([
    [
      'actor as object',
      { ...like, actor: { type: 'Person', id: like.actor, publicKey: { publicKeyPem: 'x' } } },
      accepted,
    ],
    ['actor as list of one', { ...like, actor: [like.actor] }, accepted],
    ['actor in another spelling', { ...like, actor: 'HTTPS://PEER.EXAMPLE:443/users/alice' }, accepted],
    ['two types', { ...like, type: ['Like', 'http://schema.org/LikeAction'] }, accepted],
    ['no id', { ...like, id: undefined }, accepted],
    ['id null', { ...like, id: null }, accepted],
    ['id empty', { ...like, id: '' }, accepted],
    ['@id beside the same id', { ...like, '@id': like.id }, accepted],
    ['id over http, as old servers write it', { ...like, id: 'http://peer.example/likes/1' }, accepted],
    ['unknown type', { ...like, type: 'Frobnicate' }, accepted.replace('Like', 'Frobnicate')],
    [
      'an LD signature is of no account',
      { ...like, signature: { type: 'RsaSignature2017', creator: 'x' } },
      accepted,
    ],
  ])('%s', async (_, activity, expected) => {
    expect(await run(post(activity))).toBe(expected);
  });

  test('without an id the id is null', async () => {
    expect(await receive(post({ ...like, id: undefined }), makeDeps())).toMatchObject({ activityId: null });
  });
});

describe('a host that sends too much', () => {
  test('is asked about once its signature is good, with the host of whoever signed, before anything is parsed', async () => {
    const asked: string[] = [];
    const hasRoomFor = (host: string): boolean => asked.push(host) > 1;
    expect(await run(post('{ this is no JSON'), { hasRoomFor })).toBe('503 too-many');
    expect(await run(post(like), { hasRoomFor })).toBe(accepted);
    const forged = { ...mallory, signing: { ...mallory.signing, keyId: alice.signing.keyId } };
    expect(await run(post(like, { signer: forged }), { hasRoomFor })).toBe('401 bad-signature');
    expect(await run(post({ ...like, actor: mallory.published.owner }), { hasRoomFor })).toMatch(/^403 /);
    expect(asked).toEqual(['peer.example', 'peer.example', 'peer.example']);
  });
});

describe('whose activity is it', () => {
  const trent = makeSigner('https://peer.example/users/trent');
  const keys = resolverFor(alice, mallory, trent);
  const third = { ...like, id: 'https://third.example/likes/1', actor: 'https://third.example/users/carol' };

  test.each([
    ['another host, no id', mallory, { ...like, id: undefined }, '403 actor-mismatch'],
    [
      'another host, id of the signer',
      mallory,
      { ...like, id: 'https://evil.example/likes/1' },
      '403 actor-mismatch',
    ],
    [
      'another host, id of a third',
      mallory,
      { ...like, id: 'https://third.example/likes/1' },
      '403 actor-mismatch',
    ],
    ['another user of the same host', trent, like, '403 actor-mismatch'],
    ['own actor, foreign id', mallory, { ...like, actor: mallory.published.owner }, '403 id-mismatch'],
    [
      'own actor, our id',
      mallory,
      { ...like, id: 'https://us.example/1', actor: mallory.published.owner },
      '403 id-mismatch',
    ],
    [
      'own actor, lookalike id',
      alice,
      { ...like, id: 'https://peer.example.evil.example/1' },
      '403 id-mismatch',
    ],
    [
      'own actor, id on another port',
      alice,
      { ...like, id: 'https://peer.example:8443/1' },
      '403 id-mismatch',
    ],
    [
      'own actor, id with credentials',
      alice,
      { ...like, id: 'https://peer.example@evil.example/1' },
      '400 malformed-id',
    ],
    [
      'one of ours as actor',
      mallory,
      { ...like, id: 'https://us.example/1', actor: 'https://us.example/users/bob' },
      '403 local-actor',
    ],
    [
      'one of ours in capitals',
      mallory,
      { ...like, id: 'https://us.example/1', actor: 'https://US.EXAMPLE:443/users/bob' },
      '403 local-actor',
    ],
    [
      'forwarded',
      alice,
      third,
      'forwarded Like by https://third.example/users/carol, signed by https://peer.example/users/alice',
    ],
  ])('%s', async (_, signer, activity, expected) => {
    expect(await run(post(activity, { signer }), { keys })).toBe(expected);
  });

  test('forwarded gives the id to fetch and the signer', async () => {
    expect(await receive(post(third), makeDeps())).toMatchObject({
      outcome: 'forwarded',
      activityId: third.id,
      key: { owner: alice.published.owner },
    });
  });

  test('forwarded with an LD signature is not trusted any more for it', async () => {
    const signed = {
      ...third,
      signature: { type: 'RsaSignature2017', creator: `${third.actor}#main-key`, signatureValue: 'AAAA' },
    };
    expect((await receive(post(signed), makeDeps())).outcome).toBe('forwarded');
  });

  test('forwarded from a blocked host is dropped', async () => {
    const isBlocked = (host: string) => host === 'third.example';
    expect(await run(post(third), { isBlocked })).toBe('ignored forwarded-from-blocked');
  });

  test.each([
    ['no actor', { ...like, actor: undefined }, '400 no-actor'],
    ['two actors', { ...like, actor: [mallory.published.owner, like.actor] }, '400 no-actor'],
    ['an empty list', { ...like, actor: [] }, '400 no-actor'],
    ['a list in a list', { ...like, actor: [[like.actor]] }, '400 no-actor'],
    ['an empty object', { ...like, actor: {} }, '400 no-actor'],
    ['a number', { ...like, actor: 1 }, '400 no-actor'],
    ['an acct', { ...like, actor: 'acct:alice@peer.example' }, '400 no-actor'],
    ['a relative URL', { ...like, actor: '/users/alice' }, '400 no-actor'],
    ['no type', { ...like, type: undefined }, '400 no-type'],
    ['type as number', { ...like, type: 1 }, '400 no-type'],
    ['type as object', { ...like, type: { id: 'Like' } }, '400 no-type'],
    ['type empty', { ...like, type: '' }, '400 no-type'],
    ['types empty', { ...like, type: [] }, '400 no-type'],
    ['a huge type', { ...like, type: 'L'.repeat(1000) }, '400 no-type'],
    ['id as number', { ...like, id: 1 }, '400 malformed-id'],
    ['id as true', { ...like, id: true }, '400 malformed-id'],
    ['id as list', { ...like, id: [like.id] }, '400 malformed-id'],
    ['id as object', { ...like, id: {} }, '400 malformed-id'],
    ['id as URN', { ...like, id: 'urn:x' }, '400 malformed-id'],
    ['id relative', { ...like, id: '/likes/1' }, '400 malformed-id'],
    ['id with a line break', { ...like, id: 'https://peer.example/\n1' }, '400 malformed-id'],
    ['another @id', { ...like, '@id': 'https://peer.example/likes/2' }, '400 ambiguous-keys'],
    ['another @type', { ...like, '@type': 'Delete' }, '400 ambiguous-keys'],
    ['only @id', { ...like, id: undefined, '@id': like.id }, '400 ambiguous-keys'],
    ['a collection of activities', { type: 'OrderedCollection', orderedItems: [like] }, '400 no-actor'],
  ])('%s', async (_, activity, expected) => {
    expect(await run(post(activity))).toBe(expected);
  });

  test('of two equal keys the same one is checked and passed on', async () => {
    const twice = `{"actor":"${mallory.published.owner}",${JSON.stringify({ ...like, id: 'https://evil.example/1' }).slice(1)}`;
    expect(twice.match(/"actor"/g)).toHaveLength(2);
    expect(await run(post(twice, { signer: mallory }))).toBe('403 actor-mismatch');
    const received = await receive(
      post(twice.replace(mallory.published.owner, 'x').replace('evil', 'peer')),
      makeDeps(),
    );
    expect(received).toMatchObject({
      outcome: 'accepted',
      actor: like.actor,
      activity: { actor: like.actor },
    });
  });
});

describe('what is refused before any look for a key', () => {
  const old = new Date(NOW.getTime() - 13 * HOUR);
  const { headers: _, ...unsigned } = post(like);
  const bare = toRequest('POST', inbox, { host: 'us.example', 'content-type': ACTIVITY_JSON }, unsigned.body);

  test.each([
    ['unsigned', bare, '401 unsigned'],
    [
      'a malformed signature',
      { ...post(like), headers: { ...post(like).headers, signature: 'keyId="a' } },
      '400 malformed-signature',
    ],
    [
      'two signatures',
      { ...post(like), headers: { ...post(like).headers, signature: ['a', 'b'] } },
      '400 ambiguous-headers',
    ],
    ['another body', { ...post(like), body: Buffer.from('{}') }, '401 digest-mismatch'],
    ['an old date', post(like, { now: old }), '401 too-old'],
    ['another host', { ...post(like), hosts: ['third.example'] }, '401 wrong-host'],
    ['text/html', post(like, { type: 'text/html' }), '415 unsupported-media-type'],
    [
      'no type',
      { ...post(like), headers: { ...post(like).headers, 'content-type': undefined } },
      '415 unsupported-media-type',
    ],
    ['gzip', post(like, { headers: { 'content-encoding': 'gzip' } }), '415 unsupported-encoding'],
    ['gzip twice', post(like, { headers: { 'content-encoding': 'gzip, gzip' } }), '415 unsupported-encoding'],
    ['too large', post(JSON.stringify({ ...like, x: 'x'.repeat(1_048_576) })), '413 too-large'],
    ['a key of ours', post(like, { signer: makeSigner('https://us.example/users/bob') }), '401 local-key'],
  ])('%s', async (_name, request, expected) => {
    const keys = resolverFor(alice);
    expect(await run(request, { keys })).toBe(expected);
    expect(keys.calls).toEqual([]);
  });

  test('a blocked host, before digest and date', async () => {
    const keys = resolverFor(mallory);
    const request = { ...post(like, { signer: mallory, now: old }), body: Buffer.from('{}') };
    expect(await run(request, { keys, isBlocked: async (host) => host === 'evil.example' })).toBe(
      '403 blocked',
    );
    expect(keys.calls).toEqual([]);
  });

  test('JSON is not looked at before the signature was checked', async () => {
    const bad = post('not json', { signer: { ...alice, signing: mallory.signing } });
    const signedByOther = {
      ...bad,
      headers: {
        ...bad.headers,
        signature: String(bad.headers['signature']).replace(mallory.signing.keyId, alice.signing.keyId),
      },
    };
    expect(await run(signedByOther)).toBe('401 bad-signature');
    expect(await run(post('not json'))).toBe('400 syntax');
  });

  test('the limits can be set', async () => {
    const request = post(like);
    expect(await run(request, { limits: { maxBytes: request.body.length } })).toBe(accepted);
    expect(await run(request, { limits: { maxBytes: request.body.length - 1 } })).toBe('413 too-large');
    expect(await run(post({ ...like, x: [[1]] }), { limits: { maxDepth: 3 } })).toBe(accepted);
    expect(await run(post({ ...like, x: [[1]] }), { limits: { maxDepth: 2 } })).toBe('400 too-deep');
    expect(await run(post({ ...like, x: [1, 2, 3, 4, 5, 6] }), { limits: { maxNodes: 8 } })).toBe(
      '400 too-wide',
    );
    expect(await run(post(like, { now: old }), { window: { maxAge: 14 * HOUR, maxFuture: 0 } })).toBe(
      accepted,
    );
  });
});

describe('keys', () => {
  const id = alice.published.keyId;
  test.each([
    ['gone', '401 key-gone'],
    ['refused', '401 key-refused'],
    ['unavailable', '503 key-unavailable'],
  ] as const)('%s', async (answer, expected) => {
    expect(await run(post(like), { keys: resolverOf({ [id]: answer }) })).toBe(expected);
  });

  test('a rotated key is fetched once', async () => {
    const renewed = makeSigner(alice.published.owner);
    const keys = resolverOf({ [id]: alice.published }, { [id]: renewed.published });
    expect(await run(post(like, { signer: renewed }), { keys })).toBe(accepted);
    expect(keys.calls).toEqual([id, `${id} (refresh)`]);
  });
});

describe('a Delete of an actor by itself', () => {
  const farewell = { id: `${like.actor}#delete`, type: 'Delete', actor: like.actor, object: like.actor };
  const id = alice.published.keyId;

  test.each([
    ['as id', farewell],
    ['as object', { ...farewell, object: { type: 'Person', id: like.actor } }],
    ['as tombstone', { ...farewell, object: { type: 'Tombstone', id: like.actor } }],
  ])('of an unknown actor is dropped without a fetch (%s)', async (_, activity) => {
    const keys = resolverFor();
    const asked: string[] = [];
    const knowsActor = async (actor: string) => asked.push(actor) === 0;
    expect(await run(post(activity), { keys, knowsActor })).toBe('ignored unknown-actor-deleted');
    expect(keys.calls).toEqual([]);
    expect(asked).toEqual([like.actor]);
  });

  test('of an actor whose id is a bare host asks for the id as it is written', async () => {
    const asked: string[] = [];
    const activity = { ...farewell, actor: 'https://peer.example', object: 'https://peer.example' };
    await run(post(activity), { knowsActor: (actor) => asked.push(actor) > 0 });
    expect(asked).toEqual(['https://peer.example']);
  });

  test('of a known actor is accepted with the stored key', async () => {
    expect(await run(post(farewell))).toBe(accepted.replace('Like', 'Delete'));
  });

  test('of a known actor whose key is gone proves nothing, but says whom to look at', async () => {
    const keys = resolverOf({ [id]: 'gone' });
    expect(await receive(post(farewell), makeDeps({ keys }))).toEqual({
      outcome: 'ignored',
      reason: 'deleted-with-key',
      actor: like.actor,
    });
  });

  test.each([
    ['unavailable', '503 key-unavailable'],
    ['refused', '401 key-refused'],
    [makeSigner(like.actor).published, '401 bad-signature'],
  ] as const)(
    'of a known actor whose signature cannot be confirmed is refused (%#)',
    async (answer, expected) => {
      expect(await run(post(farewell), { keys: resolverOf({ [id]: answer }) })).toBe(expected);
    },
  );

  test('must be signed in form, in time, and by a host that is not blocked', async () => {
    const knowsActor = () => false;
    expect(await run({ ...post(farewell), body: Buffer.from('"Delete"') }, { knowsActor })).toBe(
      '401 digest-mismatch',
    );
    expect(await run(post(farewell), { knowsActor, isBlocked: () => true })).toBe('403 blocked');
    expect(await run(post(farewell, { now: new Date(NOW.getTime() - 13 * HOUR) }), { knowsActor })).toBe(
      '401 too-old',
    );
  });

  test.each([
    ['a Delete of a note', { ...farewell, object: 'https://peer.example/notes/1' }],
    ['a Delete of another actor', { ...farewell, object: 'https://peer.example/users/trent' }],
    [
      'an Undo of a Delete',
      { ...farewell, type: 'Undo', object: { type: 'Delete', id: 'https://peer.example/d' } },
    ],
  ])('%s with a key that is gone is refused', async (_, activity) => {
    const knowsActor = () => false;
    expect(await run(post(activity), { keys: resolverOf({ [id]: 'gone' }), knowsActor })).toBe(
      '401 key-gone',
    );
  });
});

describe('hostile JSON', () => {
  const wrap = (inner: string) => `{"type":"Like","actor":"${like.actor}","id":"${like.id}","x":${inner}}`;

  test.each([
    ['cut short', wrap('1').slice(0, -1), '400 syntax'],
    ['a list', '[]', '400 not-an-object'],
    ['a string', '"x"', '400 not-an-object'],
    ['null', 'null', '400 not-an-object'],
    ['empty', '', '400 syntax'],
    ['deep', wrap('['.repeat(40) + ']'.repeat(40)), '400 too-deep'],
    ['deep objects', wrap('{"a":'.repeat(40) + '1' + '}'.repeat(40)), '400 too-deep'],
    ['a megabyte of brackets', '['.repeat(1_000_000), '400 too-deep'],
    ['a megabyte of commas', ','.repeat(1_000_000), '400 too-wide'],
    [
      'many keys',
      wrap(`{${Array.from({ length: 21_000 }, (_, i) => `"k${i}":1`).join(',')}}`),
      '400 too-wide',
    ],
    ['many empty objects', wrap(`[${'{},'.repeat(15_000)}1]`), '400 too-wide'],
    ['brackets in text', wrap(JSON.stringify('[{,"'.repeat(30_000))), accepted],
    ['escaped quotes in text', wrap(JSON.stringify('\\"'.repeat(30_000) + '[[[')), accepted],
    ['a byte order mark', `\uFEFF${wrap('1')}`, accepted],
    ['a huge number', wrap('1e999'), accepted],
  ])('%s', async (_, text, expected) => {
    expect(await run(post(text))).toBe(expected);
  });

  test('bytes that are not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"type":"Like","x":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]);
    expect(await run(post(bytes))).toBe('400 encoding');
  });

  test('keys of the prototype are taken out everywhere, also when they are escaped', async () => {
    const poison =
      '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"prototype":1,"ok":[{"\\u005f_proto__":{"isAdmin":true}}]}';
    const received = await receive(post(wrap(poison)), makeDeps());
    if (received.outcome !== 'accepted') throw new Error(words(received));
    expect(JSON.stringify(received.activity['x'])).toBe('{"ok":[{}]}');
    const copy = Object.assign({}, received.activity['x']) as Record<string, unknown>;
    expect(copy['isAdmin']).toBeUndefined();
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  test('any JSON or text from a good signer is answered with a word', async () => {
    const keys = fc.constantFrom('id', 'type', 'actor', 'object', '@id', '__proto__', 'x');
    const leaf = fc.oneof(
      fc.constantFrom('Delete', 'Like', like.actor, like.id, '', 'https://us.example/'),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const value = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(keys, fc.oneof(leaf, fc.dictionary(keys, leaf))),
    );
    await fc.assert(
      fc.asyncProperty(value, async (v) => {
        const received = await receive(post(v, { signer: ed }), makeDeps());
        if (received.outcome === 'accepted') expect(received.actor).toBe(ed.published.owner);
        expect(['accepted', 'forwarded', 'rejected', 'ignored']).toContain(received.outcome);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what the ports throw is not swallowed', () => {
  test('a store that fails', async () => {
    const failing = { resolve: async () => Promise.reject(new Error('store is down')) };
    await expect(receive(post(like), makeDeps({ keys: failing }))).rejects.toThrow('store is down');
  });
});
