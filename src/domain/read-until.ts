import { isUpwards, type Page } from '../model/page.js';

export interface Reading<T, Shown> {
  /** A slice of the list in id order, newest first. */
  read(page: Page): Promise<T[]>;
  /** What the list is paged by. */
  idOf(item: T): string;
  /** Those that are shown, in their order. */
  pass(items: T[]): Promise<readonly Shown[]>;
  /** How many to read at first; then twice as many each time. Default: as many as are asked for. */
  first?: number;
}

const mostSteps = 9;
const largestStep = 1000;

/**
 * A page of what passes, newest first: reads on, in steps that grow and are bounded, until there are `limit` of them.
 * One step where all passes; and a client is not told that a list ends because of a stretch that it may not see.
 */
export async function readUntil<T, Shown>(
  page: Page,
  { read, idOf, pass, first }: Reading<T, Shown>,
): Promise<Shown[]> {
  const up = isUpwards(page);
  let bounds = page;
  let found: readonly Shown[] = [];
  let size = first ?? page.limit;
  for (let step = 0; step < mostSteps && found.length < page.limit; step += 1) {
    const batch = await read({ ...bounds, limit: size });
    const passed = await pass(batch);
    found = up ? [...passed, ...found] : [...found, ...passed];
    const last = up ? batch[0] : batch.at(-1);
    if (!last || batch.length < size) break;
    bounds = up ? { ...bounds, minId: idOf(last) } : { ...bounds, maxId: idOf(last) };
    size = Math.min(size * 2, Math.max(size, largestStep));
  }
  return up ? found.slice(-page.limit) : found.slice(0, page.limit);
}
