import type { Status } from '../model/status.js';
import type { Ctx } from './ctx.js';

/** Who is told that a poll ended: its author and everybody who voted. */
export async function getPollVoters(ctx: Ctx, status: Status): Promise<string[]> {
  const votes = await ctx.db.pollVotes.find({ statusId: status._id }).limit(10_000).toArray();
  return [...new Set([status.accountId, ...votes.map((v) => v.accountId)])];
}
