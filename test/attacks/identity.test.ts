import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import type { PeerActor } from '../support/peer.js';
import {
  activityJson,
  activityOf,
  befriend,
  createOf,
  deliver,
  deliverBoth,
  findRemote,
  lastOutcome,
  nextId,
  noteOf,
  post,
  Public,
  startHost,
  startScene,
  unchanged,
  untouched,
  type Scene,
  type Status,
} from './kit.js';

let s: Scene;
beforeAll(async () => {
  s = await startScene();
});
afterAll(() => s?.close());

const by = (actor: PeerActor) => ({ by: actor });
const storedOf = (uri: string) => s.us.ctx.db.statuses.findOne({ uri });
/** A public note of alice that is stored here and served there. */
async function known(extra: JsonObject = {}): Promise<JsonObject & { id: string }> {
  const note = noteOf(s.alice, extra);
  s.peer.serve(note);
  await deliver(s, createOf(note), by(s.alice));
  return note;
}
const drop = (activity: JsonObject, actor: PeerActor): Promise<void> =>
  unchanged(s, () => deliverBoth(s, activity, actor));

test('#44 ID_OBJ_HOST', async () => {
  await drop(createOf(noteOf(s.alice, { cc: [s.bob.account.uri] })), s.mallory);
  // A neighbouring name or port is another host, too.
  const id = s.alice.uri.replace(/:\d+/, ':1');
  await drop(createOf(noteOf(s.mallory, { id, cc: [s.bob.account.uri] })), s.mallory);
});

test('#45 ID_ATTR', async () => {
  const cc = [s.bob.account.uri];
  for (const attributedTo of [
    s.alice.uri,
    { id: s.alice.uri },
    [{ type: 'Person', id: s.alice.uri }],
    [s.alice.uri, s.mallory.uri],
  ])
    await drop(createOf(noteOf(s.mallory, { cc, attributedTo })), s.mallory);
  for (const attributedTo of [null, [s.mallory.uri, s.alice.uri]]) {
    const note = noteOf(s.mallory, { cc, attributedTo });
    await deliver(s, createOf(note), by(s.mallory));
    const stored = await storedOf(note.id);
    const author = stored && (await s.us.ctx.db.accounts.findOne({ _id: stored.accountId }));
    expect([null, undefined, s.mallory.uri]).toContain(author?.uri);
  }
});

test('#46 ID_ACT_HOST', async () => {
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Like me' });
  const like = { id: `${s.peer.origin}/likes/77`, type: 'Like', object: own.uri };
  await untouched(s, async () => expect(await deliver(s, like, by(s.mallory))).toBe(403));
  await deliver(s, { ...like }, by(s.alice));
  expect((await s.bob.client.get<Status>(`/api/v1/statuses/${own.id}`)).favourites_count).toBe(1);
});

test('#47 ID_CREATE_KNOWN', async () => {
  const note = await known({ to: [s.alice.followers], cc: [] });
  await drop(createOf({ ...note, to: [Public] }), s.mallory);
  await drop(createOf(noteOf(s.mallory, { atomUri: note.id, cc: [] })), s.mallory);
});

test('#48 ID_RECREATE', async () => {
  const note = await known({ to: [s.alice.followers], cc: [] });
  await drop(createOf({ ...note, to: [Public] }), s.alice);
  expect(await storedOf(note.id)).toMatchObject({ visibility: 'private' });
});

test('#49 UPD_OTHER', async () => {
  const note = await known();
  const poll = await known({
    type: 'Question',
    oneOf: [
      { type: 'Note', name: 'A' },
      { type: 'Note', name: 'B' },
    ],
  });
  for (const actor of [s.mallory, s.trent]) {
    await drop({ type: 'Update', object: { ...note, content: 'forged' } }, actor);
    await drop({ type: 'Update', object: { ...note, attributedTo: actor.uri, content: 'forged' } }, actor);
    await drop({ type: 'Update', object: { ...s.alice.document, name: 'forged' } }, actor);
    await drop(
      {
        type: 'Update',
        object: {
          ...poll,
          oneOf: [{ type: 'Note', name: 'A', replies: { type: 'Collection', totalItems: 9 } }],
        },
      },
      actor,
    );
  }
});

