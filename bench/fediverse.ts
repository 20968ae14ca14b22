import { fork, type ChildProcess } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createNetServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { answerCalls } from './lib/child.js';
import { loadPairs, pairOf, type Pair } from './lib/keys.js';
import { nowMs, sleep } from './lib/measure.js';
import { actorDocument, actorUri, addressOf, hostCount } from './lib/world.js';

/**
 * A fediverse in one process: many hosts as addresses of their own on loopback, actors with real keys, and inboxes that
 * answer as the plan says. Counts every delivery by inbox and body.
 */

export type Mode =
  | 'ok'
  /** Answers 500. */
  | 'error'
  /** Takes the request and answers after 30 s. */
  | 'slow'
  /** Nothing listens. */
  | 'refused'
  /** A connection is never made: the queue of the listening socket is full. */
  | 'black-hole';

export interface Plan {
  latencyMs: number;
  /** By number of host; the others are `ok`. */
  modes: Record<number, Mode>;
  /** Ms before a document is answered. */
  documentMs: number;
}

export interface FediverseReport {
  deliveries: number;
  unique: number;
  duplicates: number;
  /** Signatures that were checked (a sample), and how many were wrong. */
  checked: number;
  wrong: number;
  firstAt: number;
  lastAt: number;
  /** Of each body, how many inboxes it reached. */
  reached: number[];
  /** When each unique delivery to a healthy host came. */
  times: Float64Array;
  /** Fetches of actor documents by path, the largest. */
  fetches: number;
  mostFetches: number;
}

interface Start {
  keysFile: string;
  /** The public key of the account whose signatures are checked. */
}

const slowMs = 30_000;
/** Every so many deliveries one signature is checked: all would cost the machine what is to be measured. */
const checkEvery = 50;

let port = 0;
let plan: Plan = { latencyMs: 0, modes: {}, documentMs: 0 };
let pairs: Pair[] = [];
let authorPem: string | null = null;
let hole: ChildProcess | null = null;
const listeners = new Map<number, { close(): Promise<void> }>();
const seen = new Map<string, number>();
const reached = new Map<string, number>();
const fetched = new Map<string, number>();
let times: number[] = [];
let totals = { deliveries: 0, checked: 0, wrong: 0, firstAt: 0, lastAt: 0 };
const http = createServer({ keepAliveTimeout: 60_000 }, (req, res) => void handle(req, res));

const hostNumber = (req: IncomingMessage): number =>
  Number((req.socket.localAddress ?? '').split('.').at(-1)) - 1;

async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const mode = plan.modes[hostNumber(req)] ?? 'ok';
  if (mode === 'slow') await sleep(slowMs);
  if (req.method === 'POST') return receive(req, res, mode);
  const path = req.url ?? '/';
  if (plan.documentMs > 0) await sleep(plan.documentMs);
  const actor = /^\/users\/a(\d+)$/.exec(path)?.[1];
  if (actor !== undefined) {
    fetched.set(path, (fetched.get(path) ?? 0) + 1);
    const number = Number(actor);
    const document = actorDocument(number, port, pairOf(pairs, number).publicPem);
    return void res
      .writeHead(200, { 'content-type': 'application/activity+json' })
      .end(JSON.stringify(document));
  }
  const handle =
    /resource=acct(?::|%3A)(a\d+)(?:@|%40)/i.exec(path)?.[1] ?? /users%2F(a\d+)/i.exec(path)?.[1];
  if (handle === undefined || !path.startsWith('/.well-known/webfinger'))
    return void res.writeHead(404).end();
  const links = [
    { rel: 'self', type: 'application/activity+json', href: actorUri(Number(handle.slice(1)), port) },
  ];
  const subject = `acct:${handle}@${addressOf(hostNumber(req))}:${port}`;
  res.writeHead(200, { 'content-type': 'application/jrd+json' }).end(JSON.stringify({ subject, links }));
}

function receive(req: IncomingMessage, res: ServerResponse, mode: Mode): void {
  req.resume().once('end', () => {
    if (mode === 'error') return void res.writeHead(500).end();
    const answer = (): void => void res.writeHead(202).end();
    count(req);
    if (plan.latencyMs > 0) setTimeout(answer, plan.latencyMs);
    else answer();
  });
}

