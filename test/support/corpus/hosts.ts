import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../federation/ports.js';
import type { Resolve } from '../../../federation/fetch/resolver.js';

/** Any number of small servers behind one port, told apart by the Host header, all below `localhost`. */
export interface Hosts {
  port: number;
  /** `http://NAME.localhost:PORT` */
  originOf(name: string): string;
  /** Serves a document at its path on a host. */
  serve(url: string, document: JsonObject): void;
  /** Knows these names only: nothing is ever asked of the world outside. */
  resolve: Resolve;
  /** Requests for something that nobody serves. */
  missed: string[];
  close(): Promise<void>;
}

export async function startHosts(): Promise<Hosts> {
  const documents = new Map<string, JsonObject>();
  const handles = new Map<string, string>();
  const missed: string[] = [];

  function answer(req: IncomingMessage, res: ServerResponse): void {
    req.resume();
    const host = (req.headers.host ?? '').toLowerCase();
    if (req.method === 'POST') return void req.on('end', () => res.writeHead(202).end());
    const url = new URL(req.url ?? '/', `http://${host}`);
    if (url.pathname === '/.well-known/webfinger') return webfinger(url, res);
    const document = documents.get(url.href);
    if (document) return send(res, 'application/activity+json', document);
    missed.push(url.href);
    res.writeHead(404).end();
  }

  function webfinger(url: URL, res: ServerResponse): void {
    const acct = (url.searchParams.get('resource') ?? '').replace(/^acct:/, '').toLowerCase();
    const href = handles.get(acct);
    if (href === undefined) return void res.writeHead(404).end();
    const links = [{ rel: 'self', type: 'application/activity+json', href }];
    send(res, 'application/jrd+json', { subject: `acct:${acct}`, links });
  }

  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    missed,
    originOf: (name) => `http://${name}.localhost:${port}`,
    serve(url, document) {
      const { href, host } = new URL(url.replace(/#.*$/, ''));
      documents.set(href, document);
      const { preferredUsername, id } = document;
      if (typeof preferredUsername === 'string' && typeof id === 'string')
        handles.set(`${preferredUsername}@${host}`.toLowerCase(), id);
    },
    resolve: async (name) => {
      if (name.endsWith('.localhost')) return ['127.0.0.1'];
      throw Object.assign(new Error(`${name} is out of reach`), { code: 'DNS_ENOTFOUND' });
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function send(res: ServerResponse, type: string, document: JsonObject): void {
  res.writeHead(200, { 'content-type': type }).end(JSON.stringify(document));
}
