import { isSameId, sameOrigin } from '../../federation/inbox/origin.js';
import { isActorType } from '../../federation/vocabulary/names.js';
import { parseObject } from '../../federation/vocabulary/object.js';
import { typesOf } from '../../federation/vocabulary/values.js';
import { ingestSentActor, resolveActor } from '../domain/remote/actors.js';
import { applyUpdate } from '../domain/remote/update.js';
import { requestQuoteCheck } from '../domain/remote/request-quote-check.js';
import { refreshStatus } from '../domain/remote/refresh.js';
import type { Ctx } from '../domain/ctx.js';
import { create } from './create.js';
import { ignored, processed, retry, type Handler, type Incoming, type Outcome } from './handler.js';

/** Update of the sender itself, or of what it wrote (ActivityPub 7.3). Only the very owner may. */
export const update: Handler = async (ctx, incoming) => {
  const { activity, sender } = incoming;
  if (activity.object !== null && isSameId(activity.object, sender.uri)) return updateActor(ctx, incoming);
  if (!activity.embedded) return updateByReference(ctx, activity.object);
  if (typesOf(activity.embedded).some(isActorType)) return ignored('update: of another actor');
  const object = parseObject(activity.embedded, { defaultLanguage: activity.defaultLanguage });
  if ('invalid' in object) return ignored(`update: ${object.invalid}`);
  if (object.id === null || !sameOrigin(object.id, sender.uri))
    return ignored('update: object of another host');
  if (object.attributedTo !== null && !isSameId(object.attributedTo, sender.uri))
    return ignored('update: object of another author');
  const known = await ctx.db.statuses.findOne({ uri: object.id });
  if (!known) return create(ctx, incoming);
  if (known.accountId !== sender._id) return ignored('update: object of another author');
  const result = await applyUpdate(ctx, sender, { known, object });
  if (result === 'edited') await requestQuoteCheck(ctx, known);
  return processed(`update: ${result}`);
};

/** The embedded actor was signed by its own key, so it may speak for itself; an incomplete one, or new keys, are fetched. */
async function updateActor(ctx: Ctx, { activity, sender }: Incoming): Promise<Outcome> {
  const told = activity.embedded && (await ingestSentActor(ctx, sender, activity.embedded));
  const account = told ?? (await resolveActor(ctx, sender.uri, { refresh: true }));
  return account ? processed('update: actor') : ignored('update: actor not usable');
}

async function updateByReference(ctx: Ctx, uri: string | null): Promise<Outcome> {
  const known = uri === null ? null : await ctx.db.statuses.findOne({ uri });
  if (!known || known.local) return ignored('update: unknown object');
  const result = await refreshStatus(ctx, known);
  if (result === 'unavailable') return retry('update: object not to be had');
  return result === 'refused'
    ? ignored('update: origin says something else')
    : processed(`update: ${result} at its origin`);
}
