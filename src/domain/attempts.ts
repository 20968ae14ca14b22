import type { AttemptCounter } from '../model/access.js';
import { isDuplicateKey } from '../store/port.js';
import type { Ctx } from './ctx.js';
import { hashSecret } from './secrets.js';

/**
 * Counters of what somebody may do only so often, in the store: all processes count together and a restart forgets
 * nothing. What is counted (addresses, names as typed) is kept as a hash. Rare acts only: each count is a write.
 */

/** The counter of `name`, or null where nothing was counted or its time is over. */
export async function findAttempts(ctx: Ctx, name: string): Promise<AttemptCounter | null> {
  const found = await ctx.db.attempts.findOne({ key: hashSecret(name) });
  return found && found.expiresAt > ctx.clock.now().toISOString() ? found : null;
}

/**
 * Counts once more in a window that begins with the first count. Those who come at the same moment get numbers of their
 * own. @returns the number, from 1, and when the window ends
 */
export async function countAttempt(
  ctx: Ctx,
  name: string,
  windowMs: number,
): Promise<{ count: number; endsAt: Date }> {
  const key = hashSecret(name);
  const nowMs = ctx.clock.now().getTime();
  const [at, expiresAt] = [new Date(nowMs).toISOString(), new Date(nowMs + windowMs).toISOString()];
  await ctx.db.attempts.updateOne(
    { key, expiresAt: { $lte: at } },
    { $set: { count: 0, waitUntil: at, expiresAt } },
  );
  const fresh = { _id: ctx.ids.next(), waitUntil: at, expiresAt };
  const counted = await retryOnce(() =>
    ctx.db.attempts.findOneAndUpdate(
      { key },
      { $inc: { count: 1 }, $setOnInsert: fresh },
      { upsert: true, returnDocument: 'after' },
    ),
  );
  return { count: counted?.count ?? 1, endsAt: new Date(counted?.expiresAt ?? expiresAt) };
}

/** Two who count first at once: on MongoDB one of them meets the other's new document. */
async function retryOnce<T>(act: () => Promise<T>): Promise<T> {
  return act().catch((error: unknown) => {
    if (!isDuplicateKey(error)) throw error;
    return act();
  });
}

export interface BackOff {
  /** How long counts are remembered after the last one. */
  keepMs: number;
  /** How long the next attempt must wait after this many. */
  waitMs(count: number): number;
}

/** So many who come at the same moment are told apart; further ones are told to wait. */
const mostRounds = 20;

/**
 * Counts an attempt unless the one before it asks for patience. Those who come at the same moment are counted one after
 * the other. @returns the milliseconds to wait; 0: it was counted
 */
export async function countWithBackOff(ctx: Ctx, name: string, rule: BackOff): Promise<number> {
  for (let round = 0; round < mostRounds; round++) {
    const nowMs = ctx.clock.now().getTime();
    const known = await findAttempts(ctx, name);
    const waitMs = known ? Date.parse(known.waitUntil) - nowMs : 0;
    if (waitMs > 0) return waitMs;
    const count = (known?.count ?? 0) + 1;
    const fields = {
      count,
      waitUntil: new Date(nowMs + rule.waitMs(count)).toISOString(),
      expiresAt: new Date(nowMs + rule.keepMs).toISOString(),
    };
    if (await take(ctx, hashSecret(name), { known, fields })) return 0;
  }
  return 1000;
}

interface Taken {
  known: AttemptCounter | null;
  fields: Pick<AttemptCounter, 'count' | 'waitUntil' | 'expiresAt'>;
}

/** True for one of those who saw the same counter. */
async function take(ctx: Ctx, key: string, { known, fields }: Taken): Promise<boolean> {
  if (known) {
    const seen = { _id: known._id, count: known.count, expiresAt: known.expiresAt };
    return (await ctx.db.attempts.updateOne(seen, { $set: fields })).matchedCount === 1;
  }
  await ctx.db.attempts.deleteMany({ key, expiresAt: { $lte: ctx.clock.now().toISOString() } });
  return ctx.db.attempts.insertOne({ _id: ctx.ids.next(), key, ...fields }).then(
    () => true,
    (error: unknown) => {
      if (isDuplicateKey(error)) return false;
      throw error;
    },
  );
}

export async function forgetAttempts(ctx: Ctx, name: string): Promise<void> {
  await ctx.db.attempts.deleteOne({ key: hashSecret(name) });
}
