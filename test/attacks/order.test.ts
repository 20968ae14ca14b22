import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import {
  activityOf,
  createOf,
  deliver,
  findRemote,
  nextId,
  noteOf,
  post,
  startHost,
  startScene,
  unchanged,
  type Scene,
  type Status,
} from './kit.js';

let s: Scene;
beforeAll(async () => {
  s = await startScene();
});
afterAll(() => s?.close());
const by = {
  get alice() {
    return { by: s.alice };
  },
};
const storedOf = (uri: string) => s.us.ctx.db.statuses.findOne({ uri });

test('#328 R_DEL_FIRST', async () => {
  const note = noteOf(s.alice);
  await deliver(s, { type: 'Delete', object: note.id }, by.alice);
  await unchanged(s, () => deliver(s, createOf(note), by.alice));
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Boost me' });
  const announce = { id: `${s.peer.origin}/announces/${nextId()}`, type: 'Announce', object: own.uri };
  await deliver(s, { type: 'Undo', object: { ...announce, actor: s.alice.uri } }, by.alice);
  await unchanged(s, () => deliver(s, announce, by.alice));
});

test('#329 R_UNDO_FIRST', async () => {
  const follow = activityOf(s.alice, { type: 'Follow', object: s.dave.account.uri });
  await deliver(s, { type: 'Undo', object: follow }, by.alice);
  await unchanged(s, () => post(s, s.alice, {}, { body: JSON.stringify(follow) }));
  await deliver(s, { type: 'Follow', object: s.dave.account.uri }, by.alice);
  expect(await s.us.ctx.db.follows.countDocuments({ targetId: s.dave.account._id, state: 'accepted' })).toBe(
    1,
  );
});

test('#330 R_UPD_FIRST', async () => {
  const note = noteOf(s.alice, { content: '<p>first</p>' });
  await deliver(
    s,
    { type: 'Update', object: { ...note, content: '<p>newer</p>', updated: new Date().toISOString() } },
    by.alice,
  );
  await deliver(s, createOf(note), by.alice);
  expect((await s.us.ctx.db.statuses.find({ uri: note.id }).toArray()).map((x) => x.content)).toEqual([
    '<p>newer</p>',
  ]);
});

test('#331 R_REPLY_FIRST', async () => {
  const parent = noteOf(s.alice);
  s.peer.fail(new URL(parent.id).pathname, 503);
  const child = noteOf(s.alice, { inReplyTo: parent.id });
  await deliver(s, createOf(child), by.alice);
  expect(await storedOf(child.id)).toMatchObject({ inReplyToId: null });
  await deliver(s, createOf(parent), by.alice);
  expect(await storedOf(child.id)).toMatchObject({ inReplyToId: (await storedOf(parent.id))?._id });
});

test('#332 R_ACCEPT_LOST', async () => {
  const id = await findRemote(s, s.trent);
  const follow = (): Promise<unknown> => s.dave.client.post(`/api/v1/accounts/${id}/follow`);
  await follow();
  await s.us.idle();
  await s.dave.client.post(`/api/v1/accounts/${id}/unfollow`);
  await s.us.idle();
  expect(await s.us.ctx.db.follows.countDocuments({ accountId: s.dave.account._id })).toBe(0);
  await follow();
  await s.us.idle();
  const sent = s.peer.delivered.filter((d) => d.activity.type === 'Follow' && d.raw.includes('/users/dave'));
  expect(sent.length).toBe(2);
  await deliver(s, { type: 'Accept', object: sent[1]?.activity ?? '' }, { by: s.trent });
  expect(await s.us.ctx.db.follows.findOne({ accountId: s.dave.account._id, targetId: id })).toMatchObject({
    state: 'accepted',
  });
});

test('#370 S_UNIQUE', async () => {
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Like me once' });
  await Promise.all(Array.from({ length: 12 }, () => post(s, s.alice, { type: 'Like', object: own.uri })));
  await Promise.all(
    Array.from({ length: 8 }, () =>
      s.dave.client.post(`/api/v1/statuses/${own.id}/favourite`).catch(() => null),
    ),
  );
  await s.us.idle();
  expect((await s.bob.client.get<Status>(`/api/v1/statuses/${own.id}`)).favourites_count).toBe(2);
  const fresh = s.evil.actor('fresh');
  await Promise.all(
    Array.from({ length: 8 }, () => post(s, fresh, { type: 'Follow', object: s.bob.account.uri })),
  );
  await s.us.idle();
  expect(await s.us.ctx.db.accounts.countDocuments({ uri: fresh.uri })).toBe(1);
});

