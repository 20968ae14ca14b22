import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** What the metrics tell of one queue. */
export interface QueueTotals {
  waiting: number;
  due: number;
  leased: number;
  dead: number;
  /** ISO time; null: nothing waits. */
  oldestAt: string | null;
}

export interface MetricsSource {
  /** Asked at each scrape: a bounded number of index reads. */
  totals(): Promise<{
    queues: Record<string, QueueTotals>;
    /** What became of received activities, by outcome. */
    received: Record<string, number>;
    /** Hosts whose deliveries are held back or dropped, by state of the breaker. */
    breakers: Record<string, number>;
    /** These hosts one by one, a bounded number of them. */
    hosts: readonly { host: string; breaker: string; reason: string; waiting: number }[];
  }>;
  /** Items that this process has run since its start, by queue. */
  counts(): Record<string, number>;
  now(): Date;
  onError(error: unknown): void;
}

export interface MetricsServer {
  /** `host:port` where it listens. */
  address: string;
  close(): Promise<void>;
}

/** `127.0.0.1:9464`, `[::1]:9464`. Null: malformed. */
export function parseBind(text: string): { host: string; port: number } | null {
  const match = /^(\[[0-9a-f:]+\]|[^:[\]]+):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  return match?.[1] && port <= 65_535 ? { host: match[1].replace(/^\[|\]$/g, ''), port } : null;
}

/**
 * `GET /metrics` in Prometheus' text format, on a socket of its own: it tells with whom this server talks and how busy it
 * is, which is nobody else's business, so it is never part of the public application.
 */
export async function startMetrics(bind: string, source: MetricsSource): Promise<MetricsServer> {
  const where = parseBind(bind);
  if (!where) throw new TypeError(`'${bind}' is not host:port`);
  const { registry, refresh } = createRegistry(source);
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const isAsked = req.method === 'GET' && (req.url ?? '').split('?', 1)[0] === '/metrics';
    if (!isAsked) return void res.writeHead(404).end();
    await refresh();
    const text = await registry.metrics();
    res.writeHead(200, { 'content-type': registry.contentType, 'cache-control': 'no-store' }).end(text);
  };
  const server = createServer((req, res) => {
    answer(req, res).catch((error: unknown) => {
      source.onError(error);
      res.writeHead(500).end();
    });
  });
  await listen(server, where);
  const { address, port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { address: `${address.includes(':') ? `[${address}]` : address}:${port}`, close };
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}

const figures = ['waiting', 'due', 'leased', 'dead'] as const;

function createRegistry(source: MetricsSource): { registry: Registry; refresh: () => Promise<void> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'landfall_' });
  const gauge = (name: string, help: string, ...labelNames: string[]): Gauge =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const oldest = gauge('landfall_queue_oldest_seconds', 'Age of the oldest item that waits.', 'queue');
  const received = gauge('landfall_received_activities', 'Received activities kept, by outcome.', 'outcome');
  const breakers = gauge('landfall_delivery_hosts', 'Hosts that are not delivered to as usual.', 'breaker');
  const hosts = gauge(
    'landfall_delivery_host_waiting',
    'Deliveries that wait for a host which is not delivered to as usual, with what it answered last.',
    'host',
    'breaker',
    'reason',
  );
  const items = gauge(
    'landfall_queue_items',
    'Items of a queue: waiting (all that are not done), of these due and leased; dead were given up.',
    'queue',
    'state',
  );
  const runs = new Counter({
    name: 'landfall_queue_runs_total',
    help: 'Items that this process has run.',
    labelNames: ['queue'],
    registers: [registry],
  });
  const refresh = async (): Promise<void> => {
    const totals = await source.totals();
    for (const [queue, told] of Object.entries(totals.queues)) {
      for (const state of figures) items.set({ queue, state }, told[state]);
      const age = told.oldestAt === null ? 0 : source.now().getTime() - Date.parse(told.oldestAt);
      oldest.set({ queue }, Math.max(0, age / 1000));
    }
    for (const [outcome, count] of Object.entries(totals.received)) received.set({ outcome }, count);
    for (const [breaker, count] of Object.entries(totals.breakers)) breakers.set({ breaker }, count);
    hosts.reset();
    for (const { host, breaker, reason, waiting } of totals.hosts)
      hosts.set({ host, breaker, reason: reason.slice(0, 100) }, waiting);
    runs.reset();
    for (const [queue, count] of Object.entries(source.counts())) runs.inc({ queue }, count);
  };
  return { registry, refresh };
}
