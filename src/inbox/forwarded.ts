import type { RemoteActivity } from '../../federation/vocabulary/activity.js';
import { refreshStatus } from '../domain/remote/refresh.js';
import { lookUpStatus } from '../domain/remote/statuses.js';
import { parseObject } from '../../federation/vocabulary/object.js';
import { requestParent } from '../domain/remote/ancestors.js';
import { isWantedHere } from '../domain/relevance.js';
import { claimsOf, notFound } from './create.js';
import type { Status } from '../model/status.js';
import type { Ctx } from '../domain/ctx.js';
import { ignored, processed, retry, type Outcome } from './handler.js';

/**
 * An activity that another server than its author's passed on (ActivityPub 7.1.2). Its signature proves nothing about
 * its author, so it is only a pointer: the object is fetched from its own origin, and what is there counts.
 */
export async function processForwarded(ctx: Ctx, activity: RemoteActivity): Promise<Outcome> {
  const uri = activity.object;
  if (uri === null) return ignored('forwarded: object without id');
  const known = await ctx.db.statuses.findOne({ uri });
  switch (activity.type) {
    case 'Create':
      return known ? processed('forwarded: known already') : created(ctx, activity, uri);
    case 'Update':
    case 'Delete':
      return !known || known.local ? ignored('forwarded: of an object not known here') : changed(ctx, known);
    default:
      return ignored(`forwarded: ${activity.type.slice(0, 100)} counts from its actor only`);
  }
}

async function created(ctx: Ctx, activity: RemoteActivity, uri: string): Promise<Outcome> {
  if (!(await isWanted(ctx, activity))) return ignored('forwarded: nobody here asked for it');
  const found = await lookUpStatus(ctx, uri);
  if (found.outcome !== 'found') return notFound('forwarded', found);
  await requestParent(ctx, found.status);
  return processed('forwarded: fetched from its origin');
}

async function changed(ctx: Ctx, known: Status): Promise<Outcome> {
  const result = await refreshStatus(ctx, known);
  if (result === 'unavailable') return retry('forwarded: object not to be had');
  return processed(`forwarded: ${result} at its origin`);
}

/** By what it claims, which decides no more than whether it is worth a fetch. */
async function isWanted(ctx: Ctx, activity: RemoteActivity): Promise<boolean> {
  const parsed = activity.embedded && parseObject(activity.embedded);
  const object = parsed && !('invalid' in parsed) ? parsed : null;
  const author = await ctx.db.accounts.findOne({ uri: activity.actor });
  return isWantedHere(ctx, author, claimsOf(activity, object));
}