test('#50 UPD_IMMUTABLE', async () => {
  const note = await known();
  const other = await known();
  const before = await storedOf(note.id);
  for (const change of [
    { attributedTo: s.trent.uri },
    { inReplyTo: other.id },
    { type: 'Person' },
    { published: '1970-01-01T00:00:00Z' },
  ])
    await deliver(
      s,
      { type: 'Update', object: { ...note, ...change, updated: new Date().toISOString() } as JsonObject },
      by(s.alice),
    );
  const { uri, accountId, inReplyToId, createdAt, poll, visibility } = (await storedOf(note.id)) ?? {};
  expect({ uri, accountId, inReplyToId, createdAt, poll, visibility }).toEqual({
    uri: note.id,
    accountId: before?.accountId,
    inReplyToId: null,
    createdAt: before?.createdAt,
    poll: null,
    visibility: 'public',
  });
});

test('#51 UPD_SUSPENDED', async () => {
  const old = noteOf(s.mallory);
  s.evil.serve(old);
  const suspend = (suspendedAt: string | null) =>
    s.us.ctx.db.accounts.updateOne({ uri: s.mallory.uri }, { $set: { suspendedAt } });
  await suspend(new Date().toISOString());
  await drop({ type: 'Update', object: noteOf(s.mallory, { cc: [s.bob.account.uri] }) }, s.mallory);
  await deliver(s, { type: 'Announce', object: old.id, to: [Public] }, by(s.alice));
  const home = await s.bob.client.get<{ reblog: Status | null }[]>('/api/v1/timelines/home');
  expect(home.filter((h) => h.reblog?.uri === old.id)).toEqual([]);
  await suspend(null);
});

test('#52 UPD_ACTOR_ENDPOINTS', async () => {
  for (const foreign of [s.peer.origin, s.us.url]) {
    const odd = s.evil.actor(`odd${nextId()}`, {
      followers: `${foreign}/f`,
      outbox: `${foreign}/o`,
      endpoints: { sharedInbox: `${foreign}/inbox` },
    });
    await deliver(s, { type: 'Follow', object: s.dave.account.uri }, by(odd));
    const stored = await s.us.ctx.db.accounts.findOne({ uri: odd.uri });
    expect(stored?.remote).toMatchObject({ followersUri: null, outbox: null, sharedInbox: null });
    const drain = s.evil.actor(`drain${nextId()}`, { inbox: `${foreign}/inbox` });
    await deliver(s, { type: 'Follow', object: s.dave.account.uri }, by(drain));
    expect(await s.us.ctx.db.accounts.findOne({ uri: drain.uri })).toBeNull();
  }
});

test('#53 UPD_STALE', async () => {
  const note = await known();
  const at = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
  await deliver(
    s,
    { type: 'Update', object: { ...note, content: '<p>newer</p>', updated: at(1) } },
    by(s.alice),
  );
  await drop({ type: 'Update', object: { ...note, content: '<p>older</p>', updated: at(5) } }, s.alice);
  expect((await storedOf(note.id))?.content).toBe('<p>newer</p>');
});

test('#54 DEL_OTHER', async () => {
  const note = await known();
  for (const actor of [s.mallory, s.trent])
    for (const object of [note.id, { type: 'Tombstone', id: note.id }, s.alice.uri])
      await drop({ type: 'Delete', object }, actor);
});

test('#55 DEL_REPLAY_CREATE', async () => {
  const note = await known();
  await deliver(s, { type: 'Delete', object: note.id }, by(s.alice));
  await drop(createOf(note), s.alice);
  await drop({ type: 'Announce', object: note.id, to: [Public] }, s.trent);
});

test('#55 DEL_REPLAY_CREATE: a neighbour cannot bury what is not its own', async () => {
  const note = noteOf(s.alice);
  await deliver(s, { type: 'Delete', object: note.id }, by(s.trent));
  await deliver(s, createOf(note), by(s.alice));
  expect(await storedOf(note.id)).not.toBeNull();
});