function count(req: IncomingMessage): void {
  const at = nowMs();
  const digest = String(req.headers['digest']);
  const name = `${req.headers.host}${req.url} ${digest}`;
  const before = seen.get(name) ?? 0;
  seen.set(name, before + 1);
  if (before === 0) {
    times.push(at);
    reached.set(digest, (reached.get(digest) ?? 0) + 1);
  }
  totals.firstAt ||= at;
  totals.lastAt = at;
  totals.deliveries += 1;
  if (totals.deliveries % checkEvery === 0 && authorPem !== null) check(req, authorPem);
}

/** draft-cavage: the signing string is rebuilt from the fields that the signature names. */
function check(req: IncomingMessage, pem: string): void {
  const header = String(req.headers['signature']);
  const signature = /signature="([^"]+)"/.exec(header)?.[1] ?? '';
  const names = (/headers="([^"]+)"/.exec(header)?.[1] ?? '').split(' ');
  const lines = names.map((name) =>
    name === '(request-target)' ? `${name}: post ${req.url}` : `${name}: ${String(req.headers[name])}`,
  );
  const good = verify(
    'sha256',
    Buffer.from(lines.join('\n')),
    createPublicKey(pem),
    Buffer.from(signature, 'base64'),
  );
  totals.checked += 1;
  if (!good) totals.wrong += 1;
}

function listen(host: number): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    http.emit('connection', socket);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  listeners.set(host, { close });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, addressOf(host), resolve);
  });
}

/** A free port on every address: taken from the first, and very likely free on the others. */
async function findPort(): Promise<number> {
  const probe: Server = createServer();
  await new Promise<void>((resolve) => probe.listen(0, addressOf(0), resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** Listens in a process that is then stopped, and fills its queue: later SYNs are dropped. */
async function digHole(hosts: readonly number[]): Promise<void> {
  if (hole) {
    const gone = once(hole, 'exit');
    hole.kill('SIGKILL');
    await gone;
  }
  hole = null;
  if (!hosts.length) return;
  const dug = fork(fileURLToPath(new URL('black-hole.js', import.meta.url)), [], { stdio: 'inherit' });
  hole = dug;
  await new Promise<void>((resolve) => {
    dug.once('message', () => resolve());
    dug.send({ port, addresses: hosts.map(addressOf) });
  });
  await sleep(50);
  for (const host of hosts) {
    for (let i = 0; i < 3; i++) connect({ host: addressOf(host), port }).on('error', () => {});
  }
  await sleep(50);
}

async function apply(next: Plan): Promise<void> {
  plan = next;
  const isUp = (host: number): boolean => !['refused', 'black-hole'].includes(next.modes[host] ?? 'ok');
  for (const [host, server] of listeners) {
    if (isUp(host)) continue;
    listeners.delete(host);
    await server.close();
  }
  const holes = Object.entries(next.modes).flatMap(([host, mode]) =>
    mode === 'black-hole' ? [Number(host)] : [],
  );
  await digHole(holes);
  for (let host = 0; host < hostCount; host++) if (isUp(host) && !listeners.has(host)) await listen(host);
}

function report(): FediverseReport {
  const unique = seen.size;
  return {
    ...totals,
    unique,
    duplicates: totals.deliveries - unique,
    reached: [...reached.values()],
    times: Float64Array.from(times),
    fetches: [...fetched.values()].reduce((a, b) => a + b, 0),
    mostFetches: Math.max(0, ...fetched.values()),
  };
}

function reset(): void {
  seen.clear();
  reached.clear();
  fetched.clear();
  times = [];
  totals = { deliveries: 0, checked: 0, wrong: 0, firstAt: 0, lastAt: 0 };
}

answerCalls({
  start: async ({ keysFile }: Start) => {
    pairs = loadPairs(keysFile);
    port = await findPort();
    await apply({ latencyMs: 0, modes: {}, documentMs: 0 });
    return port;
  },
  author: (pem: string) => void (authorPem = pem),
  plan: apply,
  reset,
  report,
  /** Resolves once so many unique deliveries came, or the time is over. */
  arrived: async ({ count: wanted, timeoutMs }: { count: number; timeoutMs: number }) => {
    for (const deadline = nowMs() + timeoutMs; seen.size < wanted && nowMs() < deadline;) await sleep(5);
    return seen.size;
  },
});
process.on('exit', () => hole?.kill('SIGKILL'));
process.on('SIGTERM', () => process.exit(0));
