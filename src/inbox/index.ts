import { sameOrigin } from '../../federation/inbox/origin.js';
import { jsonLimits } from '../policy/json-limits.js';
import { parseActivity, type RemoteActivity } from '../../federation/vocabulary/activity.js';
import { normalise } from '../../federation/jsonld/normalise.js';
import { parseJsonObject } from '../../federation/vocabulary/json.js';
import type { Carrier } from '../domain/arrivals.js';
import type { Ctx } from '../domain/ctx.js';
import { applyArrival } from '../domain/effects.js';
import { resolveActor } from '../domain/remote/actors.js';
import { isServerSuspended } from '../domain/relationships.js';
import type { Received } from '../model/work.js';
import { announce } from './announce.js';
import { accept, reject } from './answers.js';
import { block } from './block.js';
import { add, removeFrom } from './collections.js';
import { create } from './create.js';
import { remove } from './delete.js';
import { flag } from './flag.js';
import { follow } from './follow.js';
import { processForwarded } from './forwarded.js';
import { ignored, retry, type Handler, type Outcome } from './handler.js';
import { like } from './like.js';
import { move } from './move.js';
import { quoteRequest } from './quote-request.js';
import { undo } from './undo.js';
import { update } from './update.js';

/** Activity → verb. Whatever is not here is recorded as ignored. */
const handlers: Readonly<Record<string, Handler>> = {
  Follow: follow,
  Accept: accept,
  Reject: reject,
  Undo: undo,
  Create: create,
  Update: update,
  Delete: remove,
  Announce: announce,
  Like: like,
  EmojiReact: like,
  Flag: flag,
  Block: block,
  Move: move,
  Add: add,
  Remove: removeFrom,
  QuoteRequest: quoteRequest,
};

/** What a suspended account may still do: otherwise what it deleted would be shown again once staff lets it in. */
const takingBack = new Set(['Delete', 'Undo', 'Reject']);

/** Does what a received activity asks, where its sender may. Safe to repeat. */
export async function processReceived(ctx: Ctx, received: Received): Promise<Outcome> {
  const parsed = parseJsonObject(received.body, jsonLimits(ctx.settings));
  if (parsed.outcome !== 'ok') return ignored(`not JSON: ${parsed.reason}`);
  const { document } = await normalise(parsed.value);
  const activity = parseActivity(document);
  if ('invalid' in activity) return ignored(`activity: ${activity.invalid}`);
  if (received.trust === 'forwarded') return processForwarded(ctx, activity);
  return dispatch(ctx, received, { activity, document });
}

async function dispatch(
  ctx: Ctx,
  received: Received,
  { activity, document }: { activity: RemoteActivity; document: Parameters<Handler>[1]['document'] },
): Promise<Outcome> {
  const handler = Object.hasOwn(handlers, activity.type) ? handlers[activity.type] : undefined;
  if (!handler) return ignored(`type not handled: ${activity.type.slice(0, 100)}`);
  // Normalisation may not have turned it into an activity of somebody, or something, else than what was verified.
  if (activity.actor !== received.actor) return ignored('actor: not the signer');
  if (activity.id !== null && !sameOrigin(activity.id, activity.actor))
    return ignored('id: of another host than the actor');
  const known = await ctx.db.accounts.findOne({ uri: activity.actor });
  if (!known && activity.type === 'Delete' && activity.object === activity.actor)
    return ignored('delete: of an actor we never knew');
  const sender = known && !known.deletedAt ? known : await resolveActor(ctx, activity.actor);
  if (!sender) return known ? ignored('actor: deleted') : retry('actor: could not be fetched');
  if (sender.uri !== activity.actor) return ignored('actor: its document is of somebody else');
  if (sender.domain === null) return ignored('actor: is ours');
  if (await isServerSuspended(ctx, sender)) return ignored('actor: server suspended');
  if (sender.suspendedAt !== null && !takingBack.has(activity.type)) return ignored('actor: suspended');
  const undone = activity.id !== null && (await ctx.db.undoneActivities.findOne({ uri: activity.id }));
  if (undone && undone.accountId === sender._id) return ignored('undone before');
  const carrier: Carrier = {
    again: received.attempts > 1,
    apply: (event, status) => applyArrival(ctx, event, status),
  };
  return handler(ctx, { activity, sender, document, recipientId: received.recipientId, carrier });
}
