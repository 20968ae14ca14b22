import { leastBlob, leastText, nullKey, toKey, type Column, type Key } from './keys.js';
import type { Predicate } from './match.js';

/** One condition in SQL. `side` tells which end of a range it cuts off. */
export interface Term {
  column: string;
  side: 'low' | 'high' | 'none';
  sql: string;
  params: readonly Key[];
}

/** What a filter says about one column, in SQL. */
export interface Bound {
  kind: 'equal' | 'list' | 'range' | 'none';
  terms: Term[];
  /** The predicates that the conditions express completely. */
  said: Predicate[];
}

const operators = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
const isRange = (op: Predicate['op']): op is keyof typeof operators => Object.hasOwn(operators, op);
/** Longer lists go as one JSON parameter, so that the number of different statements stays small. */
const maxMarks = 64;

/**
 * Conditions on `column` that are right for sure. A column that has had arrays takes one condition only, because two
 * may be met by different elements, and null proves nothing there (an empty array has no value at all).
 */
export function bind(column: Column, predicates: readonly Predicate[], regular: boolean): Bound {
  const bound: Bound = { kind: 'none', terms: [], said: [] };
  const here = predicates.filter(({ path, op }) => path === column.path && op !== 'exists');
  if (here.length === 0) return bound;
  const usable = regular
    ? here
    : here
        .filter(({ op }) => op !== 'ne' && op !== 'nin')
        .sort(byStrength)
        .slice(0, 1);
  for (const predicate of usable) {
    const { op, value } = predicate;
    if (isRange(op)) addRange(bound, column, op, value as string | number);
    else addMembership(bound, column, op, value);
    const mentionsNull = value === null || (Array.isArray(value) && value.includes(null));
    if (regular || !mentionsNull) bound.said.push(predicate);
  }
  return bound;
}

const strength = ({ op, value }: Predicate): number =>
  op === 'eq' ? (value === null ? 2 : 0) : op === 'in' ? 1 : 3;
const byStrength = (a: Predicate, b: Predicate): number => strength(a) - strength(b);

function strengthen(bound: Bound, kind: 'equal' | 'list' | 'range'): void {
  const order = ['none', 'range', 'list', 'equal'];
  if (order.indexOf(kind) > order.indexOf(bound.kind)) bound.kind = kind;
}

function push(bound: Bound, column: Column, sql: string, rest: { params: Key[]; side?: Term['side'] }): void {
  const text = sql.replaceAll('#', column.sql);
  bound.terms.push({ column: column.sql, side: rest.side ?? 'none', sql: text, params: rest.params });
}

/** With the brackets that keep a comparison within its type: null < numbers < texts < blobs. */
function addRange(bound: Bound, column: Column, op: keyof typeof operators, value: string | number): void {
  const low = op === 'gt' || op === 'gte';
  const numeric = typeof value === 'number';
  push(bound, column, `# ${operators[op]} ?`, { params: [value], side: low ? 'low' : 'high' });
  if (low) push(bound, column, '# < ?', { params: [numeric ? leastText : leastBlob], side: 'high' });
  else
    push(bound, column, numeric ? '# > ?' : '# >= ?', {
      params: [numeric ? nullKey : leastText],
      side: 'low',
    });
  strengthen(bound, 'range');
}

function addMembership(bound: Bound, column: Column, op: Predicate['op'], value: Predicate['value']): void {
  if (op === 'eq' || op === 'ne') {
    push(bound, column, op === 'eq' ? '# = ?' : '# <> ?', { params: [toKey(value)] });
    if (op === 'eq') strengthen(bound, 'equal');
    return;
  }
  const list = [...new Set(value as readonly unknown[])];
  const not = op === 'nin' ? 'NOT ' : '';
  if (list.length === 1 && op === 'in') {
    push(bound, column, '# = ?', { params: list.map(toKey) });
    strengthen(bound, 'equal');
    return;
  }
  const marks = (values: readonly unknown[]): string => `(${values.map(() => '?').join(', ')})`;
  if (list.length <= maxMarks) push(bound, column, `# ${not}IN ${marks(list)}`, { params: list.map(toKey) });
  else {
    // JSON has no form of our keys for null and booleans: these few stay parameters.
    const special = list.filter((one) => one === null || typeof one === 'boolean');
    const plain = list.filter((one) => one !== null && typeof one !== 'boolean');
    const sql = `${not}(# IN (SELECT value FROM json_each(?)) OR # IN ${marks(special)})`;
    const short = `# ${not}IN (SELECT value FROM json_each(?))`;
    push(bound, column, special.length > 0 ? sql : short, {
      params: [JSON.stringify(plain), ...special.map(toKey)],
    });
  }
  if (op === 'in') strengthen(bound, 'list');
}
