import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createRawServer, type AddressInfo, type Socket } from 'node:net';
import { readFileSync } from 'node:fs';

const pem = (name: string): string =>
  readFileSync(new URL(`../fetch/tls/${name}.pem`, import.meta.url), 'utf8');
/** Self-signed, for localhost, 127.0.0.1 and peer.example. */
export const testCertificate = (): string => pem('cert');

export interface TestServer {
  port: number;
  /** `http://127.0.0.1:PORT` */
  origin: string;
  /** Paths with query, in the order of arrival. */
  seen: string[];
  requests: IncomingMessage[];
  /** Sockets that were opened so far. */
  connections: () => number;
  close: () => Promise<void>;
}

async function listen(
  server: Server,
  scheme: string,
  record: Pick<TestServer, 'seen' | 'requests'>,
): Promise<TestServer> {
  let opened = 0;
  server.on('connection', () => opened++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${scheme}://127.0.0.1:${port}`,
    ...record,
    connections: () => opened,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function recording(handler: RequestListener): {
  listener: RequestListener;
  seen: string[];
  requests: IncomingMessage[];
} {
  const seen: string[] = [];
  const requests: IncomingMessage[] = [];
  return {
    seen,
    requests,
    listener: (request, response) => {
      seen.push(request.url ?? '');
      requests.push(request);
      handler(request, response);
    },
  };
}

/** A real server on a free port of 127.0.0.1. */
export function startServer(handler: RequestListener): Promise<TestServer> {
  const { listener, ...record } = recording(handler);
  return listen(createServer(listener), 'http', record);
}

export function startSecureServer(handler: RequestListener): Promise<TestServer> {
  const { listener, ...record } = recording(handler);
  const server = createSecureServer({ key: pem('key'), cert: pem('cert') }, listener);
  return listen(server as unknown as Server, 'https', record);
}

/** A TCP server that says whatever it likes. */
export async function startRawServer(
  onSocket: (socket: Socket) => void,
): Promise<Pick<TestServer, 'port' | 'origin' | 'close'>> {
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export function sendJson(response: ServerResponse, json: unknown, type = 'application/activity+json'): void {
  response.writeHead(200, { 'content-type': type }).end(JSON.stringify(json));
}

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