test('#56 UNDO_OTHER', async () => {
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Liked' });
  const like = { id: `${s.peer.origin}/likes/${nextId()}`, type: 'Like', object: own.uri };
  await deliver(s, like, by(s.alice));
  for (const actor of [s.mallory, s.trent]) {
    await drop({ type: 'Undo', object: like.id }, actor);
    await drop({ type: 'Undo', object: { ...like, actor: s.alice.uri } }, actor);
    await drop(
      { type: 'Undo', object: { type: 'Follow', actor: s.alice.uri, object: s.bob.account.uri } },
      actor,
    );
  }
  // Nor can one undo in advance what another will do.
  const later = { id: `${s.peer.origin}/likes/${nextId()}`, type: 'Like', object: own.uri };
  await deliver(s, { type: 'Undo', object: later.id }, by(s.trent));
  await deliver(s, { type: 'Undo', object: like.id }, by(s.alice));
  await deliver(s, later, by(s.alice));
  expect((await s.bob.client.get<Status>(`/api/v1/statuses/${own.id}`)).favourites_count).toBe(1);
});

test('#57 UNDO_MULTI', async () => {
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Boosted twice' });
  for (const actor of [s.alice, s.trent])
    await deliver(s, { type: 'Announce', object: own.uri, to: [Public] }, by(actor));
  await deliver(
    s,
    { type: 'Undo', object: { type: 'Announce', actor: s.alice.uri, object: own.uri } },
    by(s.alice),
  );
  const left = await s.us.ctx.db.statuses.find({ reblogOfId: own.id }).toArray();
  const trent = await s.us.ctx.db.accounts.findOne({ uri: s.trent.uri });
  expect(left.map((r) => r.accountId)).toEqual([trent?._id]);
});

test('#58 ACC_FORGE, #59 REJ_FORGE, #60 ACC_UNSENT', async () => {
  const id = await findRemote(s, s.trent);
  await s.dave.client.post(`/api/v1/accounts/${id}/follow`);
  await s.us.idle();
  const follow = await s.us.ctx.db.follows.findOne({ accountId: s.dave.account._id, targetId: id });
  const object = { id: follow?.uri ?? '', type: 'Follow', actor: s.dave.account.uri, object: s.trent.uri };
  for (const type of ['Accept', 'Reject'])
    for (const named of [object, object.id, { ...object, object: s.mallory.uri }]) {
      await drop({ type, object: named }, s.mallory);
      await drop({ type, object: named }, s.alice);
    }
});

test('#59 REJ_FORGE', async () => {
  const follow = await s.us.ctx.db.follows.findOne({ accountId: s.bob.account._id, state: 'accepted' });
  await drop({ type: 'Reject', object: follow?.uri ?? '' }, s.mallory);
  await drop({ type: 'Reject', object: follow?.uri ?? '' }, s.trent);
});

test('#60 ACC_UNSENT', async () => {
  const object = {
    id: `${s.us.url}/users/carol/activities/follow-1`,
    type: 'Follow',
    actor: s.carol.account.uri,
    object: s.alice.uri,
  };
  await drop({ type: 'Accept', object }, s.alice);
  await drop({ type: 'Accept', object: { ...object, actor: `${s.us.url}/users/nobody` } }, s.alice);
});

test('#61 FOL_ASSUMED', async () => {
  const locked = s.peer.actor('locked', { manuallyApprovesFollowers: true });
  await s.dave.client.post(`/api/v1/accounts/${await findRemote(s, locked)}/follow`);
  await s.us.idle();
  const secret = noteOf(locked, { to: [locked.followers], cc: [s.carol.account.uri] });
  await deliver(s, createOf(secret), by(locked));
  const stored = await storedOf(secret.id);
  expect(await s.dave.client.statusOf(`/api/v1/statuses/${stored?._id}`)).toBe(404);
  expect(JSON.stringify(await s.dave.client.get('/api/v1/timelines/home'))).not.toContain(secret.id);
});

test('#62 FOL_SPOOF', async () => {
  for (const object of [
    s.alice.uri,
    [s.bob.account.uri, s.carol.account.uri],
    `${s.us.url}/`,
    `${s.us.url}/actor`,
    null,
  ])
    if (!Array.isArray(object)) await drop({ type: 'Follow', object }, s.mallory);
  const body = JSON.stringify({
    ...activityOf(s.mallory, { type: 'Follow', object: s.dave.account.uri }),
    actor: s.alice.uri,
  });
  await untouched(s, () => post(s, s.mallory, {}, { body }));
});

