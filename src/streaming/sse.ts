import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { queryOf } from '../http/params.js';
import { byAddress } from '../http/rate-limits.js';
import { checkAccess, tooMany } from './access.js';
import { createConnection } from './connection.js';
import type { StreamRequest } from './streams.js';
import type { Frame, Switchboard } from './switchboard.js';

const heartbeatMs = 15_000;
const maxBufferedBytes = 1_048_576;

/** Paths below /api/v1/streaming and the streams behind them. `only_media` adds `:media`. */
const routes: Record<string, string> = {
  user: 'user',
  'user/notification': 'user:notification',
  public: 'public',
  'public/local': 'public:local',
  'public/remote': 'public:remote',
  hashtag: 'hashtag',
  'hashtag/local': 'hashtag:local',
  list: 'list',
  direct: 'direct',
};

/** Server-sent events of the client API, and its health check. */
export function sseRoutes(ctx: Ctx, switchboard: Switchboard): Router {
  const router = Router();
  router.get('/api/v1/streaming/health', (_req, res) => void res.type('text/plain').send('OK'));
  for (const [path, stream] of Object.entries(routes))
    router.get(`/api/v1/streaming/${path}`, serve(ctx, { switchboard, stream }));
  return router;
}

function serve(
  ctx: Ctx,
  { switchboard, stream }: { switchboard: Switchboard; stream: string },
): RequestHandler {
  return async (req, res) => {
    const access = await checkAccess(ctx, tokenOf(req));
    if (access.outcome === 'refused') return void res.status(access.status).json({ error: access.reason });
    // Whoever left while the token was looked up would never be seen leaving.
    if (res.closed) return;
    const leave = switchboard.places.take(access.ear.accountId, byAddress(req));
    if (!leave) return void res.status(tooMany.status).json({ error: tooMany.reason });
    res.once('close', leave);
    const wire = { send: (frame: Frame) => write(res, frame), close: () => void res.end() };
    const connection = createConnection(ctx, { switchboard, ear: access.ear, wire });
    const problem = await connection.subscribe(requestOf(req, stream));
    if (problem !== null || res.closed || res.writableEnded || req.method === 'HEAD') {
      connection.end();
      return problem ? void res.status(problem.status).json({ error: problem.error }) : void res.end();
    }
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'private, no-store',
      'x-accel-buffering': 'no',
    });
    res.write(':)\n');
    const heartbeat = setInterval(() => res.write(':thump\n'), heartbeatMs);
    heartbeat.unref();
    res.on('close', () => {
      clearInterval(heartbeat);
      connection.end();
    });
  };
}

function write(res: Response, frame: Frame): void {
  if (res.writableLength > maxBufferedBytes) return void res.destroy();
  res.write(`event: ${frame.event}\ndata: ${frame.payload.replaceAll('\n', ' ')}\n\n`);
}

function requestOf(req: Request, stream: string): StreamRequest {
  const query = queryOf(req);
  const media = ['true', '1'].includes(String(query['only_media'])) && stream.startsWith('public');
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return { stream: media ? `${stream}:media` : stream, tag: text(query['tag']), list: text(query['list']) };
}

function tokenOf(req: Request): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(req.get('authorization') ?? '')?.[1];
  const param = queryOf(req)['access_token'];
  return bearer ?? (typeof param === 'string' ? param : null);
}
