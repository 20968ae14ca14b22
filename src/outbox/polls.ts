import type { Ctx } from '../domain/ctx.js';
import type { PollVote, Status } from '../model/status.js';
import { findPair, type Federator } from './events.js';
import { sendTo } from './follows.js';
import { toVote } from './objects/activities.js';
import type { Recipients } from './recipients.js';
import { sendUpdate } from './statuses.js';

/** New figures of a poll are told at most this often (Mastodon waits three minutes). */
const stepMs = 3 * 60_000;

/** A vote of ours goes to the poll's author; votes for a poll of ours are told to everybody who has it, in steps. */
export const pollVoted: Federator<'poll.voted'> = async (ctx, event) => {
  const status = await ctx.db.statuses.findOne({ _id: event.statusId });
  if (!status?.poll) return;
  if (status.local) return planTally(ctx, status);
  const votes = await ctx.db.pollVotes.find({ _id: { $in: event.voteIds } }).toArray();
  const pair = await findPair(ctx, { localId: event.accountId, remoteId: status.accountId });
  if (!pair) return;
  for (const vote of votes) {
    const title = status.poll.options[vote.choice]?.title;
    if (title === undefined) continue;
    const parts = { uri: vote.uri, title, poll: status.uri, to: pair.remote.uri };
    await sendTo(ctx, pair.remote, { from: pair.local, activity: toVote(pair.local, parts) });
  }
};

/** The end of the present step is when the figures are told; all votes of one step lead to the same activity. */
async function planTally(ctx: Ctx, status: Status): Promise<void> {
  if (status.poll?.hideTotals) return;
  const step = Math.floor(ctx.clock.now().getTime() / stepMs) + 1;
  const event = { type: 'poll.tallied', statusId: status._id, step: String(step) } as const;
  await ctx.jobs.enqueue({ kind: 'event', payload: { event }, dueAt: new Date(step * stepMs) });
}

export const pollTallied: Federator<'poll.tallied'> = (ctx, event) =>
  sendTally(ctx, event.statusId, `poll-${event.step}`);

/** The final figures. Polls elsewhere are told by their own servers. */
export const pollEnded: Federator<'poll.ended'> = (ctx, event) =>
  sendTally(ctx, event.statusId, 'poll-closed');

async function sendTally(ctx: Ctx, statusId: string, mark: string): Promise<void> {
  const sent = await ctx.db.activities.findOne({ uri: await updateUri(ctx, statusId, mark) });
  if (sent?.fannedOutAt !== undefined) return;
  await sendUpdate(ctx, statusId, mark, async (recipients, status) => {
    // Those of a direct one are its recipients already.
    if (status.visibility !== 'direct') await addVoters(ctx, recipients, statusId);
  });
}

async function updateUri(ctx: Ctx, statusId: string, mark: string): Promise<string> {
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  return `${status?.uri ?? ''}#updates/${mark}`;
}

async function addVoters(ctx: Ctx, recipients: Recipients, statusId: string): Promise<void> {
  for (let after = ''; ;) {
    const page: PollVote[] = await ctx.db.pollVotes
      .find({ statusId, accountId: { $gt: after } })
      .sort({ accountId: 1, choice: 1 })
      .limit(1000)
      .toArray();
    await recipients.addById(page.map((v) => v.accountId));
    const last = page.at(-1);
    if (!last || page.length < 1000) return;
    after = last.accountId;
  }
}
