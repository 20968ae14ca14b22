import { connect, type Socket } from 'node:net';
import { nowMs } from './measure.js';

/** HTTP/1.1 over a few kept connections, with as little work per request as possible: the load must not be the limit. */

export interface Shot {
  /** Which of the requests it was: how many were begun before it. */
  index: number;
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
  /** The server may die: then it is over, and what had no answer is left out. */
  mayDie?: boolean;
}

/** Sends `total` requests over `concurrency` connections; each sends its next when it has its answer. */
export async function fire(volley: Volley): Promise<Shot[]> {
  const shots: Shot[] = [];
  let next = 0;
  const began = nowMs();
  const take = (): Taken | null => {
    if (next >= volley.total) return null;
    const index = next++;
    const bytes = volley.requests[index % volley.requests.length];
    return bytes ? { index, bytes } : null;
  };
  const wait = (): number =>
    volley.perSecond === undefined ? 0 : Math.max(0, began + (next / volley.perSecond) * 1000 - nowMs());
  const lanes = Array.from({ length: Math.min(volley.concurrency, volley.total) }, () =>
    lane(volley, { take, wait, done: (shot) => shots.push(shot) }),
  );
  await Promise.all(lanes);
  return shots;
}

interface Taken {
  index: number;
  bytes: Buffer;
}

interface LaneParts {
  take(): Taken | null;
  wait(): number;
  done(shot: Shot): void;
}

function lane({ host, port, mayDie = false }: Volley, { take, wait, done }: LaneParts): Promise<void> {
  return new Promise((resolve, reject) => {
    let socket: Socket;
    let began = 0;
    let parts: Buffer[] = [];
    let request: Taken | null = null;
    const send = (): void => {
      request = take();
      if (!request) {
        socket.end();
        return resolve();
      }
      const { bytes } = request;
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
      const index = request?.index ?? 0;
      request = null;
      done({ index, status: answer.status, at, ms: at - began });
      if (!answer.close) return send();
      socket.removeAllListeners().destroy();
      open();
    };
    const open = (): void => {
      socket = connect({ host, port, noDelay: true });
      socket.once('connect', send).on('data', onData);
      const broken = (error: Error): void => (mayDie ? resolve() : reject(error));
      socket
        .on('error', broken)
        .once('close', () => request && broken(new Error('the server closed a connection')));
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
