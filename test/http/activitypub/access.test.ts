import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setDomainRule, removeDomainRule } from '../../../src/domain/domains.js';
import { answerQuoteRequest } from '../../../src/domain/quotes.js';
import { favourite, unfavourite } from '../../../src/domain/favourites.js';
import { requestFollow } from '../../../src/domain/follows.js';
import { publishStatus } from '../../../src/domain/statuses.js';
import type { Account } from '../../../src/model/account.js';
import type { Status, Visibility } from '../../../src/model/status.js';
import { createTestClock } from '../../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../../support/instance.js';
import { until } from '../../support/until.js';
import { activityJson, browser, follows, get, known, read } from './kit.js';
import { startPeer, type Peer, type PeerActor } from './peer.js';

let instance: Instance;
let peer: Peer;
let alice: TestUser;
let other: TestUser;
/** Follows alice; is mentioned; is nobody to her; is blocked by her; stands for the peer as a whole. */
let follower: PeerActor;
let mentioned: PeerActor;
let stranger: PeerActor;
let blocked: PeerActor;
let application: PeerActor;

async function setUp(secureMode: boolean): Promise<void> {
  instance = await startInstance({ secureMode, clock: createTestClock() });
  peer = await startPeer();
  alice = await instance.createUser('alice');
  other = await instance.createUser('other');
  follower = peer.actor('follower');
  mentioned = peer.actor('mentioned');
  stranger = peer.actor('stranger');
  blocked = peer.actor('blocked');
  application = peer.actor('application', { type: 'Application' });
  await follows(instance, await known(instance, follower), alice.account);
  await known(instance, mentioned);
  await known(instance, application);
  const { _id: targetId } = await known(instance, blocked);
  await instance.ctx.db.blocks.insertOne({
    _id: instance.ctx.ids.next(),
    accountId: alice.account._id,
    targetId,
    uri: `${alice.account.uri}/block`,
    createdAt: new Date().toISOString(),
  });
}

const post = (visibility: Visibility): Promise<Status> =>
  publishStatus(instance.ctx, alice.account, { text: `For @mentioned@${peer.host}`, visibility });

async function tearDown(): Promise<void> {
  await instance.close();
  await peer.close();
}

type Who = 'nobody' | 'follower' | 'mentioned' | 'stranger' | 'blocked' | 'application' | 'author' | 'other';
const token = (user: TestUser) => ({ authorization: `Bearer ${user.token}` });

async function ask(who: Who, url: string): Promise<number> {
  if (who === 'nobody') return (await get(url)).status;
  if (who === 'author') return (await get(url, token(alice))).status;
  if (who === 'other') return (await get(url, token(other))).status;
  const actor = { follower, mentioned, stranger, blocked, application }[who];
  return (await actor.get(url)).status;
}

