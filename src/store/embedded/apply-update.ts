import { update as mutate, type Modifier } from 'mingo/updater';
import { InvalidWrite } from '../errors.js';
import type { Filter, Update } from '../port.js';
import { conjunction } from './match.js';
import { compareValues, isPlainObject } from './values.js';

type Fields = Record<string, unknown>;

/**
 * The value at `path`. Throws what MongoDB throws (code 28) where the way leads through a scalar, null, or a named
 * member of an array: mingo would skip or overwrite it silently.
 */
function valueAt(document: Fields, path: string): unknown {
  let value: unknown = document;
  for (const part of path.split('.')) {
    if (value === undefined) return undefined;
    const passable = Array.isArray(value) ? /^\d{1,4}$/.test(part) : isPlainObject(value);
    if (!passable) throw new InvalidWrite(28, `cannot create field '${part}' of '${path}'`);
    value = Object.hasOwn(value as Fields, part) ? (value as Fields)[part] : undefined;
  }
  return value;
}

function listAt(document: Fields, path: string, operator: string): unknown[] | undefined {
  const value = valueAt(document, path);
  if (value !== undefined && !Array.isArray(value)) {
    throw new InvalidWrite(2, `cannot apply ${operator} to the non-array field '${path}'`);
  }
  return value;
}

function withAdded(list: readonly unknown[], value: unknown): unknown[] {
  const added =
    isPlainObject(value) && Array.isArray(value['$each']) ? (value['$each'] as unknown[]) : [value];
  const result = [...list];
  for (const one of added) {
    if (!result.some((member) => compareValues(member, one) === 0)) result.push(one);
  }
  return result;
}

/**
 * Turns a checked update into mingo's. `$max` and `$addToSet` become `$set`, because mingo compares strings by UTF-16
 * units, and drops duplicates that an array already had; wrong types throw as MongoDB does, where mingo does nothing.
 */
function toModifier(document: Fields, update: Update): Modifier<Fields> {
  const set: Fields = { ...update.$set };
  for (const path of Object.keys(set)) valueAt(document, path);
  for (const [path, value] of Object.entries(update.$max ?? {})) {
    const current = valueAt(document, path);
    if (current === undefined || compareValues(value, current) > 0) set[path] = value;
  }
  for (const [path, value] of Object.entries(update.$addToSet ?? {})) {
    const list = listAt(document, path, '$addToSet');
    const next = withAdded(list ?? [], value);
    if (!list || next.length > list.length) set[path] = next;
  }
  for (const path of Object.keys(update.$inc ?? {})) {
    const value = valueAt(document, path);
    if (value !== undefined && typeof value !== 'number') {
      throw new InvalidWrite(14, `cannot apply $inc to the non-numeric field '${path}'`);
    }
  }
  for (const path of Object.keys(update.$pull ?? {})) {
    if (canReach(document, path)) listAt(document, path, '$pull');
  }
  return {
    $set: set,
    ...(update.$unset && { $unset: reachable(document, update.$unset) }),
    ...(update.$inc && { $inc: update.$inc }),
    ...(update.$pull && { $pull: update.$pull }),
  } as Modifier<Fields>;
}

function canReach(document: Fields, path: string): boolean {
  try {
    return valueAt(document, path) !== undefined;
  } catch (error) {
    if (error instanceof InvalidWrite) return false;
    throw error;
  }
}

/** `$unset` of what cannot exist is nothing to do, not an error. */
function reachable(document: Fields, fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([path]) => canReach(document, path)));
}

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;

/**
 * `$set` and `$max` of scalars and `$inc`, all of members of the document itself: nearly every update. Null: it is
 * something else, which mingo decides.
 */
function applyPlain(
  document: Fields,
  { $set = {}, $inc = {}, $max = {}, ...others }: Update,
): string[] | null {
  if (Object.values(others).some((fields) => fields !== undefined && Object.keys(fields).length > 0))
    return null;
  const larger = Object.entries($max).filter(
    ([path, value]) => !Object.hasOwn(document, path) || compareValues(value, document[path]) > 0,
  );
  const [sets, incs] = [[...Object.entries($set), ...larger], Object.entries($inc)];
  const plainSets = sets.every(
    ([path, value]) => !path.includes('.') && isScalar(value) && value !== undefined,
  );
  const plainIncs = incs.every(([path, by]) => {
    const current = Object.hasOwn(document, path) ? document[path] : 0;
    return !path.includes('.') && by !== 0 && typeof current === 'number' && !Object.hasOwn($set, path);
  });
  if (!plainSets || !plainIncs || Object.keys($max).some((path) => path.includes('.'))) return null;
  const changed: string[] = [];
  for (const [path, value] of sets) {
    if (Object.hasOwn(document, path) && document[path] === value) continue;
    document[path] = value;
    changed.push(path);
  }
  for (const [path, by] of incs) {
    document[path] = (Object.hasOwn(document, path) ? (document[path] as number) : 0) + by;
    changed.push(path);
  }
  return changed;
}

/** Applies a checked update in place. Returns the paths that changed; throws InvalidWrite. */
export function applyUpdate(document: object, update: Update): string[] {
  const fields = document as Fields;
  const changed = applyPlain(fields, update);
  if (changed) return changed;
  return mutate(fields, toModifier(fields, update), [], {}, { cloneMode: 'deep' });
}

/** The document an upsert inserts: the filter's equalities, then `$setOnInsert` and the other operators. */
export function toUpserted(filter: Filter, update: Update): { _id: string } & Fields {
  const document: Fields = {};
  const { $setOnInsert = {}, ...rest } = update;
  const { _id, ...onInsert } = $setOnInsert;
  const { predicates } = conjunction(filter);
  const equalities = predicates
    .filter(({ op }) => op === 'eq')
    .map(({ path, value }) => [path, value] as const);
  const seed: Fields = Object.fromEntries(equalities);
  const id = _id ?? seed['_id'];
  delete seed['_id'];
  document['_id'] = id;
  applyUpdate(document, { $set: seed });
  applyUpdate(document, { ...rest, $set: { ...rest.$set, ...onInsert } });
  return document as { _id: string } & Fields;
}
