import { LRUCache } from 'lru-cache';
import type { Ctx } from '../../domain/ctx.js';
import type { Filter } from '../../store/port.js';

/** How much of what was accepted still waits to be processed. */
export interface Backlog {
  /** True when no more should be taken on. */
  isFull(): Promise<boolean>;
  /** True when no more should be taken on from this host, so that it leaves room for the others. */
  isFullFor(host: string): Promise<boolean>;
}

/** How long a count is believed: counting at every request would cost most when there is most to do. */
const keepMs = 1000;
/** Names of what is counted of all hosts together. */
const [everything, aShare] = ['', ' '];

export function createBacklog(ctx: Ctx): Backlog {
  const kept = new LRUCache<string, { at: number; full: Promise<boolean> }>({ max: 1000 });
  const total = ctx.settings.inboxBacklog;
  const share = Math.ceil((total * ctx.settings.inboxShare) / 100);
  const count = async (filter: Filter, limit: number): Promise<boolean> =>
    (await ctx.db.received.countDocuments(filter, { limit: limit + 1 })) > limit;
  const cached = (name: string, filter: Filter, limit: number): Promise<boolean> => {
    // Not the clock's time: one that is set back must not keep a refusal alive.
    const at = performance.now();
    const known = kept.get(name);
    if (known && at - known.at < keepMs) return known.full;
    const full = count(filter, limit);
    kept.set(name, { at, full });
    full.catch(() => kept.delete(name));
    return full;
  };
  return {
    isFull: () => cached(everything, { state: 'ready' }, total),
    // While all together are no more than a share, no host needs to be counted.
    isFullFor: async (host) =>
      (await cached(aShare, { state: 'ready' }, share)) && cached(host, { backlogHost: host }, share),
  };
}
