import { createHash, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Pool } from 'undici';
import { answerCalls } from './lib/child.js';
import { loadPairs, privateKeys, publicKeys } from './lib/keys.js';
import { nowMs } from './lib/measure.js';
import { addressOf, createNote, followerCount, hostCount, inboxUri } from './lib/world.js';

/** What this machine can do at best, in one process, without a database: the other half of each ratio. */

let privates: KeyObject[] = [];
let publics: KeyObject[] = [];
let server: Server | null = null;

const first = (keys: readonly KeyObject[]): KeyObject => {
  const [key] = keys;
  if (!key) throw new Error('call start first');
  return key;
};

/** Rounds per second of something synchronous. */
function rate(work: () => void, ms = 400): number {
  let rounds = 0;
  const began = nowMs();
  for (; nowMs() - began < ms; rounds++) work();
  return (rounds / (nowMs() - began)) * 1000;
}

function signatures(): { signPerSecond: number; verifyPerSecond: number } {
  const text = randomBytes(200);
  const key = first(privates);
  const signature = sign('sha256', text, key);
  const publicKey = first(publics);
  return {
    signPerSecond: rate(() => sign('sha256', text, key)),
    verifyPerSecond: rate(() => verify('sha256', text, publicKey, signature)),
  };
}

const signingText = (
  host: string,
  path: string,
  { date, digest }: { date: string; digest: string },
): string => `(request-target): post ${path}\nhost: ${host}\ndate: ${date}\ndigest: ${digest}`;

const pools = new Map<string, Pool>();
function poolOf(host: number, port: number): Pool {
  const origin = `http://${addressOf(host)}:${port}`;
  const known = pools.get(origin) ?? new Pool(origin, { connections: 4, pipelining: 1 });
  pools.set(origin, known);
  return known;
}

/** Signs and posts one body to every inbox of the fake fediverse, as fast as one process can. */
async function signAndPost({ port, concurrency }: { port: number; concurrency: number }): Promise<number> {
  const body = Buffer.from(JSON.stringify(createNote(0, port, { id: `limit${nowMs()}`, at: new Date() })));
  const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
  const key = first(privates);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let actor = next++; actor < followerCount; actor = next++) {
      const { host, pathname } = new URL(inboxUri(actor, port));
      const date = new Date().toUTCString();
      const signature = sign('sha256', Buffer.from(signingText(host, pathname, { date, digest })), key);
      const header = `keyId="http://localhost/limit#main-key",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="${signature.toString('base64')}"`;
      const { body: answer } = await poolOf(actor % hostCount, port).request({
        method: 'POST',
        path: pathname,
        headers: { host, date, digest, signature: header, 'content-type': 'application/activity+json' },
        body,
      });
      await answer.dump();
    }
  };
  const began = nowMs();
  await Promise.all(Array.from({ length: concurrency }, lane));
  return (followerCount / (nowMs() - began)) * 1000;
}

async function listen(app: express.Express): Promise<number> {
  await close();
  server = createServer(app);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function close(): Promise<void> {
  const old = server;
  server = null;
  old?.closeAllConnections();
  if (old) await new Promise((resolve) => old.close(resolve));
}

/** An Express app that answers given bytes: no database, no rules. */
function bareApp(answers: { path: string; type: string; body: Uint8Array }[]): Promise<number> {
  const app = express().disable('x-powered-by').set('etag', false);
  for (const { path, type, body } of answers) {
    const bytes = Buffer.from(body);
    app.get(path, (_req, res) => void res.type(type).send(bytes));
  }
  return listen(app);
}

/** An Express app that reads, checks digest and signature with keys at hand, and keeps the activity in a Map. */
function inboxApp(): Promise<number> {
  const kept = new Map<string, unknown>();
  const app = express().disable('x-powered-by').set('etag', false);
  const raw = express.raw({ type: () => true, limit: '1mb' });
  app.post('/inbox', raw, (req, res) => {
    const body = req.body as Buffer;
    const header = String(req.get('signature'));
    const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
    const actor = Number(/\/users\/a(\d+)#/.exec(header)?.[1]);
    const signature = Buffer.from(/signature="([^"]+)"/.exec(header)?.[1] ?? '', 'base64');
    const date = req.get('date') ?? '';
    const text = signingText(req.get('host') ?? '', req.path, { date, digest: req.get('digest') ?? '' });
    const key = publics[actor % publics.length];
    const good = key && digest === req.get('digest') && verify('sha256', Buffer.from(text), key, signature);
    if (!good) return void res.status(401).end();
    const activity = JSON.parse(body.toString('utf8')) as { id: string };
    kept.set(activity.id, activity);
    res.status(202).json({});
  });
  return listen(app);
}

answerCalls({
  start: (keysFile: string) => {
    const pairs = loadPairs(keysFile);
    privates = privateKeys(pairs);
    publics = publicKeys(pairs);
  },
  signatures,
  signAndPost,
  bareApp,
  inboxApp,
  close,
});
