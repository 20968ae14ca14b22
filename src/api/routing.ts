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
