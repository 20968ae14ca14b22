import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Context } from './context.js';
import { StartError } from './errors.js';
import { getInstance } from './domain/instance.js';
import { addressOf, createApp } from './http/app.js';
import { demandRoom, type HealthChecks } from './http/health.js';
import { messagesOf } from './http/messages.js';
import type { MetricsServer } from './http/metrics.js';
import { queueTotals } from './jobs/report.js';
import { takeLock, type Lock } from './lock.js';
import { allRouters } from './routers.js';
import { createSwitchboard } from './streaming/switchboard.js';
import { attachWebSockets } from './streaming/websocket.js';
import { errorPage } from './web/layout.js';

export interface RunningServer {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  url: string;
  /** The application, for tests that need no socket. A process that only works answers /health and nothing else. */
  app: RequestListener;
  /** Takes no more requests, lets those under way and the work in flight finish (LANDFALL_DRAIN_SECONDS), closes all. */
  close(): Promise<void>;
}

/** Against clients that send their headers, or their body, a byte at a time. */
const timeoutsOf = ({ headerSeconds, requestSeconds }: Context['settings']) => ({
  headersTimeout: Math.min(headerSeconds, requestSeconds) * 1000,
  /** Time for a whole request. The default: an upload of 99 MB at 3 Mbit/s. */
  requestTimeout: requestSeconds * 1000,
  connectionsCheckingInterval: 5000,
  /** Longer than the 60 s for which reverse proxies keep their connections. */
  keepAliveTimeout: 72_000,
  maxHeaderSize: 16_384,
});

/**
 * Starts what LANDFALL_ROLE says: the web server, the worker, or both. Takes the context over: closing the server closes
 * it too.
 * @throws StartError when the address is taken, or another server runs on the same data folder
 */
export async function startServer(ctx: Context): Promise<RunningServer> {
  const { settings } = ctx;
  let lock: Lock | null = null;
  let web: Web | null = null;
  let metrics: MetricsServer | null = null;
  try {
    if (settings.databaseUrl === 'embedded:') lock = takeLock(settings.data);
    await ctx.keys.demandUnsealed();
    const { generation } = await getInstance(ctx);
    web = settings.role.includes('web') ? await startWeb(ctx) : await startHealth(ctx);
    metrics = await openMetrics(ctx);
    if (settings.role.includes('worker')) await ctx.jobs.start(ctx, generation);
  } catch (error) {
    await metrics?.close();
    await web?.close();
    lock?.release();
    await ctx.close();
    throw error;
  }
  const close = async (): Promise<void> => {
    // Requests and work in flight have the same time together.
    const deadline = performance.now() + settings.drainSeconds * 1000;
    await metrics?.close();
    await web?.close();
    await ctx.close(Math.max(0, deadline - performance.now()));
    lock?.release();
  };
  let closing: Promise<void> | null = null;
  return { url: web.url, app: web.app, close: () => (closing ??= close()) };
}

async function openMetrics(ctx: Context): Promise<MetricsServer | null> {
  const { metricsBind } = ctx.settings;
  if (metricsBind === '') return null;
  // Loaded only where it is wanted.
  const { startMetrics } = await import('./http/metrics.js');
  return startMetrics(metricsBind, {
    totals: () => queueTotals(ctx),
    counts: () => ctx.jobs.counts(),
    now: () => ctx.clock.now(),
    onError: (error) => ctx.log.error({ err: error }, 'metrics could not be told'),
  }).catch((error: unknown) => {
    throw new StartError(`LANDFALL_METRICS_BIND=${metricsBind} cannot be listened on: ${String(error)}`);
  });
}

/** For GET /health/ready. */
const healthChecks = ({ store, settings }: Context): HealthChecks => ({
  database: () => store.ping(),
  disk: () => demandRoom(settings.data),
});

interface Web {
  url: string;
  app: RequestListener;
  close(): Promise<void>;
}

async function startWeb(ctx: Context): Promise<Web> {
  const switchboard = createSwitchboard(ctx);
  const app = createApp(ctx, {
    routers: allRouters(ctx, switchboard),
    errorPage: errorPage(ctx),
    checks: healthChecks(ctx),
  });
  const server = createServer({ ...timeoutsOf(ctx.settings), ...messagesOf(app) }, app);
  // Sockets must not take the last file that the database and uploads need.
  server.maxConnections = ctx.settings.maxConnections;
  const endWebSockets = attachWebSockets(ctx, server, {
    switchboard,
    addressOf: (request) => addressOf(app, request),
  });
  await listen(server, ctx.settings);
  return {
    app,
    url: urlOf(server),
    close: async () => {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      endWebSockets();
      switchboard.close();
      // Connections that were busy a moment ago are kept alive for a next request, which nobody will answer.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      // A slow request must not hold a stop up for ever.
      const patience = setTimeout(() => server.closeAllConnections(), ctx.settings.drainSeconds * 1000);
      await closed;
      clearInterval(idle);
      clearTimeout(patience);
    },
  };
}

/** A worker answers those who ask whether it is well, and nobody else. */
async function startHealth(ctx: Context): Promise<Web> {
  const app = createApp(ctx, { routers: [], checks: healthChecks(ctx) });
  const server = createServer({ ...timeoutsOf(ctx.settings), ...messagesOf(app) }, app);
  await listen(server, ctx.settings);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { app, url: urlOf(server), close };
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function listen(server: Server, { port, bind }: Context['settings']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const told = error.code === 'EADDRINUSE' || error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL';
      const hint = 'Choose another LANDFALL_PORT or LANDFALL_BIND.';
      reject(told ? new StartError(`${bind}:${port} cannot be listened on (${error.code}). ${hint}`) : error);
    });
    server.listen(port, bind, () => resolve());
  });
}
