import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { PUBLIC } from '../../../federation/vocabulary/names.js';
import { acceptFollow, requestFollow } from '../../../src/domain/follows.js';
import type { Status } from '../../../src/model/status.js';
import { publishStatus } from '../../../src/domain/statuses.js';
import { startInstance, type Instance, type TestUser } from '../../support/instance.js';
import { until } from '../../support/until.js';
import { activityJson, get, known, read } from './kit.js';
import { startPeer, type Peer, type PeerActor } from './peer.js';

let instance: Instance;
let peer: Peer;
let alice: TestUser;
let other: TestUser;
let bob: PeerActor;

beforeAll(async () => {
  instance = await startInstance();
  peer = await startPeer();
  alice = await instance.createUser('alice');
  other = await instance.createUser('other');
  bob = peer.actor('bob');
  await known(instance, bob);
});
afterAll(async () => {
  await instance.close();
  await peer.close();
});

const send = (activity: unknown, { token = alice.token, type = activityJson, to = alice.account.uri } = {}) =>
  fetch(`${to}/outbox`, {
    method: 'POST',
    headers: { 'content-type': type, ...(token && { authorization: `Bearer ${token}` }) },
    body: typeof activity === 'string' ? activity : JSON.stringify(activity),
  });

/** Posts, and follows the Location. */
async function made(activity: unknown): Promise<{ location: string; status: Status | null }> {
  const response = await send(activity);
  const text = await response.text();
  expect([response.status, text]).toEqual([201, '']);
  const location = response.headers.get('location')!;
  const status = await instance.ctx.db.statuses.findOne({ uri: location.replace(/\/activity$/, '') });
  return { location, status };
}

const newest = async (): Promise<Status> =>
  (
    await instance.ctx.db.statuses.find({ accountId: alice.account._id }).sort({ _id: -1 }).limit(1).toArray()
  )[0]!;

/** Waits until an activity of this type reached the peer, and forgets it. */
async function delivered(type: string): Promise<Record<string, unknown>> {
  return until(async () => {
    const at = peer.received.findIndex((r) => (JSON.parse(r.body) as { type: string }).type === type);
    return at < 0 ? null : (JSON.parse(peer.received.splice(at, 1)[0]!.body) as Record<string, unknown>);
  });
}

