import { sameOrigin } from '../../federation/inbox/origin.js';
import { visibilityOf } from '../../federation/addressing/visibility.js';
import { storeReblog } from '../domain/reblogs.js';
import { notLater } from '../domain/remote/actor-document.js';
import { lookUpStatus } from '../domain/remote/statuses.js';
import { requestParent } from '../domain/remote/ancestors.js';
import { isFollowedHere } from '../domain/relevance.js';
import { emptyStatus } from '../domain/status-store.js';
import { visibleOf } from '../domain/visible.js';
import { isBuried } from '../domain/statuses-delete.js';
import type { Ctx } from '../domain/ctx.js';
import { ownPath } from '../domain/urls.js';
import { narrower } from '../policy/visibility.js';
import type { Status } from '../model/status.js';
import { knownAlready, notFound } from './create.js';
import { ignored, processed, type Handler, type Incoming } from './handler.js';

/**
 * Announce: a reblog. What it shows is fetched from its own origin, never taken from the announcer. Groups (FEP-1b12)
 * announce activities as well; of those only what a Create carries is a post.
 */
export const announce: Handler = async (ctx, incoming) => {
  const { activity, sender } = incoming;
  const { id: uri } = activity;
  const objectUri = announcedUri(incoming);
  if (objectUri === null) return ignored('announce: of an activity that is no post');
  if (uri === null || !sameOrigin(uri, sender.uri)) return ignored('announce: id of another host');
  const known = await ctx.db.statuses.findOne({ uri });
  if (known) return knownAlready('announce', known, incoming);
  if (await isBuried(ctx, uri, sender._id)) return ignored('announce: undone before');
  if (!(await isWanted(ctx, incoming, objectUri))) return ignored('announce: nobody here asked for it');
  const found = await lookUpStatus(ctx, objectUri);
  if (found.outcome !== 'found') return notFound('announce', found);
  const shown = found.status;
  if (shown.reblogOfId !== null) return ignored('announce: of a reblog');
  const own = shown.accountId === sender._id;
  if (shown.local && !(await visibleOf(ctx, sender._id, [shown])).length)
    return ignored('announce: of a status the sender may not see');
  if (!own && (shown.visibility === 'private' || shown.visibility === 'direct'))
    return ignored('announce: of a private post');
  if (shown.visibility === 'direct') return ignored('announce: of a direct post');
  const wrapper = toWrapper(ctx, incoming, { uri, shown });
  await storeReblog(ctx, wrapper, incoming.carrier);
  await requestParent(ctx, shown);
  return processed('announce: reblog');
};

function announcedUri({ activity }: Incoming): string | null {
  const inner = activity.embedded;
  const type = inner?.['type'];
  if (type === 'Create') {
    const object = inner?.['object'];
    if (typeof object === 'string') return object;
    return typeof object === 'object' &&
      object !== null &&
      !Array.isArray(object) &&
      typeof object['id'] === 'string'
      ? object['id']
      : null;
  }
  const activities = [
    'Update',
    'Delete',
    'Like',
    'Dislike',
    'Undo',
    'Block',
    'Add',
    'Remove',
    'Lock',
    'Announce',
    'Flag',
  ];
  return typeof type === 'string' && activities.includes(type) ? null : activity.object;
}

/** Somebody here follows the announcer, or it is a post of ours. */
async function isWanted(ctx: Ctx, { sender }: Incoming, objectUri: string): Promise<boolean> {
  return ownPath(ctx.names, objectUri) !== null || isFollowedHere(ctx, sender);
}

function toWrapper(
  ctx: Ctx,
  { activity, sender }: Incoming,
  { uri, shown }: { uri: string; shown: Status },
): Status {
  const createdAt = notLater(ctx, activity.published);
  const addressed = activity.to.length || activity.cc.length;
  const told = visibilityOf(activity.to, activity.cc, sender.remote?.followersUri ?? null);
  return {
    _id: ctx.ids.next(new Date(createdAt)),
    ...emptyStatus,
    uri,
    url: null,
    accountId: sender._id,
    local: false,
    visibility: narrower(addressed ? told : 'unlisted', shown.visibility),
    content: '',
    conversationId: shown.conversationId,
    reblogOfId: shown._id,
    createdAt,
  };
}
