import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One payload of another server, with what it is. */
export interface Entry {
  /** Path below the collection: `mastodon/activity-….json`. */
  file: string;
  software: string;
  kind: 'activity' | 'object' | 'actor' | 'collection' | 'webfinger' | 'nodeinfo';
  quirks: string[];
  /** What it should become, in words; a hint. The bundled set has none. */
  expected?: string;
}

export interface Collection {
  name: 'full' | 'bundled';
  entries: Entry[];
  read(entry: Entry): Buffer;
}

const bundled = fileURLToPath(new URL('../../fixtures/corpus/', import.meta.url));
const full = fileURLToPath(new URL('../../../../shared/corpus/', import.meta.url));

/**
 * The full collection lies beside the project on some machines (its licences do not let it be part of it); elsewhere,
 * and with `LANDFALL_TEST_CORPUS=bundled`, the permissively licensed part in `test/fixtures/corpus`.
 */
export function openCollection(): Collection {
  const isFull = process.env['LANDFALL_TEST_CORPUS'] !== 'bundled' && existsSync(`${full}index.json`);
  const root = isFull ? full : bundled;
  return {
    name: isFull ? 'full' : 'bundled',
    entries: JSON.parse(readFileSync(`${root}index.json`, 'utf8')) as Entry[],
    read: ({ file }) => readFileSync(root + file),
  };
}
