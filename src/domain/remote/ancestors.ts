import type { Status } from '../../model/status.js';
import type { Ctx } from '../ctx.js';
import { publish } from '../events.js';
import { resolveStatus } from './statuses.js';
import { attach } from './thread.js';

/** A job: fetch the parent of a reply that came without it, and so on up to the bounded depth (settings.threadDepth). */
export async function requestParent(ctx: Ctx, status: Status, depth = 1): Promise<void> {
  if (status.inReplyToUri === null || depth > ctx.settings.threadDepth) return;
  await ctx.jobs.enqueue({ kind: 'fetch-parent', lane: 'fetch', payload: { statusId: status._id, depth } });
}

/** What the job does. A reply that found its place is shown where it belongs, which could not be known before. */
export async function fetchParent(ctx: Ctx, statusId: string, depth: number): Promise<void> {
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  if (!status || status.inReplyToUri === null) return;
  const parent = await resolveStatus(ctx, status.inReplyToUri);
  if (!parent) return;
  await attach(ctx, status, parent);
  await requestParent(ctx, parent, depth + 1);
  await publish(ctx, { type: 'status.received', statusId, fetched: depth > 1 });
}
