import { LRUCache } from 'lru-cache';
import { growing } from '../../growing.js';
import type { Filter } from '../port.js';
import type { Connection } from './connection.js';
import type { Index } from './keys.js';

/**
 * What an index is known not to hold: most people block nobody, mute nothing, vote seldom, and are asked about it with
 * every page they read.
 */
export interface Absence {
  /** True when nothing can match: an index begins with a field that the filter pins to a value which is not in it. */
  proves(indexes: readonly Index[], filter: Filter): boolean;
  /** A search found nothing. The second time that this is so for a value, the index is asked whether it has it at all. */
  learn(db: Connection, indexes: readonly Index[], filter: Filter): void;
  /** A row with this first key is about to be written. */
  forget(index: Index, key: unknown): void;
  /** Another process has written. */
  clear(): void;
}

type State = 'suspected' | 'absent' | 'present';
const maxValues = 50_000;

export function createAbsence(): Absence {
  const states = new LRUCache<string, State>(growing(maxValues));
  const nameOf = (index: Index, value: string): string => `${index.table} ${value}`;
  return {
    proves: (indexes, filter) => {
      for (const [index, value] of pinned(indexes, filter))
        if (states.get(nameOf(index, value)) === 'absent') return true;
      return false;
    },
    learn: (db, indexes, filter) => {
      for (const [index, value] of pinned(indexes, filter)) {
        const name = nameOf(index, value);
        const state = states.get(name);
        if (state === undefined) states.set(name, 'suspected');
        if (state !== 'suspected') continue;
        const found = db.get(`SELECT 1 FROM ${index.table} WHERE k0 = ? LIMIT 1`, [value]);
        states.set(name, found ? 'present' : 'absent');
      }
    },
    forget: (index, key) => {
      if (index.provesAbsence && typeof key === 'string') states.delete(nameOf(index, key));
    },
    clear: () => states.clear(),
  };
}

/** The one text that a field must be: `'x'`, or `{ $in: ['x'] }`. */
function onlyText(condition: Filter[string]): string | null {
  if (typeof condition === 'string') return condition;
  if (typeof condition !== 'object' || condition === null || !('$in' in condition)) return null;
  const [value, ...others] = condition.$in ?? [];
  return typeof value === 'string' && others.length === 0 ? value : null;
}

function* pinned(indexes: readonly Index[], filter: Filter): Generator<[Index, string]> {
  const seen = new Set<string>();
  for (const index of indexes) {
    const path = index.columns[0]?.path ?? '';
    if (!index.provesAbsence || !Object.hasOwn(filter, path) || seen.has(path)) continue;
    const value = onlyText(filter[path]);
    if (value === null) continue;
    seen.add(path);
    yield [index, value];
  }
}
