import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import express from 'express';
import type { Express, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import { badRequest, notFound, StartError } from '../errors.js';
import type { Ctx } from '../domain/ctx.js';
import { authenticate } from './auth.js';
import { cors } from './cors.js';
import { errorHandler, type ErrorPage } from './errors.js';
import { parseFormOrNothing } from './form.js';
import { healthRoutes, type HealthChecks } from './health.js';
import { apiBody } from './params.js';
import { apiRateLimits, byAddress } from './rate-limits.js';
import { requestLog } from './request-log.js';
import { inOrder, under } from './only.js';
import { shedding } from './shedding.js';
import { createUploadBudget, type AppState } from './state.js';

export interface AppParts {
  /** Tried in this order. */
  routers: RequestHandler[];
  /** For browsers that ask for something that is not there or failed. Default: JSON for everybody. */
  errorPage?: ErrorPage;
  /** What must be well for this process to be of use, by name (see health.ts). */
  checks?: HealthChecks;
}

/**
 * The Express application. Under /api the caller is known, limits are counted and the body is parsed before any router;
 * elsewhere bodies stay raw (inboxes check digests over the bytes), and routers use `apiBody` where they want it.
 */
export function createApp(ctx: Ctx, parts: AppParts): Express {
  const app = express();
  const state: AppState = {
    origin: ctx.settings.url,
    uploads: createUploadBudget(Math.max(256 * 1024 * 1024, 2 * ctx.settings.videoBytes)),
  };
  app.locals['landfall'] = state;
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', parseFormOrNothing);
  trustProxies(app, ctx.settings.trustProxy);
  app.use(inOrder(requestLog(ctx), oneHost, securityHeaders(ctx), cors()));
  app.use(under(['/health'], healthRoutes(parts.checks ?? {})), shedding(ctx.settings.maxRequests));
  app.use(under(['/api'], inOrder(neverCached, ...apiBase(ctx))));
  for (const router of parts.routers) app.use(router);
  app.use((_req, _res, next) => next(notFound('Not found')));
  app.use(errorHandler(parts.errorPage));
  return app;
}

/** RFC 9112 section 3.2: Node takes the first of several `Host` fields, and whatever is in front may have taken another. */
const oneHost: RequestHandler = (req, _res, next) => {
  const { rawHeaders } = req;
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.length === 4 && rawHeaders[i]?.toLowerCase() === 'host') hosts += 1;
  next(hosts > 1 ? badRequest('The request has more than one Host') : undefined);
};

/** What every API route stands on: who asks, how often, and what was sent. Running it twice does no harm. */
export function apiBase(ctx: Ctx): RequestHandler[] {
  const identify = authenticate(ctx);
  return [identify, ...apiRateLimits(ctx), apiBody(ctx), identify];
}

/** Answers depend on who asks; nothing on the way may keep them. Routes that are the same for all say otherwise. */
export const neverCached: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'private, no-store');
  next();
};

/**
 * `loopback`, addresses and CIDRs separated by commas, or nothing. Never `true`: that would believe everybody.
 * @throws StartError when one of them is no address
 */
function trustProxies(app: Express, setting: string): void {
  const names = setting
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (!names.every(isProxy))
    throw new StartError(`LANDFALL_TRUST_PROXY: "${setting}" must be addresses, CIDRs or "loopback".`);
  app.set('trust proxy', names.length ? names : false);
}

/** An address, a network that is not everybody, or a name of Express for several. `1`, a count of hops there, is none. */
function isProxy(name: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(name)) return true;
  const [address = '', length, ...rest] = name.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length) return false;
  if (length === undefined) return true;
  // Below /96 a network of IPv4-mapped addresses is more than what it seems to be.
  const least = /^::ffff:.*\./i.test(address) ? 96 : 1;
  return /^\d{1,3}$/.test(length) && Number(length) >= least && Number(length) <= (family === 4 ? 32 : 128);
}

/** The consent page goes without `form-action` (`withoutFormAction`). */
function securityHeaders(ctx: Ctx): RequestHandler {
  const https = ctx.settings.url.startsWith('https:');
  const remote = https ? ['https:'] : ['https:', 'http:'];
  return always(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          'default-src': ["'none'"],
          'style-src': ["'self'"],
          'font-src': ["'self'"],
          'img-src': ["'self'", 'data:', ...remote],
          'media-src': ["'self'", ...remote],
          'base-uri': ["'none'"],
          'form-action': ["'self'"],
          'frame-ancestors': ["'none'"],
        },
      },
      crossOriginOpenerPolicy: false,
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      referrerPolicy: { policy: 'same-origin' },
      frameguard: { action: 'deny' },
      strictTransportSecurity: https && { maxAge: 31_536_000, includeSubDomains: false },
    }),
  );
}

type SetsHeaders = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

/** The headers that `handler` gives to every answer alike: found out once, then only set. */
function always(handler: SetsHeaders): RequestHandler {
  const headers: [name: string, value: string][] = [];
  const recorder = {
    setHeader: (name: string, value: string) => headers.push([name, value]),
    removeHeader: () => undefined,
  };
  handler({} as IncomingMessage, recorder as unknown as ServerResponse, () => undefined);
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}

/**
 * For the one page whose form leads elsewhere: Chromium applies `form-action` to every redirect that follows, and consent
 * ends at a client's own scheme or at a host that its callback sends people on to. Where it may lead is checked by us.
 */
export function withoutFormAction(res: Response): void {
  const policy = res.get('Content-Security-Policy') ?? '';
  res.set('Content-Security-Policy', policy.replace(/(^|;)form-action [^;]*/, ''));
}

/** Whom a request comes from, as Express would say, for connections that never reach it. IPv6 as its /64. */
export function addressOf(app: Express, { headers, socket }: IncomingMessage): string {
  const seen = Object.create(app.request) as Request;
  Object.assign(seen, { app, headers, socket });
  return byAddress(seen);
}
