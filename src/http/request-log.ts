import type { RequestHandler } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { toErrorAnswer } from './errors.js';
import { stateOf } from './state.js';

const acceptableId = /^[\w.-]{8,64}$/;

/** Names the request (`X-Request-Id`; a trusted proxy's name for it is kept) and writes one line if it fails. */
export function requestLog(ctx: Ctx): RequestHandler {
  return (req, res, next) => {
    const state = stateOf(req);
    const given = req.headers['x-request-id'];
    const trusts = req.app.get('trust proxy fn') as (address: string, hop: number) => boolean;
    const byProxy = typeof given === 'string' && trusts(req.socket.remoteAddress ?? '', 0);
    state.id = byProxy && acceptableId.test(given) ? given : ctx.randomToken(16);
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

function reasonOf(failure: unknown): string | undefined {
  return failure ? toErrorAnswer(failure).body.error.slice(0, 200) : undefined;
}
