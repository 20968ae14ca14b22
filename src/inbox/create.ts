import { sameOrigin } from '../../federation/inbox/origin.js';
import { parseObject, type RemoteObject } from '../../federation/vocabulary/object.js';
import { receiveVote } from '../domain/polls.js';
import { requestQuoteCheck } from '../domain/remote/request-quote-check.js';
import { ingestObject, lookUpStatus, type Ingested, type LookedUp } from '../domain/remote/statuses.js';
import { requestParent } from '../domain/remote/ancestors.js';
import { findOwnStatus } from '../domain/remote/own.js';
import { isFollowedHere, isWantedHere } from '../domain/relevance.js';
import { visibleOf } from '../domain/visible.js';
import type { RemoteActivity } from '../../federation/vocabulary/activity.js';
import type { Ctx } from '../domain/ctx.js';
import type { Status } from '../model/status.js';
import { ignored, processed, retry, type Handler, type Incoming, type Outcome } from './handler.js';

/** Create: what is embedded is taken where the sender may say it, otherwise fetched from its own id. */
export const create: Handler = async (ctx, incoming) => {
  const { activity, sender } = incoming;
  if (activity.object === null && !activity.embedded) return ignored('create: without object');
  const parsed =
    activity.embedded && parseObject(activity.embedded, { defaultLanguage: activity.defaultLanguage });
  if (parsed && 'invalid' in parsed && parsed.invalid !== 'no-type')
    return ignored(`create: ${parsed.invalid}`);
  const object = parsed && !('invalid' in parsed) ? parsed : null;
  if (object?.isVote) return vote(ctx, incoming, object);
  const uri = object?.id ?? activity.object;
  const known = uri === null ? null : await ctx.db.statuses.findOne({ uri });
  if (known) return knownAlready('create', known, incoming);
  if (!(await isWantedHere(ctx, sender, claimsOf(activity, object))))
    return ignored('create: nobody here asked for it');
  if (!object || !isOwnedBy(object, sender.uri)) return fetchObject(ctx, incoming);
  const arrival = { object, envelope: activity, fetched: false, carrier: incoming.carrier, isUnknown: true };
  return finish(ctx, await ingestObject(ctx, sender, arrival));
};

/** An activity that was interrupted after it had stored its status still owes the consequences. */
export async function knownAlready(
  verb: string,
  known: Status,
  { sender, carrier }: Incoming,
): Promise<Outcome> {
  if (carrier.again && known.accountId === sender._id)
    await carrier.apply({ type: 'status.received', statusId: known._id, fetched: false }, known);
  return processed(`${verb}: known already`);
}

/** Whom an activity and its object name, and what they answer; told, not proven. */
export function claimsOf(activity: RemoteActivity, object: RemoteObject | null) {
  const lists = [activity.to, activity.cc, activity.audience, object?.to, object?.cc, object?.audience];
  const mentions = object?.mentions.map((m) => m.href) ?? [];
  return {
    named: [...lists.flatMap((l) => l ?? []), ...mentions],
    inReplyTo: object?.inReplyTo ?? null,
  };
}

function isOwnedBy(object: RemoteObject, actor: string): boolean {
  return (
    (object.attributedTo === null || object.attributedTo === actor) &&
    object.id !== null &&
    sameOrigin(object.id, actor)
  );
}

async function vote(ctx: Ctx, { activity, sender }: Incoming, object: RemoteObject): Promise<Outcome> {
  const poll = object.inReplyTo === null ? null : await findOwnStatus(ctx, object.inReplyTo);
  if (!poll) return ignored('vote: not for a poll of ours');
  if (object.attributedTo !== null && object.attributedTo !== sender.uri)
    return ignored('vote: of somebody else');
  if (!(await visibleOf(ctx, sender._id, [poll])).length)
    return ignored('vote: for a poll the sender may not see');
  const uri = object.id ?? activity.id ?? `${sender.uri}#vote-${poll._id}-${object.name ?? ''}`;
  return processed(`vote: ${await receiveVote(ctx, sender, poll, { title: object.name ?? '', uri })}`);
}

/** What is only named, or somebody else's, is worth a fetch from its own origin. */
async function fetchObject(ctx: Ctx, { activity, sender }: Incoming): Promise<Outcome> {
  const uri = activity.object;
  if (uri === null) return ignored('create: object without id');
  // Anybody could have us fetch anything from anywhere, again and again.
  if (!sameOrigin(uri, sender.uri) && !(await isFollowedHere(ctx, sender)))
    return ignored('create: object of another host');
  const found = await lookUpStatus(ctx, uri, { sentBy: sender });
  if (found.outcome !== 'found') return notFound('create', found);
  await requestParent(ctx, found.status);
  return processed('create: fetched from its origin');
}

/** What an object that was not to be had means for the activity that named it. */
export function notFound(verb: string, found: Exclude<LookedUp, { outcome: 'found' }>): Outcome {
  const say = found.outcome === 'refused' ? ignored : retry;
  return say(`${verb}: ${found.reason}`);
}

async function finish(ctx: Ctx, ingested: Ingested): Promise<Outcome> {
  if (!('status' in ingested)) return notFound('create', ingested);
  await requestParent(ctx, ingested.status);
  await requestQuoteCheck(ctx, ingested.status);
  return processed(`create: ${ingested.outcome}`);
}
