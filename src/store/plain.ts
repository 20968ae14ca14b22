import { toUSVString } from 'node:util';
import { InvalidWrite } from './errors.js';

/** MongoDB's own limit on nesting. */
const maxDepth = 100;

/**
 * The value as plain JSON: `undefined` members dropped, lone surrogates replaced by U+FFFD (as BSON does).
 * Returns the same object when there was nothing to change. Throws InvalidWrite for what JSON cannot hold (NaN,
 * Date, functions, bigint), for keys with NUL, and for nesting deeper than 100 levels.
 */
export function toPlain<T>(value: T, depth = 0): T {
  return plain(value, depth) as T;
}

function plain(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return toUSVString(value);
    case 'number':
      if (!Number.isFinite(value)) throw new InvalidWrite(2, `${value} cannot be stored`);
      return value;
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      if (value === null) return null;
      if (depth > maxDepth) throw new InvalidWrite(15, 'the document is nested too deeply');
      return Array.isArray(value) ? plainArray(value, depth) : plainObject(value, depth);
    default:
      throw new InvalidWrite(2, `a ${typeof value} cannot be stored`);
  }
}

function plainArray(values: readonly unknown[], depth: number): readonly unknown[] {
  let copy: unknown[] | null = null;
  for (let i = 0; i < values.length; i++) {
    // As JSON and the MongoDB driver do: a hole in an array is null.
    const clean = plain(values[i], depth + 1) ?? null;
    if (clean === values[i]) continue;
    copy ??= values.slice();
    copy[i] = clean;
  }
  return copy ?? values;
}

function plainObject(value: object, depth: number): object {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm (Jest) have another Object.prototype: recognised by having none above it.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new InvalidWrite(2, `a ${value.constructor.name} cannot be stored, only plain JSON`);
  }
  let entries: [string, unknown][] | null = null;
  let passed = 0;
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    const clean = plain(member, depth + 1);
    const name = toUSVString(key);
    if (name.includes('\0')) throw new InvalidWrite(2, 'a key must not contain NUL');
    if (clean !== member || clean === undefined || name !== key)
      entries ??= Object.entries(value).slice(0, passed);
    if (clean !== undefined) entries?.push([name, clean]);
    passed += 1;
  }
  // fromEntries defines own members, so that a key named __proto__ stays a key.
  return entries ? Object.fromEntries(entries) : value;
}
