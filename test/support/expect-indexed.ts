import { expect } from '@jest/globals';
import type { Filter, Sort, Store } from '../../src/store/port.js';
import { shapeOf, type Asked } from './record-queries.js';

/** Fails unless the engine would answer by an index, reading no more of the collection than it must. */
export async function expectIndexed(
  store: Store,
  collection: string,
  filter: Filter,
  sort?: Sort,
): Promise<void> {
  const found = await store.explain(collection, filter, sort);
  expect({ collection, filter, sort, found }).toEqual({ collection, filter, sort, found: 'index' });
}

/**
 * The questions among `asked`, each once and without values, that would read a whole collection. Counting all of one
 * is no mistake: whoever asks that means it.
 */
export async function findScans(store: Store, asked: readonly Asked[]): Promise<string[]> {
  const meant = asked.filter(
    ({ method, filter }) => method !== 'countDocuments' || Object.keys(filter).length > 0,
  );
  const shapes = new Map(meant.map((question) => [shapeOf(question), question]));
  const scans: string[] = [];
  for (const [shape, { collection, filter, sort }] of shapes) {
    if ((await store.explain(collection, filter, sort)) === 'scan') scans.push(shape);
  }
  return scans.sort();
}
