import { LRUCache } from 'lru-cache';
import { growing } from '../../growing.js';
import type { Document } from '../port.js';

/** Parsed documents of one collection, by id. */
export interface DocumentCache {
  get(id: string): Document | undefined;
  /** Parses and keeps. What is kept is frozen: many readers share it. */
  keep(text: string): Document;
  /** The id that was found under this value of a unique index; it may have another value by now. */
  named(index: string, value: string): string | undefined;
  name(index: string, value: string, id: string): void;
  /** Its document is about to change. @returns whether it was kept */
  drop(id: string): boolean;
  /** What a dropped document is after the transaction, if that is committed. */
  renew(id: string, text: string): void;
}

export interface Caches {
  of(collection: string): DocumentCache;
  /** The transaction is over: what was renewed in it is kept, or forgotten. */
  settle(committed: boolean): void;
  /** Another process has written: nothing is sure any more. */
  clear(): void;
}

/** Characters of JSON; parsed, they take about three times as much. */
const maxCharacters = 12 * 1024 * 1024;
const maxNames = 20_000;
/** What an entry weighs besides its text. */
const overhead = 400;

/**
 * Documents that were read lately, of all collections together. Reads outside of transactions fill it; every write drops
 * what it touches before it begins, and what it made of a document that was kept comes back with the commit, so that
 * nothing is kept that was not committed.
 */
export function createCaches(): Caches {
  const kept = new LRUCache<string, Entry>({
    maxSize: maxCharacters,
    sizeCalculation: ({ size }) => size + overhead,
  });
  const renewed = new Map<string, Entry>();
  const names = new LRUCache<string, string>(growing(maxNames));
  return {
    of: (collection) => ({
      get: (id) => {
        const entry = kept.get(`${collection} ${id}`);
        return entry && (entry.document ??= parse(entry.text));
      },
      keep: (text) => {
        const document = parse(text);
        kept.set(`${collection} ${document._id}`, { text: '', document, size: text.length });
        return document;
      },
      named: (index, value) => names.get(`${index} ${value}`),
      name: (index, value, id) => void names.set(`${index} ${value}`, id),
      drop: (id) => {
        const name = `${collection} ${id}`;
        return [kept.delete(name), renewed.delete(name)].includes(true);
      },
      renew: (id, text) =>
        void renewed.set(`${collection} ${id}`, { text, document: null, size: text.length }),
    }),
    settle: (committed) => {
      if (committed) for (const [name, entry] of renewed) kept.set(name, entry);
      renewed.clear();
    },
    clear: () => kept.clear(),
  };
}

interface Entry {
  /** Not parsed yet; empty once it is. */
  text: string;
  document: Document | null;
  size: number;
}

const parse = (text: string): Document => freeze(JSON.parse(text) as Document);

/** With everything in it: a reader that changed a shared document would change it for all. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}
