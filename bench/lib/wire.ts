import { connect, type Socket } from 'node:net';
import { nowMs } from './measure.js';

/** HTTP/1.1 over a few kept connections, with as little work per request as possible: the load must not be the limit. */

export interface Shot {
  status: number;
  /** When the answer was there, ms since the epoch. */
  at: number;
  ms: number;
}

export interface Volley {
  host: string;
  port: number;
  /** Bytes of each request; taken in turn when `total` is larger. */
  requests: readonly Buffer[];
  total: number;
  concurrency: number;
  /** Start at most this many per second, evenly. */
  perSecond?: number;
}

/** Sends `total` requests over `concurrency` connections; each sends its next when it has its answer. */
export async function fire(volley: Volley): Promise<Shot[]> {
  const shots: Shot[] = [];
  let next = 0;
  const began = nowMs();
  const take = (): Buffer | null =>
    next < volley.total ? (volley.requests[next++ % volley.requests.length] ?? null) : null;
  const wait = (): number =>
    volley.perSecond === undefined ? 0 : Math.max(0, began + (next / volley.perSecond) * 1000 - nowMs());
  const lanes = Array.from({ length: Math.min(volley.concurrency, volley.total) }, () =>
    lane(volley, { take, wait, done: (shot) => shots.push(shot) }),
  );
  await Promise.all(lanes);
  return shots;
}

interface LaneParts {
  take(): Buffer | null;
  wait(): number;
  done(shot: Shot): void;
}

function lane({ host, port }: Volley, { take, wait, done }: LaneParts): Promise<void> {
  return new Promise((resolve, reject) => {
    let socket: Socket;
    let began = 0;
    let parts: Buffer[] = [];
    let request: Buffer | null = null;
    const send = (): void => {
      request = take();
      if (!request) {
        socket.end();
        return resolve();
      }
      const bytes = request;
      const pause = wait();
      const go = (): void => {
        began = nowMs();
        socket.write(bytes);
      };
      if (pause > 1) setTimeout(go, pause);
      else go();
    };
    const onData = (chunk: Buffer): void => {
      parts.push(chunk);
      const all = parts.length === 1 ? chunk : Buffer.concat(parts);
      const answer = readAnswer(all);
      if (!answer) {
        parts = [all];
        return;
      }
      parts = [];
      const at = nowMs();
      request = null;
      done({ status: answer.status, at, ms: at - began });
      if (!answer.close) return send();
      socket.removeAllListeners().destroy();
      open();
    };
    const open = (): void => {
      socket = connect({ host, port, noDelay: true });
      socket.once('connect', send).on('data', onData);
      socket
        .on('error', reject)
        .once('close', () => request && reject(new Error('the server closed a connection')));
    };
    open();
  });
}

/** Null until the whole answer is there. Understands Content-Length and chunked bodies. */
function readAnswer(bytes: Buffer): { status: number; close: boolean } | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(head.slice(9, 12));
  const close = /\r\nconnection: close/i.test(head);
  if (status === 204 || status === 304) return { status, close };
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return bytes.length >= headEnd + 4 + Number(length) ? { status, close } : null;
  return bytes.toString('latin1', bytes.length - 5) === '0\r\n\r\n' ? { status, close } : null;
}

export function getRequest(host: string, path: string, headers: Record<string, string> = {}): Buffer {
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

export function postRequest(path: string, headers: Record<string, string>, body: Buffer): Buffer {
  const lines = Object.entries({ ...headers, 'content-length': String(body.length) }).map(
    ([n, v]) => `${n}: ${v}\r\n`,
  );
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}