describe('posting', () => {
  const followers = () => `${alice.account.uri}/followers`;

  test('a bare Note becomes a Create, is stored and can be fetched under its Location', async () => {
    const { location, status } = await made({
      '@context': 'https://www.w3.org/ns/activitystreams',
      type: 'Note',
      content: '<p>Hello <strong>world</strong></p>',
      to: PUBLIC,
    });
    expect(status).toMatchObject({ visibility: 'public', content: '<p>Hello world</p>', local: true });
    expect((await get(location)).json).toMatchObject({
      type: 'Create',
      actor: alice.account.uri,
      object: { id: status?.uri },
    });
  });

  test.each([
    ['public', () => ({ to: [PUBLIC], cc: [followers()] })],
    ['public', () => ({ to: 'as:Public' })],
    ['unlisted', () => ({ to: [followers()], cc: [PUBLIC] })],
    ['private', () => ({ to: [followers()] })],
    ['direct', () => ({})],
    ['direct', () => ({ bto: [PUBLIC], bcc: [followers()] })],
  ] as const)('addresses mean %s', async (visibility, addresses) => {
    const { status } = await made({ type: 'Create', ...addresses(), object: { type: 'Note', content: 'x' } });
    expect(status?.visibility ?? (await newest()).visibility).toBe(visibility);
    const written = await instance.ctx.db.activities.find({ accountId: alice.account._id }).toArray();
    expect(JSON.stringify(written)).not.toMatch(/"b(to|cc)"/);
  });

  test('whoever is addressed is mentioned, and gets it; the client makes up no ids', async () => {
    await made({
      type: 'Create',
      id: 'https://evil.example/1',
      to: [bob.uri],
      object: {
        type: 'Note',
        id: 'https://evil.example/2',
        content: 'Psst',
        published: '1999-01-01T00:00:00Z',
      },
    });
    const status = await newest();
    expect(status).toMatchObject({ visibility: 'direct', mentions: [{ acct: `bob@${peer.host}` }] });
    expect(status.uri).toContain('/users/alice/statuses/');
    const create = await delivered('Create');
    expect(create).toMatchObject({ to: [bob.uri], object: { id: status.uri, type: 'Note' } });
  });

  test('content warning, language, answer, attachment, source', async () => {
    const parent = await publishStatus(instance.ctx, other.account, { text: 'Parent' });
    const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#f00' } })
      .png()
      .toBuffer();
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(picture)], { type: 'image/png' }), 'x.png');
    form.set('object', JSON.stringify({ type: 'Image', name: 'A red square' }));
    const upload = await read(
      await fetch(`${instance.url}/api/c2s/uploadMedia`, {
        method: 'POST',
        headers: { authorization: `Bearer ${alice.token}` },
        body: form,
      }),
    );
    expect(upload.status).toBe(201);
    expect(upload.json).toMatchObject({ type: 'Document', name: 'A red square', mediaType: 'image/png' });
    expect(upload.headers.get('location')).toBe(upload.json['url']);
    await made({
      type: 'Note',
      to: [PUBLIC],
      summary: 'Red',
      content: '<p>ignored</p>',
      source: { content: 'Look < here', mediaType: 'text/plain' },
      contentMap: { de: '<p>ignored</p>' },
      inReplyTo: parent.uri,
      attachment: [upload.json],
    });
    const status = await newest();
    expect(status).toMatchObject({
      text: 'Look < here',
      spoilerText: 'Red',
      sensitive: true,
      language: 'de',
      inReplyToId: parent._id,
    });
    expect((await get(status.uri)).json).toMatchObject({
      summary: 'Red',
      inReplyTo: parent.uri,
      attachment: [{ url: upload.json['url'], name: 'A red square' }],
    });
  });

  test('a Question becomes a poll', async () => {
    const endTime = new Date(Date.now() + 7_200_000).toISOString();
    const { status } = await made({
      type: 'Question',
      content: 'Which?',
      to: [PUBLIC],
      oneOf: [
        { type: 'Note', name: 'red' },
        { type: 'Note', name: 'blue' },
      ],
      endTime,
    });
    expect(status?.poll).toMatchObject({ multiple: false, options: [{ title: 'red' }, { title: 'blue' }] });
  });

  test('Update changes what it names and nothing else; Delete leaves a Tombstone', async () => {
    const { status } = await made({ type: 'Note', content: 'One', summary: 'CW', to: [PUBLIC] });
    await made({ type: 'Update', object: { type: 'Note', id: status!.uri, content: 'Two' } });
    expect(await newest()).toMatchObject({ text: 'Two', spoilerText: 'CW', visibility: 'public' });
    await made({ type: 'Update', object: { id: status!.uri, summary: 'Other' } });
    expect(await newest()).toMatchObject({ text: 'Two', spoilerText: 'Other' });
    await made({ type: 'Delete', object: status!.uri });
    expect((await get(status!.uri)).status).toBe(410);
  });

  test('the profile', async () => {
    await made({
      type: 'Update',
      object: { id: alice.account.uri, type: 'Person', name: 'Alice A.', summary: '<p>Hi</p>' },
    });
    expect((await get(alice.account.uri)).json).toMatchObject({ name: 'Alice A.', summary: '<p>Hi</p>' });
  });
});

