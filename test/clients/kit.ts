import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import request from 'supertest';
import sharp from 'sharp';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { decide, toConsent } from '../oauth/support.js';

/** One request that a client made, as the server answered it. */
export interface Call {
  /** E.g. `GET /api/v1/statuses/:id`. */
  endpoint: string;
  status: number;
}

export interface Recorder {
  calls: Call[];
  /** Calls that the server failed at: none is ever right. */
  failures(): Call[];
  /** E.g. `toot: 92 calls to 48 endpoints`. */
  summary(client: string): string;
  stop(): void;
}

/** Notes every request that this server answers, without a proxy or a hook in it: Node tells of them itself. */
export function recordCalls(instance: Pick<Instance, 'url'>): Recorder {
  const calls: Call[] = [];
  const port = Number(new URL(instance.url).port);
  const note = (message: unknown): void => {
    const { request: req, response: res } = message as { request: IncomingMessage; response: ServerResponse };
    if (req.socket instanceof Socket && (req.socket.address() as AddressInfo).port !== port) return;
    calls.push({ endpoint: `${req.method} ${endpointOf(req.url ?? '')}`, status: res.statusCode });
  };
  diagnostics.subscribe('http.server.response.finish', note);
  return {
    calls,
    failures: () => calls.filter((c) => c.status >= 500),
    summary: (client) =>
      `${client}: ${calls.length} calls to ${new Set(calls.map((c) => c.endpoint)).size} endpoints`,
    stop: () => void diagnostics.unsubscribe('http.server.response.finish', note),
  };
}

function endpointOf(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  return path.replace(/\/\d+(?=\/|$)/g, '/:id').replace(/^\/media\/.*/, '/media/:file');
}

/** For a browser that talks to nobody but us. */
export const chromiumArgs = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const password = 'correct horse battery';

/** An instance with people who can sign in with `password`. */
export async function startTown<Name extends string>(
  names: readonly Name[],
): Promise<{ instance: Instance; people: Record<Name, TestUser> }> {
  const instance = await startInstance();
  const made = [];
  for (const name of names) made.push([name, await instance.createUser(name, { password })] as const);
  return { instance, people: Object.fromEntries(made) as Record<Name, TestUser> };
}

/** Signs in on the pages of the server as a person in a browser does. @returns the code that the client is sent */
export async function authorizeByHand(instance: Instance, url: string, username: string): Promise<string> {
  const agent = request.agent(instance.url);
  const { pathname, search } = new URL(url);
  const consent = await toConsent(agent, pathname + search, username);
  const res = await decide(agent, consent, 'allow');
  const code = new URL(String(res.headers['location']), instance.url).searchParams.get('code');
  if (code === null) throw new Error(`no code: ${res.status} ${res.text}`);
  return code;
}

export interface Ran {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. `drive` may talk to it meanwhile. */
export async function run(
  command: string,
  args: readonly string[],
  options: { env: Record<string, string>; drive?: (child: ChildProcessWithoutNullStreams) => void },
): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...options.env };
  const child = spawn(command, args, { env });
  const out = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (out.stderr += text));
  if (options.drive) options.drive(child);
  else child.stdin.end();
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, ...out };
}

/** A picture that no other upload equals. */
export function picture(colour: string): Promise<Buffer> {
  return sharp({ create: { width: 64, height: 48, channels: 3, background: colour } })
    .png()
    .toBuffer();
}

/** A line that stays in the output of the tests, for people and for the record. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
