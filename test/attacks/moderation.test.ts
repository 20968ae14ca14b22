import { afterEach, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import { createClient, type Client } from '../support/client.js';
import { freePort, startInstance } from '../support/instance.js';
import { startPeer, type Peer, type PeerActor } from '../support/peer.js';
import {
  befriend,
  content,
  createOf,
  deliver,
  findRemote,
  get,
  nextId,
  noteOf,
  post,
  raw,
  startScene,
  untouched,
  type Answer,
  type Scene,
  type Status,
} from './kit.js';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A scene in which every name leads to this machine. */
async function stage(): Promise<Scene> {
  const scene = await startScene({ resolve: async () => ['127.0.0.1'] });
  closing.push(scene.close);
  return scene;
}

async function peerNamed(name: string): Promise<Peer> {
  const peer = await startPeer(name);
  closing.push(peer.close);
  return peer;
}

/** An actor of the same name, with the same key, on another host: making keys is slow. */
function twinOn(peer: Peer, { name, privateKey, document }: PeerActor, as = name): PeerActor {
  const { origin } = new URL(String(document['id']));
  const text = JSON.stringify(document).replaceAll(`${origin}/users/${name}`, `${peer.origin}/users/${as}`);
  const own = JSON.parse(
    text.replaceAll(origin, peer.origin).replaceAll(`"${name}"`, `"${as}"`),
  ) as JsonObject;
  peer.serve(own);
  const uri = `${peer.origin}/users/${as}`;
  const paths = { inbox: `${uri}/inbox`, followers: `${uri}/followers`, keyId: `${uri}#main-key` };
  return { name: as, uri, ...paths, privateKey, document: own };
}

async function staff(scene: Scene, role: 'moderator' | 'admin' | 'owner' = 'owner'): Promise<Client> {
  const scopes = ['read', 'write', 'admin:read', 'admin:write'];
  const { token } = await scene.us.createUser(`${role}${nextId()}`, { role, scopes });
  return createClient(scene.us.url, token);
}

/** A call that may be refused: its status and text. */
async function call(scene: Pick<Scene, 'us'>, token: string, path: string, body: object): Promise<Answer> {
  return raw(scene, {
    path,
    lines: [
      ['Authorization', `Bearer ${token}`],
      ['Content-Type', 'application/json'],
    ],
    body: JSON.stringify(body),
  });
}

test('#301 MOD_DOMAIN_FORMS', async () => {
  const s = await stage();
  const owner = await staff(s);
  const domains = async (): Promise<string[]> =>
    (await s.us.ctx.db.domainRules.find({}).toArray()).map((r) => r.domain).sort();
  await owner.post('/api/v1/admin/domain_blocks', { domain: ' Evil.Example. ', severity: 'suspend' });
  await owner.post('/api/v1/admin/domain_blocks', {
    domain: 'https://bücher.example/',
    severity: 'suspend',
  });
  expect(await domains()).toEqual(['evil.example', 'xn--bcher-kva.example']);
  for (const name of [
    'evil.example',
    'EVIL.example',
    'sub.evil.example',
    'evil.example.',
    'sub.EVIL.example.',
    'bücher.example',
    'xn--bcher-kva.example',
    'ｅｖｉｌ.example',
  ]) {
    const peer = await peerNamed(name);
    const made = twinOn(peer, s.mallory);
    // A header is ASCII; the body may spell the name as it likes.
    const mallory = /^[ -~]*$/.test(name) ? made : { ...made, keyId: new URL(made.keyId).href };
    await untouched(s, async () => {
      const note = noteOf(mallory, { cc: [s.bob.account.uri] });
      expect([name, (await post(s, mallory, createOf(note))).status < 300]).toEqual([name, false]);
      await findRemote(s, { uri: mallory.uri });
      await findRemote(s, { uri: `@mallory@${peer.host}` });
    });
    expect([name, peer.fetched]).toEqual([name, []]);
  }
  const good = await peerNamed('good.example');
  expect(await findRemote(s, twinOn(good, s.alice))).not.toBe('');
});

test('#301 MOD_DOMAIN_FORMS, #312 MOD_UNBLOCK_DOMAIN', async () => {
  const s = await stage();
  const owner = await s.us.createUser('owner', { role: 'owner', scopes: ['admin:read', 'admin:write'] });
  for (const domain of [
    'exa/mple.com',
    'evil.example/path',
    'https://evil.example/path',
    'evil.example?x',
    'a b.example',
    'exa%2fmple.com',
    'user@evil.example',
    'evil.example#domain',
    'evil..example',
    '.evil.example',
    '*.evil.example',
    'ev*l.example',
    'evil.example:99999',
    '',
    '.',
    // All of a country's, or everybody's.
    'com',
    'example',
    // Ours.
    new URL(s.us.url).host,
  ]) {
    const answer = await call(s, owner.token, '/api/v1/admin/domain_blocks', { domain, severity: 'suspend' });
    expect([domain, answer.status, answer.body]).toEqual([domain, 422, expect.stringMatching(/domain/i)]);
  }
  expect(await s.us.ctx.db.domainRules.countDocuments({})).toBe(0);
});

test('#312 MOD_UNBLOCK_DOMAIN', async () => {
  const port = await freePort();
  const ours = await startInstance({ port, url: `http://social.community.localhost:${port}` });
  closing.push(ours.close);
  const owner = await ours.createUser('owner', { role: 'owner', scopes: ['admin:read', 'admin:write'] });
  const block = (domain: string) =>
    call({ us: ours }, owner.token, '/api/v1/admin/domain_blocks', { domain, severity: 'suspend' });
  for (const domain of [
    'community.localhost',
    'social.community.localhost',
    `SOCIAL.community.localhost.:${port}`,
  ])
    expect([domain, (await block(domain)).status]).toEqual([domain, 422]);
  const made = await block('other.community.localhost');
  expect(made.status).toBe(200);
  const { id } = JSON.parse(made.body) as { id: string };
  // A weaker rule does not slip in beside it, and the severity stays what it was.
  const weaker = await call({ us: ours }, owner.token, '/api/v1/admin/domain_blocks', {
    domain: 'other.community.localhost',
    severity: 'silence',
  });
  expect(weaker.status).toBe(422);
  expect(JSON.parse(weaker.body)).toMatchObject({ existing_domain_block: { id, severity: 'suspend' } });
});

test('#304 MOD_SUSPEND_REMOTE', async () => {
  const s = await stage();
  const { db } = s.us.ctx;
  const known = noteOf(s.mallory, { cc: [s.bob.account.uri] });
  const liked = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Liked by mallory' });
  await deliver(s, createOf(known), { by: s.mallory });
  await deliver(s, { id: `${s.evil.origin}/likes/1`, type: 'Like', object: liked.uri }, { by: s.mallory });
  await befriend(s, s.bob, s.mallory);
  s.evil.serve(known);
  const owner = await staff(s);
  const id = await findRemote(s, s.mallory);
  await owner.post(`/api/v1/admin/accounts/${id}/action`, { type: 'suspend' });
  const next = s.evil.actor('next', { alsoKnownAs: [s.mallory.uri] });
  const mentions = { cc: [s.bob.account.uri] };
  for (const activity of [
    createOf(noteOf(s.mallory, mentions)),
    { type: 'Update', object: noteOf(s.mallory, mentions) },
    { type: 'Update', object: { ...known, content: '<p>changed</p>' } },
    { type: 'Update', object: { ...s.mallory.document, name: 'Changed' } },
    { type: 'Announce', object: liked.uri, to: ['as:Public'] },
    { type: 'Follow', object: s.dave.account.uri },
    { type: 'Flag', object: [s.bob.account.uri, liked.uri], content: 'x' },
    { type: 'Move', object: s.mallory.uri, target: next.uri },
    { type: 'Add', object: known.id, target: `${s.mallory.uri}/featured` },
  ]) {
    const before = await content(s);
    await deliver(s, activity, { by: s.mallory });
    expect([activity.type, (await content(s)) === before]).toEqual([activity.type, true]);
  }
  expect(
    await db.follows.countDocuments({ accountId: s.bob.account._id, state: 'accepted' }),
  ).toBeGreaterThan(0);
  expect(await db.accounts.findOne({ uri: next.uri })).toBeNull();
  // Nobody is shown what there is, nor by a boost.
  await deliver(s, { type: 'Announce', object: known.id, to: ['as:Public'] }, { by: s.alice });
  const shown = JSON.stringify([
    await s.bob.client.get('/api/v1/timelines/home'),
    await s.bob.client.get('/api/v1/notifications'),
    await s.dave.client.get('/api/v1/timelines/public'),
  ]);
  expect(shown).not.toContain(known.id);
  expect(await s.dave.client.statusOf(`/api/v1/accounts/${id}/statuses`)).toBe(404);
  // Taking back is still possible: otherwise it would be there again once she is let in.
  await deliver(
    s,
    { type: 'Undo', object: { id: `${s.evil.origin}/likes/1`, type: 'Like', object: liked.uri } },
    { by: s.mallory },
  );
  await deliver(s, { type: 'Delete', object: known.id }, { by: s.mallory });
  expect(await db.statuses.findOne({ uri: known.id })).toBeNull();
  expect(await db.favourites.countDocuments({})).toBe(0);
});

test('#305 MOD_LIMIT', async () => {
  for (const how of ['account', 'server'] as const) {
    const s = await stage();
    const owner = await staff(s);
    await befriend(s, s.bob, s.mallory);
    const id = await findRemote(s, s.mallory);
    if (how === 'account') await owner.post(`/api/v1/admin/accounts/${id}/action`, { type: 'silence' });
    else
      await owner.post('/api/v1/admin/domain_blocks', {
        domain: new URL(s.mallory.uri).host,
        severity: 'silence',
      });
    const tagged = { tag: [{ type: 'Hashtag', name: '#harbour', href: `${s.evil.origin}/tags/harbour` }] };
    const note = noteOf(s.mallory, {
      content: '<p>lighthouse</p>',
      cc: [s.mallory.followers, s.dave.account.uri, s.bob.account.uri],
      tag: [
        ...tagged.tag,
        { type: 'Mention', href: s.dave.account.uri },
        { type: 'Mention', href: s.bob.account.uri },
      ],
    });
    await deliver(s, createOf(note), { by: s.mallory });
    await deliver(s, { type: 'Follow', object: s.dave.account.uri }, { by: s.mallory });
    const see = (who: Client, path: string) => who.get<{ uri?: string }[]>(path);
    for (const path of ['/api/v1/timelines/public', '/api/v1/timelines/tag/harbour'])
      expect([how, path, await see(s.dave.client, path)]).toEqual([how, path, []]);
    // Whom she does not know hears nothing; a follow waits to be let in.
    const told = await s.dave.client.get<{ type: string }[]>('/api/v1/notifications');
    expect([how, told.map((n) => n.type)]).toEqual([how, []]);
    const requests = await s.dave.client.get<{ account: { id: string } }[]>('/api/v1/notifications/requests');
    expect([how, requests.map((r) => r.account.id)]).toEqual([how, [id]]);
    const asking = await s.dave.client.get<{ id: string }[]>('/api/v1/follow_requests');
    expect([how, asking.map((a) => a.id)]).toEqual([how, [id]]);
    expect(s.evil.delivered.filter((d) => d.activity.type === 'Accept')).toEqual([]);
    // Clients show such a profile behind a warning.
    expect([how, await s.dave.client.get(`/api/v1/accounts/${id}`)]).toMatchObject([how, { limited: true }]);
    // Who follows her is not concerned.
    const home = await see(s.bob.client, '/api/v1/timelines/home');
    expect([how, home.map((h) => h.uri)]).toEqual([how, [note.id]]);
    const mentions = await s.bob.client.get<{ type: string }[]>('/api/v1/notifications?types[]=mention');
    expect([how, mentions.length]).toEqual([how, 1]);
  }
});

test('#306 MOD_SPAM_WAVE', async () => {
  const s = await stage();
  s.mallory.document['published'] = new Date().toISOString();
  await s.dave.client.patch('/api/v2/notifications/policy', { for_new_accounts: 'filter' });
  const spammers: PeerActor[] = [];
  const hosts = await Promise.all(Array.from({ length: 5 }, (_, i) => peerNamed(`s${i}.spam.example`)));
  for (const host of hosts)
    for (const name of ['a', 'b']) spammers.push(twinOn(host, s.mallory, `${name}${nextId()}`));
  const wave = () =>
    Promise.all(
      spammers.flatMap((by) =>
        [1, 2, 3].map(() => {
          const mentions = [s.dave, s.bob].map(({ account }) => ({ type: 'Mention', href: account.uri }));
          const note = noteOf(by, {
            content: '<p>Buy now</p>',
            cc: [s.dave.account.uri, s.bob.account.uri],
            tag: mentions,
          });
          return post(s, by, createOf(note));
        }),
      ),
    );
  for (const { status } of await wave()) expect(status).toBe(202);
  const honest = noteOf(s.alice);
  await deliver(s, createOf(honest), { by: s.alice });
  // Who filters new accounts has one line for each of them, in a queue apart, and no notification.
  expect(await s.dave.client.get('/api/v1/notifications')).toEqual([]);
  const requests = await s.dave.client.get<{ notifications_count: string }[]>(
    '/api/v1/notifications/requests',
  );
  expect(requests.map((r) => r.notifications_count)).toEqual(spammers.map(() => '3'));
  const home = await s.bob.client.get<Status[]>('/api/v1/timelines/home');
  expect(home.map((h) => h.uri)).toEqual([honest.id]);
  // Staff ends it with one rule for all of them.
  const owner = await staff(s);
  await owner.post('/api/v1/admin/domain_blocks', { domain: 'spam.example', severity: 'suspend' });
  const before = await s.us.ctx.db.statuses.countDocuments({});
  for (const { status } of await wave()) expect(status).toBe(403);
  await s.us.idle();
  expect(await s.us.ctx.db.statuses.countDocuments({})).toBe(before);
  const later = noteOf(s.alice);
  await deliver(s, createOf(later), { by: s.alice });
  expect((await s.bob.client.get<Status[]>('/api/v1/timelines/home'))[0]?.uri).toBe(later.id);
});

test('#311 MOD_BLOCK_LEAK', async () => {
  const s = await stage();
  await deliver(s, { type: 'Follow', object: s.bob.account.uri }, { by: s.trent });
  const id = await findRemote(s, s.mallory);
  s.evil.delivered.splice(0);
  s.peer.delivered.splice(0);
  await s.bob.client.post(`/api/v1/accounts/${id}/block`);
  await s.us.idle();
  // Only the server of the blocked is told, by his own inbox, and of this block only (docs/decisions/040).
  expect(s.evil.delivered.map((d) => [d.path, d.activity['type'], d.activity['object']])).toEqual([
    [new URL(s.mallory.inbox).pathname, 'Block', s.mallory.uri],
  ]);
  expect(s.peer.delivered).toEqual([]);
  const actor = await get(s, '/users/bob', s.mallory);
  expect(actor.status).toBe(200);
  for (const by of [s.mallory, s.alice, undefined]) {
    for (const path of [
      '',
      '/outbox',
      '/followers',
      '/following',
      '/collections/featured',
      '/blocks',
      '/blocked',
    ])
      expect((await get(s, `/users/bob${path}`, by)).body).not.toMatch(/mallory|block/i);
  }
  const seen = await s.dave.client.get<object>(`/api/v1/accounts/${s.bob.account._id}`);
  expect(JSON.stringify(seen)).not.toMatch(/block/i);
  expect(await s.dave.client.statusOf(`/api/v1/accounts/${s.bob.account._id}/blocks`)).toBe(404);
});