test('#63 FOL_LOCKED', async () => {
  for (let i = 0; i < 3; i++) await deliver(s, { type: 'Follow', object: s.carol.account.uri }, by(s.alice));
  const alice = await s.us.ctx.db.accounts.findOne({ uri: s.alice.uri });
  const rows = await s.us.ctx.db.follows
    .find({ accountId: alice?._id ?? '', targetId: s.carol.account._id })
    .toArray();
  expect(rows.map((r) => r.state)).toEqual(['pending']);
  expect(
    s.peer.delivered.filter((d) => d.activity.type === 'Accept' && d.raw.includes('/users/carol')),
  ).toEqual([]);
});

test('#64 BLK_INTERACT', async () => {
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Not for mallory' });
  await s.bob.client.post(`/api/v1/accounts/${await findRemote(s, s.mallory)}/block`);
  await s.us.idle();
  const acts: JsonObject[] = [
    { type: 'Follow', object: s.bob.account.uri },
    { type: 'Like', object: own.uri },
    { type: 'EmojiReact', object: own.uri, content: '🔥' },
    { type: 'Announce', object: own.uri, to: [Public] },
    createOf(
      noteOf(s.mallory, {
        inReplyTo: own.uri,
        cc: [s.bob.account.uri],
        tag: [{ type: 'Mention', href: s.bob.account.uri }],
      }),
    ),
  ];
  for (const act of acts) await drop(act, s.mallory);
  const quoting = noteOf(s.mallory, { quote: own.uri, cc: [s.dave.account.uri] });
  await deliver(s, createOf(quoting), by(s.mallory));
  expect((await storedOf(quoting.id))?.quote?.state).not.toBe('accepted');
  await s.bob.client.post(`/api/v1/accounts/${await findRemote(s, s.mallory)}/unblock`);
  await s.us.idle();
});

test('#65 ANN_PRIVATE', async () => {
  await deliver(s, { type: 'Follow', object: s.bob.account.uri }, by(s.trent));
  const own = await s.bob.client.post<Status>('/api/v1/statuses', {
    status: 'Followers only',
    visibility: 'private',
  });
  const direct = await s.bob.client.post<Status>('/api/v1/statuses', {
    status: 'Direct',
    visibility: 'direct',
  });
  const third = await known({ to: [s.alice.followers], cc: [] });
  await s.us.idle();
  for (const uri of [own.uri, direct.uri, third.id])
    await drop({ type: 'Announce', object: uri, to: [Public] }, s.trent);
  await deliver(s, { type: 'Announce', object: third.id, to: [Public] }, by(s.alice));
  const [boost] = await s.us.ctx.db.statuses
    .find({ reblogOfId: (await storedOf(third.id))?._id ?? '' })
    .toArray();
  expect([undefined, 'private']).toContain(boost?.visibility);
});

test('#66 ANN_EMBED', async () => {
  const note = noteOf(s.trent);
  s.peer.serve(note);
  await befriend(s, s.carol, s.mallory);
  await deliver(
    s,
    { type: 'Announce', object: { ...note, content: '<p>forged</p>' }, to: [Public] },
    by(s.mallory),
  );
  expect((await storedOf(note.id))?.content).toBe(note['content']);
  const down = noteOf(s.trent, { content: '<p>forged</p>' });
  await deliver(s, { type: 'Announce', object: down, to: [Public] }, by(s.mallory));
  expect(await storedOf(down.id)).toBeNull();
});

test('#67 ANN_ACTIVITY', async () => {
  const note = await known();
  const inner = (type: string, object: JsonObject | string): JsonObject => ({
    id: `${s.peer.origin}/a/${nextId()}`,
    type,
    actor: s.alice.uri,
    object,
  });
  for (const object of [
    inner('Delete', note.id),
    inner('Update', { ...note, content: 'forged' }),
    inner('Undo', { type: 'Follow', actor: s.alice.uri, object: s.bob.account.uri }),
    inner('Create', noteOf(s.alice)),
  ])
    await drop({ type: 'Announce', object, to: [Public] }, s.mallory);
});

