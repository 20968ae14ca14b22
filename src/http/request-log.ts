import type { Request, RequestHandler } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { toErrorAnswer } from './errors.js';
import { stateOf } from './state.js';

const acceptableId = /^[\w.-]{8,64}$/;

/** Names the request (`X-Request-Id`; a trusted proxy's name for it is kept) and writes one line if it fails. */
export function requestLog(ctx: Ctx): RequestHandler {
  return (req, res, next) => {
    const state = stateOf(req);
    state.id = nameByProxy(req) ?? ctx.randomToken(16);
    res.setHeader('X-Request-Id', state.id);
    const startedMs = performance.now();
    res.on('finish', () => {
      if (res.statusCode < 400) return;
      const fields = {
        requestId: state.id,
        method: req.method,
        // Without the query, which may carry tokens and codes.
        path: req.originalUrl.split('?', 1)[0]?.slice(0, 200),
        status: res.statusCode,
        ms: Math.round(performance.now() - startedMs),
      };
      if (res.statusCode >= 500) ctx.log.error({ ...fields, err: state.failure }, 'request failed');
      else ctx.log.info({ ...fields, reason: reasonOf(state.failure) }, 'request refused');
    });
    next();
  };
}

function nameByProxy(req: Request): string | null {
  const given = req.headers['x-request-id'];
  if (typeof given !== 'string' || !acceptableId.test(given)) return null;
  const trusts = req.app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  return trusts(req.socket.remoteAddress ?? '', 0) ? given : null;
}

function reasonOf(failure: unknown): string | undefined {
  return failure ? toErrorAnswer(failure).body.error.slice(0, 200) : undefined;
}
