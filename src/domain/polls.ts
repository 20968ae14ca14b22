import { forbidden, invalid, notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Poll, PollVote, Status } from '../model/status.js';
import { isDuplicateKey } from '../store/port.js';
import { now, type Ctx } from './ctx.js';
import { withEvent, type DomainEvent } from './events.js';
import { activityUri } from './urls.js';
import { getVisibleStatus } from './visible.js';

export const pollLimits = {
  maxOptions: 4,
  maxCharacters: 50,
  minSeconds: 300,
  maxSeconds: 2_629_746,
} as const;

export interface PollInput {
  options: readonly string[];
  expiresInSeconds: number;
  multiple: boolean;
  hideTotals: boolean;
}

/** @throws AppError 422 when an option or the duration is out of bounds */
export function newPoll(ctx: Ctx, id: string, input: PollInput): Poll {
  const options = input.options.map((o) => o.trim());
  if (options.length < 2 || options.some((o) => !o)) throw invalid('Options must have more than one item');
  if (options.length > pollLimits.maxOptions)
    throw invalid(`Options can't contain more than ${pollLimits.maxOptions} items`);
  if (options.some((o) => [...o].length > pollLimits.maxCharacters)) {
    throw invalid(`Options can't be longer than ${pollLimits.maxCharacters} characters each`);
  }
  if (new Set(options).size !== options.length) throw invalid('Options must be unique');
  const seconds = input.expiresInSeconds;
  if (!(seconds >= pollLimits.minSeconds)) throw invalid('Expires at is too soon');
  if (!(seconds <= pollLimits.maxSeconds)) throw invalid('Expires at is too far into the future');
  return {
    id,
    options: options.map((title) => ({ title, votes: 0 })),
    multiple: input.multiple,
    expiresAt: new Date(ctx.clock.now().getTime() + seconds * 1000).toISOString(),
    closed: false,
    votersCount: 0,
    hideTotals: input.hideTotals,
  };
}

export function hasEnded(ctx: Ctx, poll: Poll): boolean {
  return poll.closed || (poll.expiresAt !== null && poll.expiresAt <= now(ctx));
}

/** The status that holds a poll, if the viewer may see it. @throws AppError 404 */
export async function getPollStatus(
  ctx: Ctx,
  viewerId: string | null,
  pollId: string,
): Promise<Status & { poll: Poll }> {
  const status = await getVisibleStatus(ctx, viewerId, pollId);
  if (!status.poll) throw notFound();
  return { ...status, poll: status.poll };
}

/**
 * Votes once and for good.
 * @throws AppError 422 when it has ended, the voter already voted, or a choice is none; 403 on one's own poll
 */
export async function vote(
  ctx: Ctx,
  voter: Account,
  pollId: string,
  choices: readonly number[],
): Promise<Status> {
  const status = await getPollStatus(ctx, voter._id, pollId);
  const wanted = [...new Set(choices)];
  if (status.accountId === voter._id) throw forbidden('You cannot vote in your own poll');
  if (hasEnded(ctx, status.poll)) throw invalid('The poll has already ended');
  if (!wanted.length || wanted.some((c) => !Number.isInteger(c) || !status.poll.options[c]))
    throw invalid('The chosen vote option does not exist');
  if (wanted.length > 1 && !status.poll.multiple) throw invalid('Only one option can be chosen');
  if (await ctx.db.pollVotes.findOne({ statusId: status._id, accountId: voter._id }))
    throw invalid('You have already voted on this poll');
  const votes = wanted.map((choice, i): PollVote => {
    const id = ctx.ids.next();
    return {
      _id: id,
      statusId: status._id,
      accountId: voter._id,
      choice,
      uri: activityUri(voter.uri, 'vote', id),
      ...(i === 0 && { ballot: ballotOf(status, voter) }),
    };
  });
  const event: DomainEvent = {
    type: 'poll.voted',
    accountId: voter._id,
    statusId: status._id,
    voteIds: votes.map((v) => v._id),
  };
  await withEvent(ctx, event, () =>
    ctx.db.pollVotes.insertMany(votes).catch((error: unknown) => {
      throw isDuplicateKey(error) ? invalid('You have already voted on this poll') : error;
    }),
  );
  await recountPoll(ctx, status._id);
  return (await ctx.db.statuses.findOne({ _id: status._id })) ?? status;
}

const ballotOf = (poll: Status, voter: Account): string => `${poll._id}/${voter._id}`;

/** A vote that came from another server; repeated ones, late ones and those for unknown options are dropped. */
export async function receiveVote(
  ctx: Ctx,
  voter: Account,
  poll: Status,
  vote: { title: string; uri: string },
): Promise<'counted' | 'dropped'> {
  const choice = poll.poll?.options.findIndex((o) => o.title === vote.title) ?? -1;
  if (!poll.poll || choice < 0 || hasEnded(ctx, poll.poll) || !poll.local) return 'dropped';
  const earlier = await ctx.db.pollVotes.findOne({ statusId: poll._id, accountId: voter._id });
  if (earlier && !poll.poll.multiple) return 'dropped';
  const document: PollVote = {
    _id: ctx.ids.next(),
    statusId: poll._id,
    accountId: voter._id,
    choice,
    uri: vote.uri,
    // The choices of several come one by one.
    ...(!poll.poll.multiple && { ballot: ballotOf(poll, voter) }),
  };
  const event: DomainEvent = {
    type: 'poll.voted',
    accountId: voter._id,
    statusId: poll._id,
    voteIds: [document._id],
  };
  try {
    await withEvent(ctx, event, () => ctx.db.pollVotes.insertOne(document));
  } catch (error) {
    if (isDuplicateKey(error)) return 'dropped';
    throw error;
  }
  await recountPoll(ctx, poll._id);
  return 'counted';
}

/** Sets the tallies of a local poll from its votes; for a remote one only adds what was voted here. */
export async function recountPoll(ctx: Ctx, statusId: string): Promise<void> {
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  if (!status?.poll || !status.local) return;
  const votes = await ctx.db.pollVotes.find({ statusId }).toArray();
  const options = status.poll.options.map((o, i) => ({
    ...o,
    votes: votes.filter((v) => v.choice === i).length,
  }));
  const votersCount = new Set(votes.map((v) => v.accountId)).size;
  await ctx.db.statuses.updateOne(
    { _id: statusId },
    { $set: { 'poll.options': options, 'poll.votersCount': votersCount } },
  );
}