test('#68 ANN_LOOP', async () => {
  const id = `${s.evil.origin}/loops/${nextId()}`;
  s.evil.serve({ id, type: 'Announce', actor: s.mallory.uri, object: id, to: [Public] });
  const before = s.evil.fetched.length;
  await drop({ id, type: 'Announce', object: id, to: [Public] }, s.mallory);
  expect(
    s.evil.fetched.slice(before).filter((path) => path.startsWith('/loops/')).length,
  ).toBeLessThanOrEqual(2);
});

test('#69 COLL_WRAP', async () => {
  const note = await known();
  const acts = [
    activityOf(s.alice, createOf(noteOf(s.alice))),
    activityOf(s.alice, { type: 'Delete', object: note.id }),
  ];
  let nested: JsonObject = { type: 'OrderedCollection', orderedItems: acts };
  await drop(nested, s.mallory);
  for (let i = 0; i < 10; i++) nested = { type: 'Collection', items: [nested] };
  await drop(nested, s.mallory);
});

test('#70 ACTOR_SHAPE', async () => {
  const inline = { id: s.alice.uri, publicKey: s.mallory.document['publicKey'] ?? null };
  for (const actor of [inline, [s.mallory.uri, s.alice.uri], [], {}])
    await untouched(s, () => {
      const body = JSON.stringify({
        ...activityOf(s.mallory, createOf(noteOf(s.alice))),
        id: `${s.evil.origin}/a/${nextId()}`,
        actor,
      });
      return post(s, s.mallory, {}, { body });
    });
});

test('#71 ID_TYPES', async () => {
  const at = s.peer.host;
  const ids = [
    1,
    true,
    ['x'],
    {},
    null,
    '',
    'notes/1',
    'urn:x',
    `http://${at}@evil.example/1`,
    'http://evil.example./1',
    `http://${at}/1\n2`,
  ];
  const cc = [s.bob.account.uri];
  for (const id of ids) {
    await unchanged(s, () =>
      deliver(s, createOf(noteOf(s.mallory, { cc, id: id as string })), by(s.mallory)),
    );
    const body = JSON.stringify({ ...activityOf(s.mallory, { type: 'Like', object: 'x' }), id });
    expect((await post(s, s.mallory, {}, { body })).status).toBeLessThan(500);
  }
  await s.us.idle();
});

test('#72 ID_LOCAL', async () => {
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Mine' });
  for (const id of [own.uri, `${s.us.url}/users/bob/statuses/1`])
    for (const attributedTo of [s.mallory.uri, s.bob.account.uri])
      await drop(createOf(noteOf(s.mallory, { id, attributedTo })), s.mallory);
  await drop({ type: 'Update', object: noteOf(s.mallory, { id: own.uri, content: 'forged' }) }, s.mallory);
  await drop({ type: 'Delete', object: own.uri }, s.mallory);
});

test('#73 ID_PREFIX', async () => {
  const { host } = new URL(s.us.url);
  for (const origin of [`http://${host}.evil.example`, `http://${host}@evil.example`, `http://localhost:1`])
    await drop({ type: 'Like', object: `${origin}/users/bob/statuses/1` }, s.mallory);
  await drop({ type: 'Follow', object: `http://${host}.evil.example/users/bob` }, s.mallory);
});

