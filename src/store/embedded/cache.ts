import { LRUCache } from 'lru-cache';
import type { Document } from '../port.js';

/** Parsed documents of one collection, by id. */
export interface DocumentCache {
  get(id: string): Document | undefined;
  /** Parses and keeps. What is kept is frozen: many readers share it. */
  keep(text: string): Document;
  /** The id that was found under this value of a unique index; it may have another value by now. */
  named(index: string, value: string): string | undefined;
  name(index: string, value: string, id: string): void;
  /** Its document is about to change. */
  drop(id: string): void;
}

export interface Caches {
  of(collection: string): DocumentCache;
  /** Another process has written: nothing is sure any more. */
  clear(): void;
}

/** Characters of JSON; parsed, they take about three times as much. */
const maxCharacters = 12 * 1024 * 1024;
const maxNames = 20_000;
/** What an entry weighs besides its text. */
const overhead = 400;

/**
 * Documents that were read lately, of all collections together. Only reads outside of transactions fill it, and every
 * write drops what it touches before it begins, so that nothing is kept that was not committed.
 */
export function createCaches(): Caches {
  const kept = new LRUCache<string, { document: Document; size: number }>({
    maxSize: maxCharacters,
    sizeCalculation: ({ size }) => size + overhead,
  });
  const names = new LRUCache<string, string>({ max: maxNames });
  return {
    of: (collection) => ({
      get: (id) => kept.get(`${collection} ${id}`)?.document,
      keep: (text) => {
        const document = freeze(JSON.parse(text) as Document);
        kept.set(`${collection} ${document._id}`, { document, size: text.length });
        return document;
      },
      named: (index, value) => names.get(`${index} ${value}`),
      name: (index, value, id) => void names.set(`${index} ${value}`, id),
      drop: (id) => void kept.delete(`${collection} ${id}`),
    }),
    clear: () => kept.clear(),
  };
}

/** With everything in it: a reader that changed a shared document would change it for all. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}
