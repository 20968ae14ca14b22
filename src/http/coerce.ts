import { z } from 'zod';
import { isRecord } from './form.js';

/**
 * Zod schemas for parameters that may arrive as form text or as JSON. Add `.optional()` or `.default(…)` for
 * parameters that may be missing.
 */

const yes = new Set(['true', '1', 'on', 'yes', 't']);
const no = new Set(['false', '0', 'off', 'no', 'f', '']);

/** A repeated parameter counts as its last value, as in Rails (hidden field + check box). */
const last = (value: unknown): unknown => (Array.isArray(value) ? value.at(-1) : value);

/** true, "true", "1", 1, "on" … and their opposites; an empty text is false. */
export const bool = () =>
  z.preprocess((raw) => {
    const value = last(raw);
    const text =
      typeof value === 'string' || typeof value === 'number' ? String(value).trim().toLowerCase() : null;
    if (text === null) return value;
    return yes.has(text) ? true : no.has(text) ? false : value;
  }, z.boolean('must be true or false'));

export interface IntRange {
  min?: number;
  max?: number;
}

/** A whole number within the range; text is read as decimal. */
export const int = (range: IntRange = {}) =>
  z.preprocess(
    (raw) => {
      const value = last(raw);
      return typeof value === 'string' && /^\s*[+-]?\d{1,16}\s*$/.test(value) ? Number(value) : value;
    },
    z
      .number('is not a number')
      .int('must be an integer')
      .min(range.min ?? Number.MIN_SAFE_INTEGER, `must be greater than or equal to ${range.min}`)
      .max(range.max ?? Number.MAX_SAFE_INTEGER, `must be less than or equal to ${range.max}`),
  );

/** A decimal number, e.g. a focal point's part. */
export const decimal = (range: IntRange = {}) =>
  z.preprocess(
    (raw) => {
      const value = last(raw);
      return typeof value === 'string' && /^\s*[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})\s*$/.test(value)
        ? Number(value)
        : value;
    },
    z
      .number('is not a number')
      .min(range.min ?? -Number.MAX_VALUE, `must be greater than or equal to ${range.min}`)
      .max(range.max ?? Number.MAX_VALUE, `must be less than or equal to ${range.max}`),
  );

/** Text; numbers and booleans in JSON are taken as the text they would be in a form. */
export const text = (max = 100_000) =>
  z.preprocess(
    (raw) => {
      const value = last(raw);
      return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    },
    z.string('is not a text').max(max, `is too long (maximum is ${max} characters)`),
  );

/** One of these words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.preprocess(last, z.enum(words, 'is not included in the list'));

/** An id as text; JSON numbers are accepted. It may still name nothing: the verbs answer 404 then. */
export const idParam = z.preprocess(
  (raw) => {
    const value = last(raw);
    return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  },
  z.string('is not an id').min(1, "can't be blank").max(64, 'is not an id'),
);

/** `a[]=1`, `a[0]=1`, a JSON list, or one single value → a list. */
export function toList(raw: unknown): unknown {
  if (raw === undefined || Array.isArray(raw)) return raw;
  return isRecord(raw) ? Object.values(raw) : [raw];
}

/** A list whose entries have the shape of `entry`. */
export const listOf = <T>(entry: z.ZodType<T>, max = 500) =>
  z.preprocess(toList, z.array(entry, 'is not a list').max(max, `is too long (maximum is ${max})`));

const blankless = (raw: unknown): unknown => {
  const list = toList(raw);
  return Array.isArray(list) ? list.filter((entry) => entry !== '' && entry !== null) : list;
};

/** Texts; empty ones are left out. */
export const stringList = (max = 500) =>
  z.preprocess(blankless, z.array(text(10_000), 'is not a list').max(max, `is too long (maximum is ${max})`));

/** Ids (`id[]=1&id[]=2`, `id=1`, JSON list); empty ones are left out. */
export const idList = (max = 500) =>
  z.preprocess(blankless, z.array(idParam, 'is not a list').max(max, `is too long (maximum is ${max})`));
