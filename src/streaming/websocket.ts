import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { Ctx } from '../domain/ctx.js';
import { checkAccess, tooMany, type Ear } from './access.js';
import { createConnection, type Connection } from './connection.js';
import type { StreamRequest } from './streams.js';
import type { EndReason, Switchboard } from './switchboard.js';

const path = '/api/v1/streaming';
const pingMs = 30_000;
/** A client that lets this much pile up is cut off; it catches up over REST. */
const maxBufferedBytes = 1_048_576;
const maxMessageBytes = 16_384;
const goodbyeMs = 500;

const clientFrame = z.object({
  type: z.enum(['subscribe', 'unsubscribe']),
  stream: z.string().max(100),
  tag: z.string().max(500).optional(),
  list: z.string().max(50).optional(),
});

/**
 * The WebSocket of the client API. The token comes in the Authorization header, in `access_token`, or as the
 * subprotocol, which is then echoed (browsers refuse the connection otherwise).
 * @returns the way to end all connections
 */
export function attachWebSockets(
  ctx: Ctx,
  server: Server,
  { switchboard, addressOf }: { switchboard: Switchboard; addressOf: (request: IncomingMessage) => string },
): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    // Answered below, as long as the answers are read.
    autoPong: false,
    handleProtocols: (protocols) => [...protocols][0] ?? false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const url = parseUrl(request);
    if (!url || url.pathname.replace(/\/+$/, '') !== path) return refuse(socket, 404, 'Not found');
    void open(request, url, { socket, head }).catch((error: unknown) => {
      ctx.log.error({ err: error }, 'a WebSocket could not be opened');
      refuse(socket, 500, 'Internal error');
    });
  });

  async function open(
    request: IncomingMessage,
    url: URL,
    wire: { socket: Duplex; head: Buffer },
  ): Promise<void> {
    const access = await checkAccess(ctx, tokenOf(request, url));
    if (access.outcome === 'refused') return refuse(wire.socket, access.status, access.reason);
    const leave = switchboard.places.take(access.ear.accountId, addressOf(request));
    if (!leave) return refuse(wire.socket, tooMany.status, tooMany.reason);
    wire.socket.once('close', leave);
    if (wire.socket.destroyed) leave();
    sockets.handleUpgrade(request, wire.socket, wire.head, (socket) => {
      sockets.emit('connection', socket, request);
      serve(ctx, { socket, ear: access.ear, switchboard, first: firstStream(url) });
    });
  }

  const endPings = startPings(sockets);
  return () => {
    endPings();
    for (const socket of sockets.clients) hangUp(socket, 1001, 'The server stops');
    sockets.close();
  };
}

/** Keeps connections through proxies alive, and ends those whose other side went away without a word. */
function startPings(sockets: WebSocketServer): () => void {
  const answered = new WeakSet<WebSocket>();
  sockets.on('connection', (socket) => {
    answered.add(socket);
    socket.on('pong', () => answered.add(socket));
  });
  const pings = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!answered.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, pingMs);
  pings.unref();
  return () => clearInterval(pings);
}

/** Says goodbye, and does not wait long for the answer. */
function hangUp(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), goodbyeMs).unref();
}

interface Served {
  socket: WebSocket;
  ear: Ear;
  switchboard: Switchboard;
  first: StreamRequest | null;
}

function serve(ctx: Ctx, { socket, ear, switchboard, first }: Served): void {
  /** Sends to those who read; others are cut off. */
  const toReader = (send: () => void): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > maxBufferedBytes) socket.terminate();
    else send();
  };
  const wire = {
    send: (frame: object): void => toReader(() => socket.send(JSON.stringify(frame))),
    close: (why: EndReason): void =>
      why === 'revoked'
        ? hangUp(socket, 1008, 'The access token was revoked')
        : hangUp(socket, 1001, 'The server stops'),
  };
  const connection = createConnection(ctx, { switchboard, ear, wire });
  const answer = async (request: StreamRequest): Promise<void> => {
    const problem = await connection.subscribe(request);
    if (problem) wire.send(problem);
  };
  const complain = (error: string): void => wire.send({ error, status: 400 });
  // One message after the other, and none is read ahead.
  let done = Promise.resolve();
  const next = (act: () => Promise<void> | void): void => {
    socket.pause();
    done = done
      .then(act)
      .catch((error: unknown) => ctx.log.error({ err: error }, 'a streaming message could not be answered'))
      .finally(() => socket.resume());
  };
  if (first) next(() => answer(first));
  socket.on('message', (data) => next(() => receive(connection, { text: String(data), answer, complain })));
  socket.on('ping', (data) => toReader(() => socket.pong(data)));
  socket.on('close', () => connection.end());
  socket.on('error', () => socket.terminate());
}

function receive(
  connection: Connection,
  parts: {
    text: string;
    answer: (request: StreamRequest) => Promise<void>;
    complain: (error: string) => void;
  },
): Promise<void> | void {
  let json: unknown;
  try {
    json = JSON.parse(parts.text);
  } catch {
    return parts.complain('Invalid JSON');
  }
  const frame = clientFrame.safeParse(json);
  if (!frame.success) return parts.complain('Unknown message type');
  if (frame.data.type === 'subscribe') return parts.answer(frame.data);
  connection.unsubscribe(frame.data);
}

function parseUrl(request: IncomingMessage): URL | null {
  try {
    return new URL(request.url ?? '', 'http://own.invalid');
  } catch {
    return null;
  }
}

function firstStream(url: URL): StreamRequest | null {
  const stream = url.searchParams.get('stream');
  if (stream === null) return null;
  return {
    stream,
    tag: url.searchParams.get('tag') ?? undefined,
    list: url.searchParams.get('list') ?? undefined,
  };
}

function tokenOf(request: IncomingMessage, url: URL): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const protocol = request.headers['sec-websocket-protocol']?.split(',')[0]?.trim();
  return bearer ?? (url.searchParams.get('access_token') || protocol || null);
}

function refuse(socket: Duplex, status: number, reason: string): void {
  const body = JSON.stringify({ error: reason });
  const head = [
    `HTTP/1.1 ${status} ${status === 401 ? 'Unauthorized' : 'Refused'}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
