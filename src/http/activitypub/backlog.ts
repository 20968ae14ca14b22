import type { Ctx } from '../../domain/ctx.js';

/** How much of what was accepted still waits to be processed. */
export interface Backlog {
  /** True when no more should be taken on. */
  isFull(): Promise<boolean>;
}

/** How long a count is believed: counting at every request would cost most when there is most to do. */
const keepMs = 1000;

export function createBacklog(ctx: Ctx): Backlog {
  let kept: { at: number; full: Promise<boolean> } | null = null;
  const count = async (): Promise<boolean> => {
    const limit = ctx.settings.inboxBacklog + 1;
    const ready = await ctx.db.received.countDocuments({ state: 'ready' }, { limit });
    return ready > ctx.settings.inboxBacklog;
  };
  return {
    isFull() {
      const at = ctx.clock.now().getTime();
      if (kept === null || at - kept.at >= keepMs) {
        const full = count();
        kept = { at, full };
        full.catch(() => {
          kept = null;
        });
      }
      return kept.full;
    },
  };
}
