import type { RequestHandler } from 'express';

/** Paths that pages of other origins may call; the consent pages and everything with a cookie are not among them. */
const openPath = /^\/(api|oauth\/(token|revoke|userinfo)|\.well-known|nodeinfo)(\/|$)/i;
const exposed = [
  'Link',
  'X-RateLimit-Reset',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-Request-Id',
  'Mastodon-Async-Refresh',
].join(', ');

/** CORS with `*` and without credentials, as browser clients of the Mastodon API expect it. Answers preflights. */
export function cors(): RequestHandler {
  return (req, res, next) => {
    if (!openPath.test(req.path)) return next();
    res.setHeader('Access-Control-Allow-Origin', '*');
    res.setHeader('Access-Control-Expose-Headers', exposed);
    const preflight = req.method === 'OPTIONS' && req.get('access-control-request-method') !== undefined;
    if (!preflight) return next();
    const wanted = req.get('access-control-request-headers') ?? '';
    res.set({
      'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      // `*` does not cover Authorization, so the wish is granted by name.
      'Access-Control-Allow-Headers': /^[\w\s,-]{1,1000}$/.test(wanted)
        ? wanted
        : 'Authorization, Content-Type',
      'Access-Control-Max-Age': '7200',
      Vary: 'Access-Control-Request-Headers',
    });
    res.status(204).end();
  };
}
