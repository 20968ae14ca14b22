import { createHash } from 'node:crypto';
import type { AuditEntry } from '../model/work.js';
import { isDuplicateKey } from '../store/port.js';
import { now, type Ctx } from './ctx.js';

export interface StaffAct {
  /** Who: an account's handle, or `console:name` for somebody at the machine itself. */
  actor: string;
  /** `account.suspend`, `domain.block`, … */
  action: string;
  target: string;
  /** What else must be known to understand it later. No secrets. */
  details?: Record<string, unknown>;
}

/**
 * The one way in which staff acts: the act is on record before it is done, and so is its failure. What `run` returns
 * comes back.
 */
export async function asStaff<T>(ctx: Ctx, act: StaffAct, run: () => Promise<T>): Promise<T> {
  await recordAct(ctx, act);
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await recordAct(ctx, {
      ...act,
      action: `${act.action}.failed`,
      details: { reason: reason.slice(0, 500) },
    });
    throw error;
  }
}

/** Puts an act on record. Each entry carries the hash of the one before, so that none can be changed or taken out unseen. */
export async function recordAct(ctx: Ctx, act: StaffAct): Promise<void> {
  for (;;) {
    const [last] = await ctx.db.audit.find({}).sort({ sequence: -1 }).limit(1).toArray();
    const entry: Omit<AuditEntry, 'hash'> = {
      _id: ctx.ids.next(),
      sequence: (last?.sequence ?? 0) + 1,
      actor: act.actor,
      action: act.action,
      target: act.target,
      details: act.details ?? {},
      createdAt: now(ctx),
      previousHash: last?.hash ?? '',
    };
    try {
      await ctx.db.audit.insertOne({ ...entry, hash: hashOf(entry) });
      return;
    } catch (error) {
      // Somebody else was faster; the chain goes on after theirs.
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

/** SHA-256 over the entry's members as JSON, in the order of their names. */
function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256').update(toStableJson(entry)).digest('base64url');
}

function toStableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

const page = 500;

/** Walks the whole log. @returns the sequence of the first entry that does not fit, or null when all do */
export async function findAuditBreak(ctx: Ctx): Promise<number | null> {
  for (let sequence = 0, previousHash = ''; ;) {
    const entries = await ctx.db.audit
      .find({ sequence: { $gt: sequence } })
      .sort({ sequence: 1 })
      .limit(page)
      .toArray();
    for (const { hash, ...entry } of entries) {
      const fits =
        entry.sequence === sequence + 1 && entry.previousHash === previousHash && hash === hashOf(entry);
      if (!fits) return sequence + 1;
      sequence = entry.sequence;
      previousHash = hash;
    }
    if (entries.length < page) return null;
  }
}