describe('the same verbs as the client API', () => {
  test('Follow, Undo by id, Follow, Undo by content', async () => {
    for (const undone of ['id', 'content']) {
      const { location } = await made({ type: 'Follow', object: bob.uri });
      expect(await delivered('Follow')).toMatchObject({
        id: location,
        actor: alice.account.uri,
        object: bob.uri,
      });
      const inner =
        undone === 'id' ? location : { type: 'Follow', actor: alice.account.uri, object: bob.uri };
      expect((await made({ type: 'Undo', object: inner })).location).toBe(`${location}#undo`);
      expect(await delivered('Undo')).toMatchObject({ object: { id: location, type: 'Follow' } });
    }
  });

  test('Like and Announce, and their Undo', async () => {
    const post = await publishStatus(instance.ctx, other.account, { text: 'Like me' });
    const like = await made({ type: 'Like', object: post.uri });
    const announce = await made({ type: 'Announce', object: post.uri });
    expect(await instance.ctx.db.favourites.findOne({ uri: like.location })).not.toBeNull();
    expect((await get(announce.location)).json).toMatchObject({ type: 'Announce', object: post.uri });
    await made({ type: 'Undo', object: { type: 'Like', object: post.uri } });
    await made({ type: 'Undo', object: announce.location });
    expect(await instance.ctx.db.favourites.findOne({ uri: like.location })).toBeNull();
    expect((await get(announce.location)).status).toBe(410);
  });

  test('Block and its Undo', async () => {
    const { location } = await made({ type: 'Block', object: bob.uri });
    expect(await delivered('Block')).toMatchObject({ id: location, object: bob.uri });
    await made({ type: 'Undo', object: location });
    expect(await instance.ctx.db.blocks.findOne({ uri: location })).toBeNull();
  });

  test('Accept of a Follow', async () => {
    const carla = await instance.createUser('carla', { locked: true });
    const follow = await requestFollow(instance.ctx, alice.account, carla.account);
    const response = await send(
      { type: 'Accept', object: follow.uri },
      { token: carla.token, to: carla.account.uri },
    );
    expect(response.status).toBe(201);
    expect((await instance.ctx.db.follows.findOne({ uri: follow.uri }))?.state).toBe('accepted');
    expect(await acceptFollow(instance.ctx, alice.account._id, carla.account._id)).toBeNull();
  });

  test('Add to and Remove from the pinned posts', async () => {
    const { status } = await made({ type: 'Note', content: 'Pin me', to: [PUBLIC] });
    const target = `${alice.account.uri}/collections/featured`;
    await made({ type: 'Add', object: status!.uri, target });
    expect((await get(target)).json).toMatchObject({ orderedItems: [{ id: status!.uri }] });
    await made({ type: 'Remove', object: status!.uri, target });
    expect((await get(target)).json).toMatchObject({ totalItems: 0 });
  });
});

