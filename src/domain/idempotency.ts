import type { Ctx } from './ctx.js';

const keptMs = 3_600_000;

/**
 * The id for a new status. With an `Idempotency-Key` the same key of the same account leads to the same id for an hour,
 * so that of several equal requests, at once or after a crash, exactly one makes the document.
 */
export async function reserveStatusId(
  ctx: Ctx,
  accountId: string,
  input: { idempotencyKey?: string | undefined; createdAt?: Date | undefined },
): Promise<string> {
  const fresh = await freeId(ctx, input.createdAt);
  if (!input.idempotencyKey) return fresh;
  const key = `${accountId}:${input.idempotencyKey.slice(0, 255)}`;
  const expiresAt = new Date(ctx.clock.now().getTime() + keptMs).toISOString();
  await ctx.db.idempotency.deleteOne({ key, expiresAt: { $lt: ctx.clock.now().toISOString() } });
  const record = await ctx.db.idempotency.findOneAndUpdate(
    { key },
    { $setOnInsert: { _id: fresh, statusId: fresh, expiresAt } },
    { upsert: true, returnDocument: 'after' },
  );
  return record?.statusId ?? fresh;
}

/** An id that no status has: a new one of now, or one of a time in the past, where others were born as well. */
async function freeId(ctx: Ctx, createdAt: Date | undefined): Promise<string> {
  if (createdAt === undefined) return ctx.ids.next();
  for (;;) {
    const id = ctx.ids.next(createdAt);
    if (!(await ctx.db.statuses.findOne({ _id: id }))) return id;
  }
}
