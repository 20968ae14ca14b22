/** A slice of a list that is ordered by id, as clients ask for it. Lists are answered newest first. */
export interface Page {
  limit: number;
  /** Only older than this id. */
  maxId?: string | undefined;
  /** Only newer than this id, the newest of them. */
  sinceId?: string | undefined;
  /** Only newer than this id, the ones right after it. */
  minId?: string | undefined;
}

/** The range of ids that a page asks for; empty when unbounded. */
export function idRange(page: Page): { $lt?: string; $gt?: string } {
  const after = page.minId ?? page.sinceId;
  return { ...(page.maxId !== undefined && { $lt: page.maxId }), ...(after !== undefined && { $gt: after }) };
}

/** True when the page is read upwards (`minId`) and then turned round. */
export function isUpwards(page: Page): boolean {
  return page.minId !== undefined;
}