describe('what is refused', () => {
  test('without a token 401, with one that may only read 403, as somebody else 403, with an app alone 422', async () => {
    const note = { type: 'Note', content: 'x', to: [PUBLIC] };
    expect((await send(note, { token: '' })).status).toBe(401);
    const reader = await instance.createUser('reader', { scopes: ['read'] });
    expect((await send(note, { token: reader.token, to: reader.account.uri })).status).toBe(403);
    expect((await send(note, { token: other.token })).status).toBe(403);
    expect((await send({ type: 'Create', actor: other.account.uri, object: note })).status).toBe(403);
  });

  test('a token for one kind of thing does no other', async () => {
    const narrow = await instance.createUser('narrow', { scopes: ['write:favourites'] });
    const as = { token: narrow.token, to: narrow.account.uri };
    const post = await publishStatus(instance.ctx, other.account, { text: 'x' });
    expect((await send({ type: 'Like', object: post.uri }, as)).status).toBe(201);
    expect((await send({ type: 'Note', content: 'x' }, as)).status).toBe(403);
  });

  test.each([
    ['{', 400],
    ['[]', 400],
    ['null', 400],
    ['{}', 422],
    ['{"type":"Unknown"}', 422],
    ['{"type":"Create"}', 422],
    ['{"type":"Create","object":"https://x.example/1"}', 422],
    ['{"type":"Create","object":{"type":"Tombstone"}}', 422],
    ['{"type":"Note"}', 422],
    ['{"type":"Note","content":"x","inReplyTo":"http://localhost:1/none"}', 422],
    ['{"type":"Note","content":"x","attachment":[{"type":"Image","url":"https://x.example/1.png"}]}', 422],
    ['{"type":"Like"}', 404],
    ['{"type":"Like","object":"http://localhost:1/none"}', 404],
    ['{"type":"Follow","object":{"type":"Person"}}', 404],
    ['{"type":"Delete","object":"http://localhost:1/none"}', 404],
    ['{"type":"Undo","object":"http://localhost:1/none"}', 404],
    ['{"type":"Add","object":"x","target":"https://x.example/c"}', 422],
    ['{"type":"Update","object":"x"}', 422],
    ['{"type":["Create"],"object":{"type":["Note"],"content":true}}', 422],
  ])('%s: %i as JSON, and nothing is stored', async (body, status) => {
    const before = await instance.ctx.db.statuses.countDocuments({ accountId: alice.account._id });
    const response = await send(body);
    expect([response.status, Object.keys((await response.json()) as object)[0]]).toEqual([status, 'error']);
    expect(await instance.ctx.db.statuses.countDocuments({ accountId: alice.account._id })).toBe(before);
  });

  test('a form is no activity: 415; what is too large: 413', async () => {
    expect((await send('type=Note', { type: 'application/x-www-form-urlencoded' })).status).toBe(415);
    expect((await send({ type: 'Note', content: 'x'.repeat(2_000_000) })).status).toBe(413);
  });

  test("somebody else's post cannot be changed or deleted", async () => {
    const post = await publishStatus(instance.ctx, other.account, { text: 'Mine' });
    expect(
      (await send({ type: 'Update', object: { id: post.uri, type: 'Note', content: 'Yours' } })).status,
    ).toBe(404);
    expect((await send({ type: 'Delete', object: post.uri })).status).toBe(404);
    expect((await get(post.uri)).json).toMatchObject({ content: '<p>Mine</p>' });
  });
});

describe('reading', () => {
  test("one's inbox is the home timeline; nobody else's", async () => {
    const reader = await instance.createUser('homebody');
    await requestFollow(instance.ctx, reader.account, other.account);
    const post = await publishStatus(instance.ctx, other.account, {
      text: 'For my followers',
      visibility: 'private',
    });
    await instance.idle();
    const as = { authorization: `Bearer ${reader.token}` };
    const top = await get(`${reader.account.uri}/inbox`, as);
    expect(top.json).toMatchObject({
      type: 'OrderedCollection',
      first: `${reader.account.uri}/inbox?page=true`,
    });
    expect(top.headers.get('cache-control')).toBe('private, no-store');
    const page = await get(top.json['first'] as string, as);
    expect(page.json['orderedItems']).toContainEqual(
      expect.objectContaining({ type: 'Create', object: expect.objectContaining({ id: post.uri }) }),
    );
    expect((await get(`${reader.account.uri}/inbox`)).status).toBe(401);
    expect(
      (await get(`${reader.account.uri}/inbox`, { authorization: `Bearer ${alice.token}` })).status,
    ).toBe(403);
  });

  const proxy = (id: string | null, token = alice.token) =>
    fetch(`${instance.url}/proxy`, {
      method: 'POST',
      headers: { ...(token && { authorization: `Bearer ${token}` }) },
      body: new URLSearchParams(id === null ? {} : { id }),
    });

  test('proxyUrl fetches a document of another server, signed by this one', async () => {
    const answer = await read(await proxy(bob.uri));
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ id: bob.uri, type: 'Person' });
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
  });

  test.each([
    ['without a token', () => proxy(bob.uri, ''), 401],
    ['without an id', () => proxy(null), 400],
    ['of this server', () => proxy(alice.account.uri), 400],
    ['of no URL', () => proxy('file:///etc/passwd'), 400],
    ['of what is not there', () => proxy(`${peer.origin}/none`), 404],
    ['of a private address', () => proxy('http://169.254.169.254/latest'), 403],
  ] as const)('proxyUrl %s', async (_name, act, status) => {
    expect((await act()).status).toBe(status);
  });
});
