import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { signRequest } from '../../../federation/signature/sign.js';
import { createTestClock } from '../../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../../support/instance.js';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const context = ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'];
const clock = createTestClock();

let us: Instance;
let alice: TestUser;
/** Every name below localhost leads to it: the hosts of this test. */
let world: Server;
let asked: string[];
beforeAll(async () => {
  us = await startInstance({ clock, activitiesPerHost: 4, fetchesPerHost: 3 });
  alice = await us.createUser('alice');
  world = createServer((req, res) => {
    asked.push(`${req.headers.host}${req.url}`);
    if (req.url !== '/users/x') return void res.writeHead(404).end();
    const id = `http://${req.headers.host}${req.url}`;
    const publicKeyPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const publicKey = { id: `${id}#main-key`, owner: id, publicKeyPem };
    const actor = {
      '@context': context,
      id,
      type: 'Person',
      preferredUsername: 'x',
      inbox: `${id}/inbox`,
      publicKey,
    };
    res.writeHead(200, { 'content-type': 'application/activity+json' }).end(JSON.stringify(actor));
  });
  await new Promise<void>((resolve) => world.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await us?.close();
  world?.closeAllConnections();
  world?.close();
});
beforeEach(() => {
  asked = [];
  clock.advance({ minutes: 2 });
});

const actorAt = (host: string): string => `http://${host}:${(world.address() as AddressInfo).port}/users/x`;

interface Request {
  path?: string;
  forged?: boolean;
  body?: string;
}

function headersOf(actor: string, { method, path, forged, body }: Request & { method: 'GET' | 'POST' }) {
  const key = {
    keyId: `${actor}#main-key`,
    algorithm: 'rsa-sha256' as const,
    privateKey: forged ? stranger : pair.privateKey,
  };
  const headers = { 'content-type': 'application/activity+json' };
  const given = { method, url: `${us.url}${path}`, key, now: clock.now() };
  const signed = signRequest(
    'cavage',
    body === undefined ? given : { ...given, headers, body: Buffer.from(body) },
  );
  const { host: _host, ...rest } = signed;
  return body === undefined ? { accept: 'application/activity+json', ...rest } : { ...headers, ...rest };
}

/** Sends one activity of a host. @returns the status, and when to come back */
async function send(host: string, { path = '/inbox', forged = false, body }: Request = {}): Promise<string> {
  const actor = actorAt(host);
  const like = {
    '@context': context,
    id: `${actor}/${randomUUID()}`,
    type: 'Like',
    actor,
    object: alice.account.uri,
  };
  const text = body ?? JSON.stringify(like);
  const headers = headersOf(actor, { method: 'POST', path, forged, body: text });
  const response = await fetch(`${us.url}${path}`, { method: 'POST', headers, body: text });
  return [response.status, response.headers.get('retry-after') ?? []].flat().join(' ');
}

async function read(host: string, path: string): Promise<string> {
  const response = await fetch(`${us.url}${path}`, {
    headers: headersOf(actorAt(host), { method: 'GET', path }),
  });
  await response.arrayBuffer();
  return [response.status, response.headers.get('retry-after') ?? []].flat().join(' ');
}

const storedOf = (name: string): Promise<number> =>
  us.ctx.db.received
    .find({})
    .toArray()
    .then((all) => all.filter((r) => r.host.includes(name)).length);

describe('activities of one host', () => {
  test('shared and personal inboxes, all names of the domain together: then 503, nothing stored or fetched', async () => {
    const told = [
      await send('a.flood.localhost'),
      await send('a.flood.localhost', { path: '/users/alice/inbox' }),
      await send('b.flood.localhost', { path: '/actor/inbox' }),
      await send('b.flood.localhost'),
    ];
    expect(told).toEqual(['202', '202', '202', '202']);
    asked = [];
    for (const path of ['/inbox', '/users/alice/inbox', '/actor/inbox'])
      for (const host of ['a.flood.localhost', 'b.flood.localhost'])
        expect([path, host, await send(host, { path })]).toEqual([path, host, '503 60']);
    expect([await storedOf('flood'), asked]).toEqual([4, []]);
    // Nobody else is held up by it.
    expect(await send('peer.localhost')).toBe('202');
    clock.advance({ seconds: 45 });
    expect(await send('a.flood.localhost')).toBe('503 15');
    clock.advance({ seconds: 15 });
    expect(await send('a.flood.localhost')).toBe('202');
  });

  test('naming a host does not count: nobody can shut out another', async () => {
    expect(await send('victim.localhost')).toBe('202');
    for (let i = 0; i < 20; i++) expect(await send('victim.localhost', { forged: true })).toBe('401');
    for (let i = 0; i < 3; i++) expect(await send('victim.localhost')).toBe('202');
    expect(await send('victim.localhost')).toBe('503 60');
  });

  test('what is signed well and is no activity counts too, and is not read beyond the number', async () => {
    for (let i = 0; i < 4; i++) expect(await send('noise.localhost', { body: `{"n":${i}` })).toBe('400');
    expect(await send('noise.localhost', { body: '{' })).toBe('503 60');
  });
});

describe('signed requests for documents', () => {
  test('have a number of their own; others, and activities, go on', async () => {
    expect(await send('reader.localhost')).toBe('202');
    for (let i = 0; i < 3; i++) expect(await read('reader.localhost', '/users/alice')).toBe('200');
    expect(await read('reader.localhost', '/users/alice')).toBe('429 60');
    expect(await read('sub.reader.localhost', '/users/alice/followers_synchronization')).toBe('429 60');
    expect(await send('reader.localhost')).toBe('202');
    expect(await send('other.localhost')).toBe('202');
    expect(await read('other.localhost', '/users/alice')).toBe('200');
    const unsigned = await fetch(`${us.url}/users/alice`, {
      headers: { accept: 'application/activity+json' },
    });
    expect(unsigned.status).toBe(200);
    clock.advance({ minutes: 1 });
    expect(await read('reader.localhost', '/users/alice')).toBe('200');
  });
});
