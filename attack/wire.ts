import { createHash, createSign, type KeyObject } from 'node:crypto';
import { request, type IncomingHttpHeaders } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import { connect as secureConnect } from 'node:tls';

/**
 * Bytes on the wire, and signatures in the manner of draft-cavage, written for attacks: nothing is shared with the library
 * that is under attack, so that one fault cannot hide another.
 */

/** Name and value lines, exactly as sent; repeats allowed. */
export type Lines = [name: string, value: string][];

export interface RawRequest {
  method?: string;
  path: string;
  lines?: Lines;
  body?: string | Buffer;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** No answer within this time counts as none, ms. */
const patienceMs = 20_000;

/** Names below localhost are this machine (RFC 6761), whatever a resolver says. */
const hostOf = ({ hostname }: URL): string => (hostname.endsWith('.localhost') ? '127.0.0.1' : hostname);

/**
 * Sends exactly these headers to a server; Node adds only Host and Content-Length (where they are not given) and Connection.
 * @throws Error when the connection ends without an answer
 */
export function rawTo(origin: string, given: RawRequest): Promise<Answer> {
  const { method = 'POST', path, lines = [], body } = given;
  const url = new URL(origin);
  const named = new Set(lines.map(([name]) => name.toLowerCase()));
  const host: Lines = named.has('host') ? [] : [['Host', url.host]];
  const length: Lines =
    body === undefined || named.has('content-length') || named.has('transfer-encoding')
      ? []
      : [['Content-Length', String(Buffer.byteLength(body))]];
  const send = url.protocol === 'https:' ? secureRequest : request;
  return new Promise((resolve, reject) => {
    const req = send({
      hostname: hostOf(url),
      port: url.port,
      method,
      path,
      headers: [...host, ...lines, ...length].flat(),
      setHost: false,
      timeout: patienceMs,
    });
    req.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that was kept, and that the other side had just given up.
      if (req.reusedSocket && error.code === 'ECONNRESET') resolve(rawTo(origin, given));
      else reject(error);
    });
    req.on('timeout', () => req.destroy(new Error('no answer in time')));
    req.on('response', (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () =>
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
      res.on('error', reject);
    });
    req.end(body);
  });
}

/** Sends bytes as they are, and gathers what comes back until the other side closes or is silent for `silenceMs`. */
export function bytesTo(origin: string, bytes: string | Buffer, silenceMs = 3000): Promise<string> {
  const url = new URL(origin);
  const to = { host: hostOf(url), port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) };
  return new Promise((resolve) => {
    let text = '';
    const socket =
      url.protocol === 'https:' ? secureConnect({ ...to, servername: url.hostname }) : connect(to);
    const end = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(silenceMs, end);
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', end);
    socket.on('close', end);
    socket.write(bytes);
  });
}

/** Who signs. */
export interface Signer {
  keyId: string;
  privateKey: KeyObject;
}

export interface SignOptions {
  method?: string;
  path?: string;
  body?: string;
  /** Signed header names, in order. */
  cover?: string;
  date?: string;
  digest?: string;
  host?: string;
  keyId?: string;
  algorithm?: string | null;
  key?: KeyObject;
  created?: number;
  expires?: number;
  /** Further header fields, by lower-cased name; signed when `cover` names them. */
  further?: Record<string, string>;
}

export const digestOf = (body: string): string =>
  `SHA-256=${createHash('sha256').update(body).digest('base64')}`;

/** The header lines of a signed request to `host`, valid but for what the options change. */
export function signedLines(host: string, by: Signer, options: SignOptions = {}): Lines {
  const { method = 'POST', path = '/inbox', body = '' } = options;
  const date = options.date ?? new Date().toUTCString();
  const digest = options.digest ?? digestOf(body);
  const cover =
    options.cover ?? (method === 'GET' ? '(request-target) host date' : '(request-target) host date digest');
  const values: Record<string, string> = {
    '(request-target)': `${method.toLowerCase()} ${path}`,
    '(created)': String(options.created ?? ''),
    '(expires)': String(options.expires ?? ''),
    host: options.host ?? host,
    date,
    digest,
    'content-type': 'application/activity+json',
    ...options.further,
  };
  const text = cover.split(' ').map((name) => `${name}: ${values[name] ?? ''}`);
  const signature = createSign('sha256')
    .update(text.join('\n'))
    .sign(options.key ?? by.privateKey, 'base64');
  const { algorithm = 'rsa-sha256' } = options;
  const parameters = [
    `keyId="${options.keyId ?? by.keyId}"`,
    ...(algorithm === null ? [] : [`algorithm="${algorithm}"`]),
    ...(options.created === undefined ? [] : [`created=${options.created}`]),
    ...(options.expires === undefined ? [] : [`expires=${options.expires}`]),
    `headers="${cover}"`,
    `signature="${signature}"`,
  ];
  const ofBody: Lines =
    method === 'GET'
      ? []
      : [
          ['Digest', digest],
          ['Content-Type', 'application/activity+json'],
        ];
  return [
    ['Date', date],
    ...ofBody,
    ...Object.entries(options.further ?? {}),
    ['Signature', parameters.join(',')],
  ];
}
