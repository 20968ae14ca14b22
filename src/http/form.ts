import qs from 'qs';
import { badRequest } from '../errors.js';

const maxParameters = 1000;
const maxDepth = 8;
const maxNodes = 20_000;
/** Names that would reach an object's prototype. */
const dangerous = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads `a=1&b[]=2&c[0][d]=3`, the form in which queries, urlencoded bodies and multipart fields all arrive.
 * Numbered entries become lists (objects with numbers as keys when far apart).
 * @throws AppError 400 when it has too many parameters or nests too deep
 */
export function parseForm(text: string): Record<string, unknown> {
  let count = 1;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) count += 1;
  if (count > maxParameters) throw badRequest('There are too many parameters');
  try {
    return checkShape(
      qs.parse(text, { depth: maxDepth, strictDepth: true, parameterLimit: maxParameters, arrayLimit: 500 }),
    );
  } catch (error) {
    if (error instanceof RangeError) throw badRequest('The parameters nest too deep');
    throw error;
  }
}

/** As `parseForm`, for places that may not throw: what cannot be read is empty. */
export function parseFormOrNothing(text: string): Record<string, unknown> {
  try {
    return parseForm(text);
  } catch {
    return {};
  }
}

/**
 * Bounds decoded input from outside and takes names away that reach a prototype. Walks without recursion.
 * @throws AppError 400 when it is no object, nests too deep or has too many members
 */
export function checkShape(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw badRequest('The parameters must be an object');
  const todo: { value: object; depth: number }[] = [{ value, depth: 1 }];
  let nodes = 0;
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (next.depth > maxDepth * 2) throw badRequest('The parameters nest too deep');
    for (const [name, member] of Object.entries(next.value)) {
      nodes += 1;
      if (nodes > maxNodes) throw badRequest('There are too many parameters');
      if (dangerous.has(name)) Reflect.deleteProperty(next.value, name);
      else if (typeof member === 'object' && member !== null)
        todo.push({ value: member, depth: next.depth + 1 });
    }
  }
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