test('#74 FETCH_ID, #75 FETCH_ANON, #76 FETCH_REDIR, #77 FETCH_ALT, #78 FETCH_CTYPE', async () => {
  const target = noteOf(s.trent, { content: '<p>forged</p>' });
  const real = noteOf(s.trent);
  s.peer.serve(real);
  let answer: { headers: Record<string, string>; body: string; status?: number } = { headers: {}, body: '' };
  const host = await startHost(
    (_req, res) => void res.writeHead(answer.status ?? 200, answer.headers).end(answer.body),
  );
  const search = (): Promise<{ statuses: Status[] }> =>
    s.bob.client.get(`/api/v2/search?resolve=true&q=${encodeURIComponent(`${host.origin}/a/${nextId()}`)}`);
  const json = JSON.stringify;
  const { id: _, ...anonymous } = target;
  const answers: (typeof answer)[] = [
    { headers: activityJson, body: json(target) },
    { headers: activityJson, body: json(anonymous) },
    { headers: { location: target.id }, status: 302, body: '' },
    {
      headers: { 'content-type': 'text/html' },
      body: `<link rel="alternate" type="application/activity+json" href="${real.id}">`,
    },
    ...[
      'text/html',
      'image/jpeg',
      'text/plain',
      'application/octet-stream',
      'application/json',
      'application/ld+json',
    ].map((type) => ({ headers: { 'content-type': type }, body: json(target) })),
    { headers: {}, body: json(target) },
  ];
  for (const next of answers) {
    answer = next;
    expect((await search()).statuses).toEqual([]);
    expect(await storedOf(target.id)).toBeNull();
  }
  // The other way round: what another host says about an object of its own is asked there, and is the truth.
  answer = { headers: activityJson, body: json({ ...real, content: '<p>forged</p>' }) };
  expect((await search()).statuses.map((found) => found.content)).toEqual([real['content']]);
  await host.close();
});

test('#80 URL_HOST', async () => {
  for (const url of [
    'https://bank.example/login',
    'javascript:alert(1)',
    [{ type: 'Link', href: 'https://bank.example/' }],
  ]) {
    const note = await known({ url });
    expect((await storedOf(note.id))?.url).toBe(note.id);
  }
});

test('#81 POLL_COUNTS', async () => {
  const option = (name: string, totalItems: unknown): JsonObject => ({
    type: 'Note',
    name,
    replies: { type: 'Collection', totalItems: totalItems as number },
  });
  const poll = await known({ type: 'Question', oneOf: [option('A', 1), option('B', 2)] });
  for (const votes of [-5, 1.5, 1e300, '12', null, 'many'])
    await deliver(
      s,
      { type: 'Update', object: { ...poll, oneOf: [option('A', votes), option('B', 2)] } },
      by(s.alice),
    );
  const stored = await storedOf(poll.id);
  for (const { votes } of stored?.poll?.options ?? [])
    expect(Number.isSafeInteger(votes) && votes >= 0).toBe(true);
  const bomb = await known({
    type: 'Question',
    oneOf: Array.from({ length: 1000 }, (_, i) => option(`o${i}`, 1)),
  });
  expect((await storedOf(bomb.id))?.poll?.options.length).toBeLessThanOrEqual(500);
});

test('#82 POLL_VOTE', async () => {
  const poll = { options: ['A', 'B'], expires_in: 3600 };
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Which?', poll });
  const vote = (name: string, extra: JsonObject = {}, inReplyTo = own.uri): JsonObject => ({
    type: 'Create',
    object: {
      id: `${s.peer.origin}/votes/${nextId()}`,
      type: 'Note',
      name,
      attributedTo: s.alice.uri,
      inReplyTo,
      to: [s.bob.account.uri],
      ...extra,
    },
  });
  for (const name of ['A', 'B', 'A', 'nope']) await deliver(s, vote(name), by(s.alice));
  const tally = async (id = own.id) =>
    (await s.bob.client.get<Status>(`/api/v1/statuses/${id}`)).poll?.options.map((o) => o.votes_count);
  expect(await tally()).toEqual([1, 0]);
  await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      s.dave.client.post(`/api/v1/polls/${own.poll?.id}/votes`, { choices: [i % 2] }).catch(() => null),
    ),
  );
  expect((await tally())?.reduce((a, b) => a + b)).toBe(2);
  const hidden = await s.bob.client.post<Status>('/api/v1/statuses', {
    status: 'Hidden',
    poll,
    visibility: 'direct',
  });
  await deliver(s, vote('A', {}, hidden.uri), by(s.alice));
  expect(await tally(hidden.id)).toEqual([0, 0]);
  await s.us.ctx.db.statuses.updateOne(
    { _id: own.id },
    { $set: { 'poll.expiresAt': '2020-01-01T00:00:00.000Z' } },
  );
  await deliver(s, vote('B'), by(s.trent));
  expect((await tally())?.reduce((a, b) => a + b)).toBe(2);
});

