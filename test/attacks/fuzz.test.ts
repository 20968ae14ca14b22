import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../federation/ports.js';
import { hostOf } from '../../federation/vocabulary/iris.js';
import { activityOf, createOf, nextId, noteOf, post, Public, startScene, type Scene } from './kit.js';

/** A run can be repeated: `LANDFALL_FUZZ_SEED=…`. Seeds that found something stay here for good. */
const recorded = [20_261_124, 77, 189_425_609];
const given = Number(process.env['LANDFALL_FUZZ_SEED']);
const seeds = given ? [given] : [...recorded, Date.now() % 2 ** 31];
const numRuns = Number(process.env['LANDFALL_FUZZ_RUNS'] ?? 40);

let s: Scene;
let statusUri: string;
const failures: unknown[] = [];
beforeAll(async () => {
  const ignore = (): void => undefined;
  const note = (fields: object, message: string): void =>
    void failures.push([message, JSON.stringify(fields)]);
  s = await startScene({ log: { debug: ignore, info: ignore, warn: note, error: note } });
  const own = await s.bob.client.post<{ uri: string }>('/api/v1/statuses', {
    status: 'Aim here',
    poll: { options: ['A', 'B'], expires_in: 3600 },
  });
  statusUri = own.uri;
});
afterAll(() => s?.close());

/** One valid activity of each handled type, with everything in it that handlers read. */
function samples(): JsonObject[] {
  const note = noteOf(s.alice, {
    cc: [s.bob.account.uri],
    inReplyTo: statusUri,
    summary: 'cw',
    sensitive: true,
    contentMap: { en: 'x' },
    url: `${s.peer.origin}/@alice/1`,
    updated: new Date().toISOString(),
    quote: statusUri,
    quoteAuthorization: `${s.us.url}/users/bob/quote_authorizations/1`,
    interactionPolicy: { canQuote: { automaticApproval: [Public] } },
    replies: { type: 'Collection', totalItems: 3 },
    attachment: [
      {
        type: 'Document',
        mediaType: 'image/png',
        url: `${s.peer.origin}/a.png`,
        name: 'alt',
        focalPoint: [0, 0],
        width: 5,
        height: 5,
        blurhash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
      },
    ],
    tag: [
      { type: 'Mention', href: s.bob.account.uri, name: '@bob' },
      { type: 'Hashtag', name: '#tag', href: `${s.peer.origin}/tags/tag` },
      { type: 'Emoji', name: ':e:', icon: { type: 'Image', url: `${s.peer.origin}/e.png` } },
    ],
  });
  const question = noteOf(s.alice, {
    type: 'Question',
    endTime: new Date(Date.now() + 1e7).toISOString(),
    oneOf: [{ type: 'Note', name: 'A', replies: { type: 'Collection', totalItems: 1 } }],
    votersCount: 1,
  });
  const vote = {
    id: `${s.peer.origin}/votes/${nextId()}`,
    type: 'Note',
    name: 'A',
    attributedTo: s.alice.uri,
    inReplyTo: statusUri,
    to: [s.bob.account.uri],
  };
  const follow = {
    id: `${s.peer.origin}/follows/${nextId()}`,
    type: 'Follow',
    actor: s.alice.uri,
    object: s.bob.account.uri,
  };
  const like = {
    id: `${s.peer.origin}/likes/${nextId()}`,
    type: 'Like',
    actor: s.alice.uri,
    object: statusUri,
  };
  return [
    createOf(note),
    createOf(question),
    createOf(vote),
    { type: 'Update', object: { ...note } },
    { type: 'Update', object: { ...s.alice.document } },
    { type: 'Delete', object: { type: 'Tombstone', id: note.id } },
    { ...follow },
    { type: 'Accept', object: follow, result: `${s.peer.origin}/stamps/1` },
    { type: 'Reject', object: follow },
    { ...like },
    {
      type: 'EmojiReact',
      object: statusUri,
      content: ':e:',
      tag: [{ type: 'Emoji', name: ':e:', icon: { url: `${s.peer.origin}/e.png` } }],
    },
    { type: 'Undo', object: like },
    { type: 'Undo', object: follow },
    { type: 'Announce', object: statusUri, to: [Public], cc: [], published: new Date().toISOString() },
    { type: 'Flag', object: [s.bob.account.uri, statusUri], content: 'bad' },
    { type: 'Block', object: s.dave.account.uri },
    { type: 'Move', object: s.alice.uri, target: s.trent.uri },
    { type: 'Add', object: note.id, target: `${s.alice.uri}/featured` },
    { type: 'Remove', object: note.id, target: `${s.alice.uri}/featured` },
    { type: 'QuoteRequest', object: statusUri, instrument: note },
  ];
}

type Path = (string | number)[];

function pathsOf(value: Json, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string | number, Json][] = Array.isArray(value)
    ? value.map((v, i) => [i, v])
    : Object.entries(value);
  return entries.flatMap(([key, inner]) => [[...at, key], ...pathsOf(inner, [...at, key])]);
}