describe('open federation', () => {
  beforeAll(() => setUp(false));
  afterAll(tearDown);

  const everybody: Who[] = [
    'nobody',
    'follower',
    'mentioned',
    'stranger',
    'blocked',
    'application',
    'author',
    'other',
  ];
  const matrix: [Visibility, Who[]][] = [
    ['public', ['nobody', 'follower', 'mentioned', 'stranger', 'application', 'author', 'other']],
    ['unlisted', ['nobody', 'follower', 'mentioned', 'stranger', 'application', 'author', 'other']],
    ['private', ['follower', 'mentioned', 'author']],
    ['direct', ['mentioned', 'author']],
  ];
  const rows = matrix.flatMap(([visibility, readers]) =>
    everybody.map((who) => [visibility, who, readers.includes(who) ? 200 : 404] as const),
  );

  test.each(rows)('a %s object for %s: %i', async (visibility, who, expected) => {
    const status = await post(visibility);
    for (const path of ['', '/activity', '/replies', '/likes', '/shares'])
      expect([path, await ask(who, status.uri + path)]).toEqual([path, expected]);
  });

  test('what is hidden looks like what is missing: same status, body, headers', async () => {
    const hidden = await post('private');
    const missing = hidden.uri.replace(/\d{6}-/, '000000-');
    const strip = ({ status, text, headers }: Awaited<ReturnType<typeof get>>) => ({
      status,
      text,
      headers: [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)),
    });
    expect(strip(await get(hidden.uri))).toEqual(strip(await get(missing)));
    const by = (url: string) => stranger.get(url).then(read).then(strip);
    expect(await by(hidden.uri)).toEqual(await by(missing));
  });

  test('what is not open cannot be found without its secret, nor under its page, nor with another ending', async () => {
    const status = await post('private');
    const bare = `${instance.url}/users/alice/statuses/${status._id}`;
    expect(status.uri).toMatch(/-[\w-]{20,}$/);
    for (const url of [
      bare,
      `${bare}-`,
      `${bare}-wrong`,
      `${status.uri}x`,
      status.url!,
      `${status.uri}.json`,
    ]) {
      expect([url, await ask('follower', url)]).toEqual([url, 404]);
      expect([url, (await get(url, { accept: browser })).status]).toEqual([url, 404]);
    }
    // Nor under the name of somebody else.
    expect(await ask('follower', status.uri.replace('/users/alice/', '/users/other/'))).toBe(404);
  });

  test('answers for some are kept by nobody', async () => {
    const status = await post('private');
    const answer = await follower.get(status.uri);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    const open = await follower.get((await post('public')).uri);
    expect(open.headers.get('cache-control')).toBe('private, no-store');
  });

  test('the outbox shows each what they may see', async () => {
    const count = async (response: Promise<Response>): Promise<number> => {
      const { json } = await read(await response);
      return (json['orderedItems'] as unknown[]).length;
    };
    const page = `${alice.account.uri}/outbox?page=true`;
    const anonymous = (await get(page)).json['orderedItems'] as { object: { to: string[] } }[];
    expect(JSON.stringify(anonymous)).not.toContain('secret');
    const before = { nobody: anonymous.length, follower: await count(follower.get(page)) };
    await publishStatus(instance.ctx, alice.account, { text: 'secret', visibility: 'private' });
    expect((await get(page)).json['orderedItems']).toHaveLength(before.nobody);
    expect(JSON.stringify((await read(await follower.get(page))).json)).toContain('secret');
    expect(JSON.stringify((await read(await stranger.get(page))).json)).not.toContain('secret');
  });

  test('whom the author blocks is shown no collection', async () => {
    for (const path of ['outbox', 'outbox?page=true', 'followers', 'following', 'collections/featured']) {
      const url = `${alice.account.uri}/${path}`;
      expect([path, await ask('blocked', url), await ask('stranger', url)]).toEqual([path, 404, 200]);
    }
  });

  test('a wrong signature is nobody, and costs no more than the look at known keys for what is open', async () => {
    const status = await post('public');
    const unknown = peer.actor('unknown');
    const fetchedBefore = peer.fetched.length;
    expect((await unknown.get(status.uri)).status).toBe(200);
    expect(peer.fetched.length).toBe(fetchedBefore);
    const hidden = await post('private');
    const forged = await fetch(hidden.uri, {
      headers: {
        accept: activityJson,
        date: new Date().toUTCString(),
        signature: `keyId="${follower.keyId}",algorithm="rsa-sha256",headers="(request-target) host date",signature="${Buffer.from('no').toString('base64')}"`,
      },
    });
    expect(forged.status).toBe(404);
  });

  test('a suspended server gets nothing, signed', async () => {
    const status = await post('public');
    await setDomainRule(instance.ctx, peer.host, { severity: 'suspend' });
    for (const url of [status.uri, alice.account.uri, `${alice.account.uri}/outbox`])
      expect([url, (await follower.get(url)).status]).toEqual([url, 403]);
    await removeDomainRule(instance.ctx, peer.host);
    expect((await follower.get(status.uri)).status).toBe(200);
  });

  test('activities: a Like of something open is open while it stands; a Follow is for the two of them', async () => {
    const target = await known(instance, stranger);
    const note = peer.put('/notes/1', {
      '@context': 'https://www.w3.org/ns/activitystreams',
      id: `${peer.origin}/notes/1`,
      type: 'Note',
      attributedTo: stranger.uri,
      content: 'Hi',
      to: ['https://www.w3.org/ns/activitystreams#Public'],
    });
    const { resolveStatus } = await import('../../../src/domain/remote/statuses.js');
    const theirs = (await resolveStatus(instance.ctx, note))!;
    await favourite(instance.ctx, alice.account, theirs._id);
    const like = (await instance.ctx.db.favourites.findOne({
      accountId: alice.account._id,
      statusId: theirs._id,
    }))!;
    await until(() => instance.ctx.db.activities.findOne({ uri: like.uri }));
    expect((await get(like.uri)).json).toMatchObject({ id: like.uri, type: 'Like', object: note });
    await unfavourite(instance.ctx, alice.account, theirs._id);
    expect((await get(like.uri)).status).toBe(404);

    const follow = await requestFollow(instance.ctx, alice.account, target);
    await until(() => instance.ctx.db.activities.findOne({ uri: follow.uri }));
    expect(await ask('nobody', follow.uri)).toBe(404);
    expect(await ask('follower', follow.uri)).toBe(404);
    expect(await ask('stranger', follow.uri)).toBe(200);
    expect(await ask('author', follow.uri)).toBe(200);
    expect(await ask('other', follow.uri)).toBe(404);
  });

  test('a stamp is open while the consent stands', async () => {
    const status = await post('public');
    const quotingUri = `${peer.origin}/notes/2`;
    const asker: Account = await known(instance, stranger);
    await answerQuoteRequest(instance.ctx, status, {
      uri: `${peer.origin}/q/1`,
      quotingUri,
      accountId: asker._id,
    });
    const { uri } = (await instance.ctx.db.quoteApprovals.findOne({ statusId: status._id, quotingUri }))!;
    expect((await get(uri)).json).toMatchObject({
      id: uri,
      type: 'QuoteAuthorization',
      attributedTo: alice.account.uri,
      interactingObject: quotingUri,
      interactionTarget: status.uri,
    });
    await instance.ctx.db.quoteApprovals.updateOne(
      { uri },
      { $set: { revokedAt: new Date().toISOString() } },
    );
    expect((await get(uri)).status).toBe(404);
  });
});

