import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit, type RateLimitInfo, type Store } from 'express-rate-limit';
import { tooManyRequests } from '../errors.js';
import { countAttempt, forgetAttempts } from '../domain/attempts.js';
import type { Ctx } from '../domain/ctx.js';
import { stateOf } from './state.js';

/**
 * Mastodon's limits, in fixed windows. What is asked often is counted in the memory of this process; what sends mails or
 * makes accounts and clients is counted in the store, by all processes together (decisions/031). Addresses come from
 * Express, which believes X-Forwarded-For only from the proxies named in the settings; IPv6 counts per /64.
 */

export interface LimitRule {
  /** Part of the key under which the result is kept on the request. */
  name: string;
  max: number;
  minutes: number;
  /** Null: this rule does not apply to the request. */
  key(req: Request): string | null;
  /** Counted by all processes together. */
  shared?: boolean;
}

export const byAddress = (req: Request): string => ipKeyGenerator(req.ip ?? 'unknown', 64);
const byToken = (req: Request): string | null => stateOf(req).bearer?.token._id ?? null;
const byUser = (req: Request): string | null => stateOf(req).bearer?.user?._id ?? null;
const anonymous = (req: Request): string | null => (stateOf(req).bearer ? null : byAddress(req));

/** Express routes without regard to case and trailing slashes; so does the counting. */
const pathOf = (req: Request): string =>
  (req.originalUrl.split('?', 1)[0] ?? '').toLowerCase().replace(/\/+$/, '');

const isUpload = (req: Request): boolean =>
  req.method === 'POST' && /^\/api\/v[12]\/media$/.test(pathOf(req));
const isRemoval = (req: Request): boolean =>
  (req.method === 'DELETE' && /^\/api\/v1\/statuses\/[^/]+$/.test(pathOf(req))) ||
  (req.method === 'POST' && /^\/api\/v1\/statuses\/[^/]+\/unreblog$/.test(pathOf(req)));
const isDeepPaging = (req: Request): boolean =>
  /[?&](max_id|min_id|since_id|page|offset)=/.test(req.originalUrl);

/** For everything under /api, after `authenticate` has looked at the header. Empty when limits are off. */
export function apiRateLimits(ctx: Ctx): RequestHandler[] {
  const { requestsPerToken, requestsPerAccount, requestsPerAddress, uploadsPerAccount } = ctx.settings;
  return limits(ctx, [
    { name: 'token', max: requestsPerToken, minutes: 5, key: byToken },
    { name: 'user', max: requestsPerAccount, minutes: 5, key: byUser },
    { name: 'address', max: requestsPerAddress, minutes: 5, key: anonymous },
    { name: 'paging', max: 300, minutes: 15, key: (req) => (isDeepPaging(req) ? anonymous(req) : null) },
    {
      name: 'media',
      max: uploadsPerAccount,
      minutes: 30,
      key: (req) => (isUpload(req) ? byUser(req) : null),
    },
    { name: 'removal', max: 30, minutes: 30, key: (req) => (isRemoval(req) ? byUser(req) : null) },
  ]);
}

/** For one route, per client address. */
export function addressLimit(
  ctx: Ctx,
  rule: { name: string; max: number; minutes: number; shared?: boolean },
): RequestHandler[] {
  return limits(ctx, [{ ...rule, key: byAddress }]);
}

function limits(ctx: Ctx, rules: readonly LimitRule[]): RequestHandler[] {
  if (!ctx.settings.rateLimits || ctx.settings.testMode) return [];
  return rules.flatMap((rule) => toHandlers(ctx, rule));
}

/** Counts in the store; see domain/attempts.ts. */
function sharedStore(ctx: Ctx, { name, minutes }: LimitRule): Store {
  const nameOf = (key: string): string => `limit-${name} ${key}`;
  return {
    localKeys: false,
    increment: async (key) => {
      const { count, endsAt } = await countAttempt(ctx, nameOf(key), minutes * 60_000);
      return { totalHits: count, resetTime: endsAt };
    },
    decrement: () => undefined,
    resetKey: (key) => forgetAttempts(ctx, nameOf(key)),
  };
}

function toHandlers(ctx: Ctx, rule: LimitRule): RequestHandler[] {
  const property = `limit-${rule.name}`;
  const limiter = rateLimit({
    windowMs: rule.minutes * 60_000,
    limit: rule.max,
    ...(rule.shared && { store: sharedStore(ctx, rule) }),
    requestPropertyName: property,
    standardHeaders: false,
    legacyHeaders: false,
    // Its checks write to the console; the proxy setting they warn about is checked when the app is made.
    validate: false,
    skip: (req) => rule.key(req) === null,
    keyGenerator: (req) => rule.key(req) ?? '',
    handler: (req, res, next) => {
      const info = infoOf(req, property);
      if (info) setHeaders(res, info);
      res.set('Retry-After', String(secondsUntil(ctx, info?.resetTime)));
      next(tooManyRequests());
    },
  });
  const headers: RequestHandler = (req, res, next) => {
    const info = infoOf(req, property);
    if (info) setHeaders(res, info);
    next();
  };
  return [limiter, headers];
}

function infoOf(req: Request, property: string): RateLimitInfo | undefined {
  return (req as unknown as Record<string, RateLimitInfo | undefined>)[property];
}

/** Of several limits the tightest is told. */
function setHeaders(res: Response, info: RateLimitInfo): void {
  const told = res.get('X-RateLimit-Remaining');
  if (told !== undefined && Number(told) <= info.remaining) return;
  res.set({
    'X-RateLimit-Limit': String(info.limit),
    'X-RateLimit-Remaining': String(info.remaining),
    'X-RateLimit-Reset': toMicroseconds(info.resetTime ?? new Date()),
  });
}

/** ISO 8601 with six fractional digits, the form clients parse. */
const toMicroseconds = (date: Date): string => date.toISOString().replace('Z', '000Z');

const secondsUntil = (ctx: Ctx, date: Date | undefined): number =>
  date ? Math.max(1, Math.ceil((date.getTime() - ctx.clock.now().getTime()) / 1000)) : 60;
