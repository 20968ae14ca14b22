import type { Condition, Filter, Scalar } from '../port.js';
import { compareText, valuesAt, type Found } from './values.js';

export type Test = (document: unknown) => boolean;

/** One condition on one path, after `$and` was taken apart. */
export interface Predicate {
  path: string;
  op: 'eq' | 'in' | 'ne' | 'nin' | 'gt' | 'gte' | 'lt' | 'lte' | 'exists';
  value: Scalar | readonly Scalar[];
}

/** A filter as a conjunction: single predicates, and `$or` lists. */
export interface Conjunction {
  predicates: Predicate[];
  ors: (readonly Filter[])[];
}

/** Takes `$and` and implicit conjunctions apart. The filter was checked before. */
export function conjunction(filter: Filter, into: Conjunction = { predicates: [], ors: [] }): Conjunction {
  for (const [key, value] of Object.entries(filter)) {
    if (key === '$and') for (const part of value as readonly Filter[]) conjunction(part, into);
    else if (key === '$or') into.ors.push(value as readonly Filter[]);
    else if (typeof value === 'object' && value !== null) {
      for (const [operator, operand] of Object.entries(value as Condition)) {
        into.predicates.push({ path: key, op: operator.slice(1) as Predicate['op'], value: operand });
      }
    } else into.predicates.push({ path: key, op: 'eq', value: value ?? null });
  }
  return into;
}

function equals(found: Found, operand: Scalar): boolean {
  if (operand !== null) return found.values.includes(operand);
  return found.values.some((value) => value === null || value === undefined);
}

function includesAny(found: Found, list: ReadonlySet<unknown>): boolean {
  return found.values.some((value) => list.has(value ?? null));
}

/** Comparisons hold only between values of one type (MongoDB's type bracketing). */
function compares(found: Found, operand: string | number, holds: (difference: number) => boolean): boolean {
  return found.values.some((value) => {
    if (typeof value === 'number' && typeof operand === 'number') return holds(value - operand);
    if (typeof value === 'string' && typeof operand === 'string') return holds(compareText(value, operand));
    return false;
  });
}

function test({ op, value }: Predicate): (found: Found) => boolean {
  const bound = value as string | number;
  switch (op) {
    case 'eq':
      return (found) => equals(found, value as Scalar);
    case 'ne':
      return (found) => !equals(found, value as Scalar);
    case 'gt':
      return (found) => compares(found, bound, (d) => d > 0);
    case 'gte':
      return (found) => compares(found, bound, (d) => d >= 0);
    case 'lt':
      return (found) => compares(found, bound, (d) => d < 0);
    case 'lte':
      return (found) => compares(found, bound, (d) => d <= 0);
    case 'exists':
      return (found) => (found.leafArray || found.values.some((v) => v !== undefined)) === value;
    case 'in':
    case 'nin': {
      const list = new Set<unknown>(value as readonly Scalar[]);
      return (found) => includesAny(found, list) === (op === 'in');
    }
  }
}

/** Compiles a checked filter into a test with MongoDB's meaning. */
export function compile(filter: Filter): Test {
  const { predicates, ors } = conjunction(filter);
  const tests: Test[] = predicates.map((predicate) => {
    const parts = predicate.path.split('.');
    const holds = test(predicate);
    return (document) => holds(valuesAt(document, parts));
  });
  for (const branches of ors) {
    const alternatives = branches.map(compile);
    tests.push((document) => alternatives.some((alternative) => alternative(document)));
  }
  return (document) => tests.every((each) => each(document));
}
