import type { RemoteActivity } from '../../federation/vocabulary/activity.js';
import { resolveStatus } from '../domain/remote/statuses.js';
import { parseObject } from '../../federation/vocabulary/object.js';
import { requestParent } from '../domain/remote/ancestors.js';
import { isWantedHere } from '../domain/relevance.js';
import { claimsOf } from './create.js';
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
      if (known) return processed('forwarded: known already');
      if (!(await isWanted(ctx, activity))) return ignored('forwarded: nobody here asked for it');
      break;
    case 'Update':
    case 'Delete':
      if (!known || known.local) return ignored('forwarded: of an object not known here');
      break;
    default:
      return ignored(`forwarded: ${activity.type.slice(0, 100)} counts from its actor only`);
  }
  const status = await resolveStatus(ctx, uri, { refresh: true });
  if (activity.type === 'Delete')
    return processed(status ? 'forwarded: still at its origin' : 'forwarded: gone at its origin');
  if (!status) return retry('forwarded: object could not be fetched from its origin');
  await requestParent(ctx, status);
  return processed('forwarded: fetched from its origin');
}

/** By what it claims, which decides no more than whether it is worth a fetch. */
async function isWanted(ctx: Ctx, activity: RemoteActivity): Promise<boolean> {
  const parsed = activity.embedded && parseObject(activity.embedded);
  const object = parsed && !('invalid' in parsed) ? parsed : null;
  const author = await ctx.db.accounts.findOne({ uri: activity.actor });
  return isWantedHere(ctx, author, claimsOf(activity, object));
}
