import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

/** What the server sent: one event of a stream, or an error. */
export interface Received {
  stream?: string[];
  event?: string;
  /** Parsed, where it is JSON of an object; else the text. */
  payload?: unknown;
  error?: string;
  status?: number;
}

/** A reader that remembers what it heard, and lets a test wait for more. */
export interface Ear {
  heard: Received[];
  /** The first that fits, heard already or later. Rejects when the connection ends before. */
  next(fits: (r: Received) => boolean): Promise<Received>;
  /** Resolves with the close code of a WebSocket, or 0 for SSE. */
  closed: Promise<number>;
  close(): Promise<void>;
}

export interface Socket extends Ear {
  raw: WebSocket;
  send(frame: unknown): void;
}

/** The four ways in which clients hand over their token. */
export type TokenStyle = 'header' | 'query' | 'protocol' | 'query and protocol';

export async function openSocket(
  url: string,
  token: string | null,
  { style = 'header', query = {} }: { style?: TokenStyle; query?: Record<string, string> } = {},
): Promise<Socket> {
  const raw = startSocket(url, token, { style, query });
  const inbox = createInbox();
  raw.on('message', (data) => inbox.add(JSON.parse(String(data)) as Received));
  const closed = new Promise<number>((resolve) => raw.once('close', resolve));
  void closed.then(() => inbox.end());
  await once(raw, 'open');
  return {
    raw,
    ...inbox.reader,
    closed,
    send: (frame) => raw.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    close: async () => {
      raw.close();
      await closed;
    },
  };
}

export function startSocket(
  url: string,
  token: string | null,
  { style = 'header', query = {} }: { style?: TokenStyle; query?: Record<string, string> } = {},
): WebSocket {
  const address = new URL('/api/v1/streaming', url.replace('http', 'ws'));
  for (const [key, value] of Object.entries(query)) address.searchParams.set(key, value);
  if (token && style.startsWith('query')) address.searchParams.set('access_token', token);
  const protocols = token && style.endsWith('protocol') ? [token] : [];
  const headers = token && style === 'header' ? { authorization: `Bearer ${token}` } : {};
  return new WebSocket(address, protocols, { headers });
}

/** The status and body with which a WebSocket was refused. */
export async function refusalOf(socket: WebSocket): Promise<{ status: number; body: unknown }> {
  const [req, res] = (await once(socket, 'unexpected-response')) as [ClientRequest, IncomingMessage];
  let text = '';
  for await (const chunk of res) text += String(chunk);
  req.destroy();
  return { status: res.statusCode ?? 0, body: JSON.parse(text) as unknown };
}

export interface EventStream extends Ear {
  status: number;
  headers: IncomingMessage['headers'];
  /** Everything that came over the wire. */
  text(): string;
}

/** Opens server-sent events; answers that are no stream come as `status` with their body in `text()`. */
export async function openEvents(
  url: string,
  path: string,
  token: string | null,
  method = 'GET',
): Promise<EventStream> {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const req = request(new URL(path, url), { method, headers });
  req.end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const inbox = createInbox();
  let all = '';
  let rest = '';
  res.setEncoding('utf8');
  res.on('data', (chunk: string) => {
    all += chunk;
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) inbox.add(parseBlock(block));
  });
  const closed = new Promise<number>((resolve) => res.once('close', () => resolve(0)));
  res.on('error', () => undefined);
  void closed.then(() => inbox.end());
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    text: () => all,
    ...inbox.reader,
    closed,
    close: async () => {
      req.destroy();
      await closed;
    },
  };
}

function parseBlock(block: string): Received {
  const lines = block.split('\n').filter((l) => l !== '' && !l.startsWith(':'));
  const field = (name: string): string =>
    lines.find((l) => l.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
  return { event: field('event'), payload: field('data') };
}

function createInbox(): {
  add(r: Received): void;
  end(): void;
  reader: Pick<Ear, 'heard' | 'next'>;
} {
  const heard: Received[] = [];
  const waiting = new Set<() => boolean>();
  let ended = false;
  const look = (): void => {
    for (const check of waiting) if (check()) waiting.delete(check);
  };
  return {
    add: (r) => {
      heard.push(typeof r.payload === 'string' ? { ...r, payload: parsed(r.payload) } : r);
      look();
    },
    end: () => {
      ended = true;
      look();
    },
    reader: {
      heard,
      next: (fits) =>
        new Promise((resolve, reject) => {
          const check = (): boolean => {
            const found = heard.find(fits);
            if (found) resolve(found);
            else if (ended)
              reject(new Error(`The stream ended. Heard: ${JSON.stringify(heard).slice(0, 2000)}`));
            return found !== undefined || ended;
          };
          if (!check()) waiting.add(check);
        }),
    },
  };
}

function parsed(payload: string): unknown {
  return payload.startsWith('{') ? (JSON.parse(payload) as unknown) : payload;
}

/** Fits an event about the status with this id. */
export const about =
  (event: string, id: string) =>
  (r: Received): boolean =>
    r.event === event && (r.payload === id || (r.payload as { id?: string } | undefined)?.id === id);
