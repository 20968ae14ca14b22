import { UnsupportedOperator } from './errors.js';
import { toPlain } from './plain.js';
import type { Filter, Sort, Update } from './port.js';

const maxDepth = 16;
const maxListLength = 100_000;

function refuse(text: string): never {
  throw new UnsupportedOperator(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  );
}

/** Nearly all paths: one name, of which no check has to say more. */
const plainPath = /^_?[A-Za-z]\w*$/;

function checkPath(path: string): void {
  if (plainPath.test(path)) return;
  for (const part of path.split('.')) {
    if (part === '' || part.startsWith('$') || part === '__proto__')
      refuse(`the path '${path}' is not allowed`);
  }
}

const isBound = (value: unknown): boolean => typeof value === 'string' || Number.isFinite(value);
const isList = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= maxListLength && value.every(isScalar);

const conditions: Record<string, (value: unknown) => boolean> = {
  $eq: isScalar,
  $ne: isScalar,
  $in: isList,
  $nin: isList,
  $gt: isBound,
  $gte: isBound,
  $lt: isBound,
  $lte: isBound,
  $exists: (value) => typeof value === 'boolean',
};

function checkCondition(path: string, condition: unknown): void {
  if (isScalar(condition)) return;
  // A forgotten value must not silently match everything, nor anything.
  if (condition === undefined) refuse(`the filter on '${path}' is undefined`);
  if (!isObject(condition)) refuse(`the filter on '${path}' is neither a scalar nor a condition`);
  const entries = Object.entries(condition);
  if (entries.length === 0) refuse(`the filter on '${path}' is empty`);
  for (const [operator, value] of entries) {
    const check = Object.hasOwn(conditions, operator) ? conditions[operator] : undefined;
    if (!check) refuse(`the operator '${operator}' on '${path}' is not allowed`);
    if (!check(value)) refuse(`the value of '${operator}' on '${path}' is not allowed`);
  }
}

/**
 * Lets only the port's filter language through, the same on every engine.
 * Throws UnsupportedOperator; also for `undefined`, which would otherwise match every document.
 */
export function checkFilter(filter: Filter, depth = 0): void {
  if (!isObject(filter)) refuse('a filter must be an object');
  if (depth > maxDepth) refuse('the filter is nested too deeply');
  for (const [key, value] of Object.entries(filter)) {
    if (key === '$and' || key === '$or') {
      if (!Array.isArray(value) || value.length === 0) refuse(`'${key}' needs a list of filters`);
      for (const part of value) checkFilter(part as Filter, depth + 1);
    } else {
      checkPath(key);
      checkCondition(key, value);
    }
  }
}

/** Throws UnsupportedOperator for a sort that is not fields with 1 or -1. */
export function checkSort(sort: Sort): void {
  for (const [path, direction] of Object.entries(sort)) {
    checkPath(path);
    if (direction !== 1 && direction !== -1) refuse(`the sort direction of '${path}' must be 1 or -1`);
  }
}

function checkPull(path: string, value: unknown): void {
  if (!isObject(value)) return;
  if (Object.keys(value).some((key) => key.startsWith('$') && key !== '$and' && key !== '$or')) {
    checkCondition(path, value);
  } else checkFilter(value as Filter);
}

function checkAddToSet(path: string, value: unknown): void {
  if (!isObject(value)) return;
  const operators = Object.keys(value).filter((key) => key.startsWith('$'));
  if (operators.length === 0) return;
  if (operators.length > 1 || operators[0] !== '$each' || Object.keys(value).length > 1) {
    refuse(`only $each is allowed in $addToSet of '${path}'`);
  }
  if (!Array.isArray(value['$each'])) refuse(`$each of '${path}' needs a list`);
}

const anything = (): void => {};
const updates: Record<string, (path: string, value: unknown) => void> = {
  $set: anything,
  $setOnInsert: anything,
  $unset: anything,
  $max: anything,
  $inc: (path, value) => {
    if (!Number.isFinite(value)) refuse(`$inc of '${path}' needs a number`);
  },
  $addToSet: checkAddToSet,
  $pull: checkPull,
};

/** No path may come twice, nor be within another. */
function checkConflicts(paths: readonly string[]): void {
  const all = new Set(paths);
  const seen = new Set<string>();
  for (const path of paths) {
    let conflicts = seen.has(path);
    for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1))
      conflicts ||= all.has(path.slice(0, dot));
    if (conflicts) refuse(`two updates of '${path}' are in conflict`);
    seen.add(path);
  }
}

/**
 * Lets only the port's update language through and drops `undefined` members. Throws UnsupportedOperator for other
 * operators, positional paths, a changed `_id`, and two operators on one path.
 */
export function checkUpdate(update: Update): Update {
  if (!isObject(update)) refuse('an update must be an object');
  const clean = toPlain(update);
  const paths: string[] = [];
  if (Object.keys(clean).length === 0) refuse('an update needs an operator');
  for (const [operator, fields] of Object.entries(clean)) {
    const check = Object.hasOwn(updates, operator) ? updates[operator] : undefined;
    if (!check) refuse(`the update operator '${operator}' is not allowed`);
    if (!isObject(fields)) refuse(`the update operator '${operator}' needs fields`);
    for (const [path, value] of Object.entries(fields)) {
      checkPath(path);
      if (path === '_id' && operator !== '$setOnInsert') refuse('the _id of a document cannot change');
      check(path, value);
      paths.push(path);
    }
  }
  checkConflicts(paths);
  return clean;
}

/** The value a filter demands of `path` by equality, also inside `$and`; undefined when it demands none. */
export function equalityOf(filter: Filter, path: string): unknown {
  for (const [key, value] of Object.entries(filter)) {
    if (key === '$and') {
      for (const part of value as Filter[]) {
        const found = equalityOf(part, path);
        if (found !== undefined) return found;
      }
    } else if (key === path) {
      if (!isObject(value)) return value;
      if (value['$eq'] !== undefined) return value['$eq'];
    }
  }
  return undefined;
}

/** An upsert must say which `_id` it would create (no engine invents one). Throws UnsupportedOperator. */
export function checkUpsert(filter: Filter, update: Update): void {
  const id = update.$setOnInsert?.['_id'] ?? equalityOf(filter, '_id');
  if (typeof id !== 'string') refuse('an upsert needs a string _id, in the filter or in $setOnInsert');
}

/** A document needs a non-empty string `_id`. Returns it as plain JSON. */
export function checkDocument<T extends { _id: string }>(document: T): T {
  const clean = toPlain(document);
  if (typeof clean._id !== 'string' || clean._id === '' || clean._id.includes('\0')) {
    refuse('a document needs a string _id');
  }
  return clean;
}