describe('secure mode', () => {
  beforeAll(() => setUp(true));
  afterAll(tearDown);

  test('nothing without a signature, in the same words for what is and what is not', async () => {
    const status = await post('public');
    const { account } = alice;
    const paths = [
      status.uri,
      `${status.uri}/activity`,
      `${status.uri}/replies`,
      `${status.uri}/likes`,
      `${account.uri}/outbox`,
      `${account.uri}/outbox?page=true`,
      `${account.uri}/followers`,
      `${account.uri}/collections/featured`,
      `${account.uri}/collections/tags`,
      `${instance.url}/tags/cats`,
      `${instance.url}/emojis/blob`,
      `${instance.url}/actor/outbox`,
      status.url!,
      `${account.uri}/statuses/1`,
      `${account.uri}/activities/like-1`,
      `${account.uri}/quote_authorizations/1`,
    ];
    for (const path of paths) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.text).not.toContain('For ');
    }
  });

  test('with one, everything that is open; with a bad one, nothing', async () => {
    const status = await post('public');
    for (const path of [status.uri, `${alice.account.uri}/outbox`, alice.account.uri])
      expect([path, (await stranger.get(path)).status]).toEqual([path, 200]);
    const tampered = await fetch(`${status.uri}/likes`, {
      headers: { accept: activityJson, ...(await signedFor(status.uri)) },
    });
    expect(tampered.status).toBe(401);
  });

  test('the keys of actors and the instance actor stay public, or nobody could check a first request', async () => {
    const actor = await get(alice.account.uri);
    expect(actor.status).toBe(200);
    expect(actor.json).toMatchObject({ id: alice.account.uri, publicKey: { owner: alice.account.uri } });
    expect(actor.json).not.toHaveProperty('summary');
    expect(actor.json).not.toHaveProperty('followers');
    expect((await get(`${instance.url}/actor`)).json).toMatchObject({ type: 'Application', publicKey: {} });
    expect((await stranger.get(alice.account.uri)).headers.get('cache-control')).toBe('private, no-store');
    expect((await read(await stranger.get(alice.account.uri))).json).toHaveProperty('followers');
  });

  test('people still see pages', async () => {
    expect((await get(alice.account.url, { accept: browser })).status).toBe(200);
    expect((await get((await post('public')).url!, { accept: browser })).status).toBe(200);
  });

  test('owners use their token', async () => {
    expect(await ask('author', (await post('private')).uri)).toBe(200);
  });

  async function signedFor(url: string): Promise<Record<string, string>> {
    const { signRequest } = await import('../../../federation/signature/sign.js');
    const { host: _host, ...headers } = signRequest('cavage', {
      method: 'GET',
      url,
      key: stranger.key,
      now: new Date(),
    });
    return headers;
  }
});
