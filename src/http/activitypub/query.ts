import type { Request } from 'express';
import { isId } from '../../model/ids.js';
import { queryOf } from '../params.js';

/** A part of the path. */
export function textParam(req: Request, name: string): string {
  const value = req.params[name];
  return typeof value === 'string' ? value : '';
}

/** An id in the query; anything else counts as absent. */
export function optionalId(req: Request, name: string): string | undefined {
  const value = queryOf(req)[name];
  return isId(value) ? value : undefined;
}

/** True for `name=true` in the query. */
export function isSet(req: Request, name: string): boolean {
  return queryOf(req)[name] === 'true';
}