test('#83 MOVE_FORGE', async () => {
  const fan = s.peer.actor('mover');
  await befriend(s, s.dave, fan);
  const thief = s.evil.actor(`target${nextId()}`);
  await drop({ type: 'Move', object: fan.uri, target: thief.uri }, s.mallory);
  await drop({ type: 'Move', object: s.alice.uri, target: thief.uri }, fan);
  await drop({ type: 'Move', object: fan.uri, target: fan.uri }, fan);
  await unchanged(s, async () => {
    await findRemote(s, thief);
  }).catch(() => undefined);
  await drop({ type: 'Move', object: fan.uri, target: thief.uri }, fan);
  await drop({ type: 'Move', object: fan.uri, target: `${s.evil.origin}/users/not-there` }, fan);
  const agreed = (name: string) => s.evil.actor(name, { alsoKnownAs: [fan.uri] });
  const [first, second] = [agreed('first'), agreed('second')];
  await deliver(s, { type: 'Move', object: fan.uri, target: first.uri }, by(fan));
  expect(await lastOutcome(s)).toMatchObject({ outcome: 'processed' });
  const follows = () => s.us.ctx.db.follows.countDocuments({ accountId: s.dave.account._id });
  const before = await follows();
  await deliver(s, { type: 'Move', object: fan.uri, target: second.uri }, by(fan));
  expect(await follows()).toBe(before);
});

test('#84 FEATURED_OTHER', async () => {
  const note = await known();
  await drop({ type: 'Add', object: note.id, target: `${s.alice.uri}/featured` }, s.mallory);
  await drop({ type: 'Add', object: note.id, target: `${s.mallory.uri}/featured` }, s.mallory);
  await drop({ type: 'Add', object: note.id, target: `${s.trent.uri}/featured` }, s.trent);
  await deliver(s, { type: 'Add', object: note.id, target: `${s.alice.uri}/featured` }, by(s.alice));
  await drop({ type: 'Remove', object: note.id, target: `${s.alice.uri}/featured` }, s.trent);
});

test('#85 FLAG_ABUSE', async () => {
  const object = [
    s.bob.account.uri,
    ...Array.from({ length: 5000 }, (_, i) => `${s.us.url}/users/bob/statuses/${i}`),
  ];
  await deliver(
    s,
    { type: 'Flag', object, content: `<script>x</script>${'a'.repeat(100_000)}` },
    by(s.mallory),
  );
  const [report] = await s.us.ctx.db.reports.find({ targetId: s.bob.account._id }).toArray();
  expect(report?.comment.length).toBeLessThanOrEqual(5000);
  expect(report?.comment).not.toContain('<script');
  await drop({ type: 'Flag', object: [s.alice.uri], content: 'nothing of yours' }, s.mallory);
});

test('#86 QUOTE_STAMP', async () => {
  const quoted = noteOf(s.trent, { interactionPolicy: { canQuote: { manualApproval: [Public] } } });
  s.peer.serve(quoted);
  const quoting = noteOf(s.mallory, { cc: [s.bob.account.uri], quote: quoted.id });
  const stamp = {
    id: `${s.evil.origin}/stamps/1`,
    type: 'QuoteAuthorization',
    attributedTo: s.trent.uri,
    interactingObject: quoting.id,
    interactionTarget: quoted.id,
  };
  s.evil.serve(stamp);
  await deliver(s, createOf({ ...quoting, quoteAuthorization: stamp.id }), by(s.mallory));
  expect((await storedOf(quoting.id))?.quote?.state).not.toBe('accepted');
  const reused = {
    ...stamp,
    id: `${s.peer.origin}/stamps/1`,
    interactingObject: `${s.evil.origin}/notes/other`,
  };
  s.peer.serve(reused);
  const second = noteOf(s.mallory, {
    cc: [s.bob.account.uri],
    quote: quoted.id,
    quoteAuthorization: reused.id,
  });
  await deliver(s, createOf(second), by(s.mallory));
  expect((await storedOf(second.id))?.quote?.state).not.toBe('accepted');
});

