import type { Index } from './keys.js';
import type { Memory, Table } from './tables.js';
import type { Written } from './writers.js';

/** What a write tells those who remember something of one collection (cache.ts, absence.ts, answers.ts). */
export interface Notices {
  /** A document is about to change, or to go. @returns whether its new text is wanted */
  changes(id: string): boolean;
  /** What it is from this transaction on, if that is committed. */
  changed(id: string, text: string): void;
  /** A row with this first key comes into an index, or leaves it. */
  row(index: Index, key: unknown): void;
  /** Rows of some index come, go or move. */
  rowsMove(): void;
  /** Columns of an index are no longer regular (see Index). */
  irregular(index: Index, bits: number): void;
}

/** Straight to a memory in the same thread. */
export function toNotices({
  cache,
  absence,
  answers,
}: Pick<Memory, 'cache' | 'absence' | 'answers'>): Notices {
  return {
    changes: (id) => cache?.drop(id) ?? false,
    changed: (id, text) => cache?.renew(id, text),
    row: absence.forget,
    rowsMove: () => answers?.clear(),
    irregular: () => {},
  };
}

/** What one transaction did, to be told to a memory in another thread. Plain data. */
export interface Noted {
  committed: boolean;
  /** Who had written until then, this transaction included. */
  written: Written;
  /** Collection, id, and what the document is now; null: gone, or not wanted. */
  changes: [collection: string, id: string, text: string | null][];
  /** Index and first key. */
  rows: [index: string, key: string][];
  moved: string[];
  irregular: [index: string, bits: number][];
}

/** Writes down what is noticed. */
export interface Notebook {
  /** @param spec whether anybody keeps its documents, or answers */
  of(collection: string, spec: { hot?: boolean; steady?: boolean }): Notices;
  /** All since the last time; null: nothing that anybody has to know. */
  take(about: Pick<Noted, 'committed' | 'written'>): Noted | null;
}

export function createNotebook(): Notebook {
  const changes = new Map<string, Noted['changes'][number]>();
  const moved = new Set<string>();
  let rows: Noted['rows'] = [];
  let irregular: Noted['irregular'] = [];
  return {
    of: (collection, { hot = false, steady = false }) => ({
      changes: (id) => {
        if (hot) changes.set(`${collection} ${id}`, [collection, id, null]);
        return hot;
      },
      changed: (id, text) => void changes.set(`${collection} ${id}`, [collection, id, text]),
      row: (index, key) => {
        if (index.provesAbsence && typeof key === 'string') rows.push([index.table, key]);
      },
      rowsMove: () => {
        if (steady) moved.add(collection);
      },
      irregular: (index, bits) => void irregular.push([index.table, bits]),
    }),
    take: (about) => {
      const noted = { ...about, changes: [...changes.values()], rows, moved: [...moved], irregular };
      changes.clear();
      moved.clear();
      [rows, irregular] = [[], []];
      const nothing = [noted.changes, noted.rows, noted.moved, noted.irregular].every((list) => !list.length);
      return nothing ? null : noted;
    },
  };
}

/**
 * Tells a memory what a transaction in another thread did. It has to be settled afterwards (`Caches.settle`).
 * `isLatest`: nothing later than it was read yet, so that what the documents became is no step back.
 */
export function createTeller(tables: ReadonlyMap<string, Table>): (noted: Noted, isLatest: boolean) => void {
  const indexes = new Map(
    [...tables.values()].flatMap((table) =>
      table.indexes.map((index) => [index.table, { table, index }] as const),
    ),
  );
  return ({ changes, rows, moved, irregular }, isLatest) => {
    for (const [name, bits] of irregular) {
      const known = indexes.get(name);
      if (known) known.index.irregular |= bits;
    }
    for (const [name, key] of rows) {
      const known = indexes.get(name);
      known?.table.notices.row(known.index, key);
    }
    for (const collection of moved) tables.get(collection)?.notices.rowsMove();
    for (const [collection, id, text] of changes) {
      const notices = tables.get(collection)?.notices;
      if (notices?.changes(id) && isLatest && text !== null) notices.changed(id, text);
    }
  };
}
