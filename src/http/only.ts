import { Router, type Request, type RequestHandler } from 'express';

/**
 * These routers for the requests that `wants` names; they see the whole path. Others do not try a single route of them.
 * No router of its own: each costs as much as several routes, and one that is left at its end goes on in the next turn of
 * the event loop only.
 */
export function only(
  wants: (req: Request) => boolean,
  ...routers: readonly RequestHandler[]
): RequestHandler {
  const [first, ...more] = routers;
  const inner = first && more.length === 0 ? first : Router().use(...routers);
  return (req, res, next) => (wants(req) ? inner(req, res, next) : next());
}

/** As `only`, for what lies under these paths. */
export function under(paths: readonly string[], ...routers: readonly RequestHandler[]): RequestHandler {
  const pattern = new RegExp(`^(?:${paths.join('|')})(?:/|$)`, 'i');
  return only((req) => pattern.test(req.path), ...routers);
}

/**
 * These handlers one after the other, as one: as layers of a router, each would be matched with the path. As there, an
 * error that one throws, passes on or rejects with ends the row.
 */
export function inOrder(...handlers: readonly RequestHandler[]): RequestHandler {
  return (req, res, next) => {
    let at = 0;
    const step = (error?: unknown): void => {
      const handler = error === undefined ? handlers[at++] : undefined;
      if (!handler) return next(error);
      try {
        const result: unknown = handler(req, res, step);
        if (result instanceof Promise) result.catch(step);
      } catch (thrown) {
        step(thrown);
      }
    };
    step();
  };
}
