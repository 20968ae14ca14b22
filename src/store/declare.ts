import type { CollectionSpec, IndexSpec } from './port.js';

/** `'accountId targetId!'` → unique compound; `-_id` descends; `?` at the end → only where all fields are set. */
export function index(text: string): IndexSpec {
  const unique = text.includes('!');
  const sparse = text.includes('?');
  const keys: Record<string, 1 | -1> = {};
  for (const name of text.replace(/[!?]/g, '').trim().split(/\s+/)) {
    keys[name.replace(/^-/, '')] = name.startsWith('-') ? -1 : 1;
  }
  return { keys, ...(unique && { unique }), ...(sparse && { sparse }) };
}

/** An ordinary collection. */
export const declare = (...indexes: (string | IndexSpec)[]): CollectionSpec => ({
  indexes: indexes.map((one) => (typeof one === 'string' ? index(one) : one)),
});

/** Read again and again: see CollectionSpec. */
export const hot = (...indexes: (string | IndexSpec)[]): CollectionSpec => ({
  ...declare(...indexes),
  hot: true,
});

/** Hot, and seldom changed. */
export const steady = (...indexes: string[]): CollectionSpec => ({ ...hot(...indexes), steady: true });

/**
 * A leased queue (jobs/queue.ts), with further indexes. What is leased is found by its lease alone, and what is over in
 * `kept` states alone: taking and ending an item then moves few rows.
 */
export function queue(kept: readonly string[], ...indexes: string[]): CollectionSpec {
  const only = { field: 'state', values: ['ready', ...kept] };
  const waiting = ['state dueAt', 'state lane dueAt'].map((text) => ({ ...index(text), only }));
  return declare(...waiting, 'state leaseUntil?', ...indexes);
}
