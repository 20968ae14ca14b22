import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface CorpusEntry {
  file: string;
  software: string;
  kind: 'activity' | 'object' | 'actor' | 'collection' | 'webfinger' | 'nodeinfo';
  quirks: string[];
}

const bundled = fileURLToPath(new URL('../../fixtures/corpus/', import.meta.url));
/** The full collection lies beside the project on some machines; its licences do not let it be part of it. */
const full = fileURLToPath(new URL('../../../../shared/corpus/', import.meta.url));

export const corpusRoot = existsSync(`${full}index.json`) ? full : bundled;

export const corpusEntries = (root: string = corpusRoot): CorpusEntry[] =>
  JSON.parse(readFileSync(`${root}index.json`, 'utf8')) as CorpusEntry[];

export const corpusBytes = (file: string, root: string = corpusRoot): Buffer => readFileSync(root + file);

/** A payload of the bundled set. */
export const fixture = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(bundled + file, 'utf8')) as Record<string, unknown>;
