import type { Request, RequestHandler, Router } from 'express';

/** Rails takes PUT and PATCH alike wherever something is updated. */
export function putOrPatch(router: Router, path: string, ...handlers: RequestHandler[]): void {
  router.put(path, ...handlers);
  router.patch(path, ...handlers);
}

/** A parameter of the path, usually an id. */
export function pathParam(req: Request, name = 'id'): string {
  const value = req.params[name];
  return typeof value === 'string' ? value : '';
}

/**
 * Tells clients since when an endpoint has a better successor (RFC 9745: `Deprecation: @<Unix seconds>`).
 * @param since a date, e.g. `2022-11-14`
 */
export function deprecated(since: string): RequestHandler {
  const header = `@${Date.parse(`${since}T00:00:00Z`) / 1000}`;
  return (_req, res, next) => {
    res.set('Deprecation', header);
    next();
  };
}