/** Puts something else in one place; `undefined` takes it out. */
function changed(root: JsonObject, path: Path, next: (old: Json) => Json | undefined): JsonObject {
  const copy = structuredClone(root);
  let at = copy as unknown as Record<string | number, Json>;
  for (const key of path.slice(0, -1)) at = at[key] as unknown as Record<string | number, Json>;
  const last = path.at(-1) ?? '';
  const value = next(at[last] ?? null);
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

const twists: ((old: Json) => Json | undefined)[] = [
  () => undefined,
  () => null,
  () => '',
  () => 0,
  () => -1e308,
  () => true,
  () => [],
  () => ({}),
  (old) => [old],
  (old) => [old, old, 7, null, {}],
  (old) => ({ id: old, '@id': old, type: 'Link', href: old }),
  (old) => ({ '@value': old, '@list': [old] }),
  (old) => ({ '@graph': [old], '@included': [old], '@reverse': { object: old } }),
  () => 'a'.repeat(60_000),
  () => 'javascript:alert(1)',
  () => `${s.evil.origin}/users/president`,
  () => `${s.us.url}/users/bob`,
  () => s.trent.uri,
  () => '\u0000\ud800\u202e<script>alert(1)</script>',
  () => '__proto__',
  () => JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as JsonObject,
  () => Array.from({ length: 3000 }, (_, i) => `${s.evil.origin}/${i}`),
];

/** Sends and lets it be worked off: no 5xx, no warning, an outcome for whatever was taken, and nobody robbed. */
async function survives(activity: JsonObject): Promise<void> {
  const { db } = s.us.ctx;
  const { status } = await post(s, s.alice, {}, { body: JSON.stringify(activity) });
  if (status >= 500 || ![202, 400, 401, 403, 413].includes(status)) throw new Error(`Answered ${status}`);
  await s.us.idle();
  const open = await db.received.find({ outcome: { $in: [null, 'failed'] } }).toArray();
  // What lacks something from elsewhere says what, and is tried again; anything else is a fault.
  const stuck = open.filter((r) => r.outcome === 'failed' || !/^[a-z]+: /.test(r.lastError ?? ''));
  if (stuck.length) throw new Error(`Without outcome: ${JSON.stringify(stuck[0])}`);
  await db.received.deleteMany({ outcome: null });
  if (failures.length) throw new Error(`Logged: ${JSON.stringify(failures.splice(0))}`);
}

/** What alice sent is alice's: nothing here is of another host's, nothing of trent's or ours was written by her. */
async function nothingForged(): Promise<void> {
  const { db, names } = s.us.ctx;
  const accounts = new Map((await db.accounts.find({}).toArray()).map((a) => [a._id, a]));
  for (const status of await db.statuses.find({}).toArray()) {
    const author = accounts.get(status.accountId);
    expect([status.uri, hostOf(status.uri)]).toEqual([status.uri, hostOf(author?.uri ?? '')]);
    expect(author?.uri).not.toBe(s.trent.uri);
    if (names.isOwn(hostOf(status.uri) ?? '')) expect(status.local).toBe(true);
  }
  for (const account of accounts.values()) {
    expect(account.uri).not.toBe(`${s.evil.origin}/users/president`);
    if (account.remote)
      expect([account.uri, hostOf(account.remote.inbox)]).toEqual([account.uri, hostOf(account.uri)]);
  }
  for (const key of await db.remoteKeys.find({}).toArray()) expect(hostOf(key.keyId)).toBe(hostOf(key.owner));
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(await db.accounts.findOne({ uri: s.trent.uri })).toMatchObject({
    username: 'trent',
    deletedAt: null,
  });
  expect(await db.accounts.findOne({ _id: s.bob.account._id })).toMatchObject({
    username: 'bob',
    deletedAt: null,
  });
}

test('every field of every handled type as anything else', async () => {
  const all = samples().flatMap((sample) => {
    const activity = activityOf(s.alice, sample);
    return pathsOf(activity).flatMap((path) => twists.map((twist) => ({ path, activity, twist })));
  });
  for (const seed of seeds)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: all.length - 1 }), async (i) => {
        const pick = all[i];
        if (!pick) return;
        const fresh = { ...pick.activity, id: `${s.peer.origin}/fuzz/${nextId()}` };
        await survives(changed(pick.path[0] === 'id' ? pick.activity : fresh, pick.path, pick.twist));
        // Whatever alice deleted or blocked on the way, she is back for the next.
        await s.us.ctx.db.accounts.updateOne({ uri: s.alice.uri }, { $set: { deletedAt: null } });
        await s.us.ctx.db.tombstones.deleteMany({ uri: s.alice.uri });
      }),
      { seed, numRuns, endOnFailure: true },
    );
  await nothingForged();
}, 900_000);

test('any JSON at all', async () => {
  const key = fc.constantFrom(
    'id',
    'type',
    'actor',
    'object',
    'to',
    'cc',
    'tag',
    'attributedTo',
    'target',
    '@id',
    '@type',
    '@context',
    '@graph',
    'content',
    'inReplyTo',
    'publicKey',
    'attachment',
    '__proto__',
  );
  const leaf = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('Create', 'Note', 'Update', 'Person', 'Follow', 'Undo', 'Question', 'as:Public'),
    fc.constantFrom(0, 1, 2).map((i) => [s.alice.uri, s.bob.account.uri, statusUri][i] ?? ''),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 8 }),
    ),
  }));
  for (const seed of seeds)
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(key, tree, { maxKeys: 10 }),
        fc.boolean(),
        async (json, signedByActor) => {
          const activity = json as JsonObject;
          await survives(
            signedByActor
              ? { ...activityOf(s.alice, {}), type: 'Create', ...activity, actor: s.alice.uri }
              : activity,
          );
        },
      ),
      { seed, numRuns, endOnFailure: true },
    );
  await nothingForged();
}, 900_000);
