import type { Request, RequestHandler } from 'express';
import { unavailable } from '../errors.js';

/**
 * Refuses what comes while `max` requests wait for us: when the database is slow, a refusal at once is better than an
 * answer that nobody waits for any more. Requests whose body is still on its way do not count (they wait for the client,
 * who could do so for long on purpose), nor do streams.
 */
export function shedding(max: number): RequestHandler {
  const under = new Set<Request>();
  return (req, res, next) => {
    if (under.size >= max && countWaiting(under) >= max) return next(unavailable('Try again later'));
    if (!isStream(req)) {
      under.add(req);
      res.on('close', () => under.delete(req));
    }
    next();
  };
}

function countWaiting(requests: ReadonlySet<Request>): number {
  let waiting = 0;
  for (const { complete } of requests) if (complete) waiting += 1;
  return waiting;
}

const isStream = ({ path }: Request): boolean => /^\/api\/v1\/streaming(\/|$)/i.test(path);