test('#343 R_COUNTERS', async () => {
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Up and down' });
  for (let i = 0; i < 10; i++) {
    const like = activityOf(s.alice, { type: 'Like', object: own.uri });
    await Promise.all([
      post(s, s.alice, {}, { body: JSON.stringify(like) }),
      post(s, s.alice, { type: 'Undo', object: like }),
      s.dave.client.post(`/api/v1/statuses/${own.id}/${i % 2 ? 'un' : ''}favourite`),
    ]);
  }
  await s.us.idle();
  const count = await s.us.ctx.db.favourites.countDocuments({ statusId: own.id });
  expect((await s.bob.client.get<Status>(`/api/v1/statuses/${own.id}`)).favourites_count).toBe(count);
});

test('#353 Q_SHARED', async () => {
  const count = 5;
  const fans = Array.from({ length: count }, (_, i) => s.evil.actor(`fan${i}`));
  for (const fan of fans) await deliver(s, { type: 'Follow', object: s.bob.account.uri }, { by: fan });
  const before = s.evil.delivered.length;
  const own = await s.bob.client.post<Status>('/api/v1/statuses', { status: '@dave hello all' });
  await s.us.idle();
  const sent = s.evil.delivered.slice(before).filter((d) => d.raw.includes(own.uri));
  expect(sent.map((d) => d.path)).toEqual(['/inbox']);
  expect(await s.us.ctx.db.deliveries.countDocuments({ lane: new URL(s.us.url).host })).toBe(0);
});

test('#363 Q_SELF', async () => {
  await s.dave.client.post(`/api/v1/accounts/${s.bob.account._id}/follow`);
  await s.bob.client.post('/api/v1/statuses', { status: 'to a local follower', visibility: 'private' });
  await s.us.idle();
  expect(await s.us.ctx.db.deliveries.countDocuments({ lane: new URL(s.us.url).host })).toBe(0);
});

test('#350 Q_CODES', async () => {
  const codes = [200, 202, 404, 410, 413, 500, 503, 429, 408];
  const results: Record<number, string> = {};
  for (const code of codes) {
    const host = await startHost((req, res) => {
      if (req.method === 'POST') return void res.writeHead(code).end();
      const origin = `http://${req.headers.host}`;
      const actor = {
        ...s.mallory.document,
        id: `${origin}/u`,
        preferredUsername: 'u',
        inbox: `${origin}/in`,
        endpoints: null,
        followers: null,
        following: null,
        outbox: null,
        featured: null,
        publicKey: null,
      };
      if (req.url !== '/u') return void res.writeHead(404).end();
      res
        .writeHead(200, { 'content-type': 'application/activity+json' })
        .end(JSON.stringify(actor as JsonObject));
    });
    const id = await findRemote(s, { uri: `${host.origin}/u` });
    await s.dave.client.post(`/api/v1/accounts/${id}/follow`);
    await s.us.idle();
    const [left] = await s.us.ctx.db.deliveries.find({ lane: host.host }).toArray();
    results[code] = left?.state ?? 'done';
    await host.close();
  }
  expect(results).toEqual({
    200: 'done',
    202: 'done',
    404: 'dead',
    410: 'dead',
    // Answers that should be final are asked three times: a proxy that is being set up gives them, too.
    413: 'ready',
    500: 'ready',
    503: 'ready',
    429: 'ready',
    408: 'ready',
  });
});

test('#310 MOD_BLOCK_RACE', async () => {
  const id = await findRemote(s, s.mallory);
  const note = noteOf(s.mallory, {
    to: [s.bob.account.uri],
    cc: [],
    tag: [{ type: 'Mention', href: s.bob.account.uri }],
  });
  const [answer] = await Promise.all([
    post(s, s.mallory, createOf(note)),
    s.bob.client.post(`/api/v1/accounts/${id}/block`),
  ]);
  expect(answer.status).toBe(202);
  await s.us.idle();
  const told = await s.bob.client.get<{ account: { id: string } }[]>('/api/v1/notifications');
  expect(told.filter((n) => n.account.id === id)).toEqual([]);
  expect(JSON.stringify(await s.bob.client.get('/api/v1/conversations'))).not.toContain(note.id);
});
