import { pipeline } from 'node:stream/promises';
import { LRUCache } from 'lru-cache';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { isShown } from '../domain/files.js';
import { notFound } from '../errors.js';
import { isSafePath, type ByteRange } from '../media/port.js';
import { mimeOfPath } from '../media/probe.js';

/**
 * Files by the hash of their content: they never change, their type is the one we found in their bytes, and whatever a
 * browser thinks of them they can run nothing. Never an ActivityStreams type: no upload can pass for a document.
 */
export function mediaRoutes(ctx: Ctx): Router {
  const router = Router();
  router.get('/media/*path', serve(ctx));
  return router;
}

/** How long it is believed that a file is shown, or not: one that everybody asks for costs no query each time. */
const keepMs = 10_000;

function createShown(ctx: Ctx): (path: string) => Promise<boolean> {
  const known = new LRUCache<string, { at: number; shown: boolean }>({ max: 10_000 });
  return async (path) => {
    const at = ctx.clock.now().getTime();
    const found = known.get(path);
    if (found && Math.abs(at - found.at) < keepMs) return found.shown;
    const shown = await isShown(ctx, path);
    known.set(path, { at, shown });
    return shown;
  };
}

function serve(ctx: Ctx): RequestHandler {
  const shown = createShown(ctx);
  return async (req, res) => {
    const path = pathOf(req);
    const type = isSafePath(path) ? mimeOfPath(path) : null;
    const size = type === null ? null : await ctx.files.findSize(path);
    if (type === null || size === null || !(await shown(path))) {
      // It may come, or come back.
      res.set('Cache-Control', 'no-store');
      throw notFound();
    }
    describe(res, type);
    res.set('ETag', `"${path.split('/').at(-1)}"`);
    if (req.fresh) return void res.status(304).end();
    const range = rangeOf(req, size);
    if (range === 'unsatisfiable') return void res.status(416).set('Content-Range', `bytes */${size}`).end();
    if (range) res.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${size}`);
    res.set('Content-Length', String(range ? range.end - range.start + 1 : size));
    if (req.method === 'HEAD') return void res.end();
    const { stream } = range ? await ctx.files.get(path, range) : await ctx.files.get(path);
    // A reader who goes away is no error.
    await pipeline(stream, res).catch(() => undefined);
  };
}

function describe(res: Response, type: string): void {
  res.type(type);
  res.set({
    'Accept-Ranges': 'bytes',
    // A day and no more: what was deleted must not live on in the caches of proxies (ATTACKS 234).
    'Cache-Control': 'public, max-age=86400, immutable',
    'Content-Disposition': 'inline',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Access-Control-Allow-Origin': '*',
    'X-Content-Type-Options': 'nosniff',
  });
}

function pathOf(req: Request): string {
  const parts: unknown = req.params['path'];
  return Array.isArray(parts) ? parts.join('/') : String(parts);
}

/** One range only (RFC 9110, 14.2); anything else is answered whole. */
function rangeOf(req: Request, size: number): ByteRange | 'unsatisfiable' | null {
  const ranges = req.range(size);
  if (ranges === -1) return 'unsatisfiable';
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return null;
  return ranges[0] ?? null;
}