test('#89 ACCT_TAKEOVER', async () => {
  const rival = s.peer.actor('alice2', { preferredUsername: 'Alice' });
  await deliver(s, { type: 'Follow', object: s.dave.account.uri }, by(rival));
  const held = await s.us.ctx.db.accounts.findOne({ uri: s.alice.uri });
  expect(held).toMatchObject({ username: 'alice', deletedAt: null });
  expect(await s.us.ctx.db.accounts.findOne({ uri: rival.uri })).toBeNull();
  // Nor by a change of name.
  await deliver(
    s,
    { type: 'Update', object: { ...s.trent.document, preferredUsername: 'alice' } },
    by(s.trent),
  );
  expect(await s.us.ctx.db.accounts.findOne({ uri: s.trent.uri })).toMatchObject({
    username: 'trent',
    deletedAt: null,
  });
  expect(await s.us.ctx.db.accounts.findOne({ uri: s.alice.uri })).toMatchObject({ acctKey: held?.acctKey });
});

test('#91 IRRELEVANT', async () => {
  const image = { type: 'Image', mediaType: 'image/png', url: `${s.evil.origin}/huge.png` };
  const stranger = s.evil.actor('spammer');
  await findRemote(s, stranger);
  await drop(createOf(noteOf(stranger, { attachment: [image] })), stranger);
  await drop(createOf(noteOf(stranger, { cc: [`${s.us.url}/users/nobody`] })), stranger);
  await drop({ type: 'Announce', object: `${s.peer.origin}/notes/9`, to: [Public] }, stranger);
  await drop({ type: 'Create', object: `${s.peer.origin}/notes/9`, to: [Public] }, stranger);
  expect(s.evil.fetched).not.toContain('/huge.png');
});

test('#92 FORWARDED', async () => {
  const origin = s.trent;
  const carried = {
    ...activityOf(origin, createOf(noteOf(origin, { content: '<p>forged</p>', cc: [s.bob.account.uri] }))),
    actor: origin.uri,
  };
  const object = (carried as JsonObject)['object'] as JsonObject & { id: string };
  await unchanged(s, () =>
    post(
      s,
      s.mallory,
      {},
      {
        body: JSON.stringify({
          ...carried,
          signature: { type: 'RsaSignature2017', creator: origin.keyId, signatureValue: 'AAAA' },
        }),
      },
    ),
  );
  s.peer.serve({ ...object, content: '<p>true</p>' });
  await post(
    s,
    s.mallory,
    {},
    { body: JSON.stringify({ ...carried, id: `${s.peer.origin}/a/${nextId()}` }) },
  );
  await s.us.idle();
  expect((await storedOf(object.id))?.content).toBe('<p>true</p>');
  // Not for anybody here: not even worth a look.
  const fetched = s.peer.fetched.length;
  const idle = { ...activityOf(origin, createOf(noteOf(origin))), actor: origin.uri };
  await unchanged(s, () => post(s, s.mallory, {}, { body: JSON.stringify(idle) }));
  expect(s.peer.fetched.length).toBe(fetched);
});

test('#93 NO_ID', async () => {
  for (const type of ['Follow', 'Like']) {
    const object = type === 'Follow' ? s.dave.account.uri : `${s.us.url}/users/bob/statuses/1`;
    const { id: _, ...activity } = activityOf(s.mallory, { type, object });
    for (let i = 0; i < 2; i++)
      expect(
        (await post(s, s.mallory, {}, { body: JSON.stringify({ ...activity, n: nextId() }) })).status,
      ).toBe(202);
    await s.us.idle();
    expect(['processed', 'ignored']).toContain((await lastOutcome(s)).outcome);
  }
});

test('#94 INLINE_UNKNOWN', async () => {
  const acts: JsonObject[] = [
    { type: 'Frobnicate' },
    { type: ['Create', 'Note'] },
    { type: 'Create' },
    { type: 'Like', object: null },
    { type: 'Block', object: {} },
    { type: 'Undo', object: [] },
    { type: 'Move', object: s.mallory.uri },
  ];
  for (const act of acts) {
    await drop(act, s.mallory);
    expect(await lastOutcome(s)).toMatchObject({ outcome: 'ignored' });
  }
  expect((await post(s, s.mallory, { type: 1 })).status).toBe(400);
});
