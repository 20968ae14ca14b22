import type { JsonObject } from '../../../../federation/ports.js';
import type { RemoteActivity } from '../../../../federation/vocabulary/activity.js';
import { block } from '../../../domain/blocks.js';
import { now, type Ctx } from '../../../domain/ctx.js';
import { favourite } from '../../../domain/favourites.js';
import { acceptFollow, rejectFollow, requestFollow } from '../../../domain/follows.js';
import { pin, unpin } from '../../../domain/pins.js';
import { updateProfile } from '../../../domain/profile.js';
import { reblog } from '../../../domain/reblogs.js';
import { resolveActor } from '../../../domain/remote/actors.js';
import { resolveStatus } from '../../../domain/remote/statuses.js';
import { publishStatus } from '../../../domain/statuses.js';
import { deleteStatus } from '../../../domain/statuses-delete.js';
import { editStatus } from '../../../domain/statuses-edit.js';
import { invalid, notFound } from '../../../errors.js';
import type { Account } from '../../../model/account.js';
import type { Status } from '../../../model/status.js';
import { actorEndpoints } from '../../../outbox/objects/parts.js';
import { toPlainText } from '../../../text/sanitise.js';
import { idOf, ownIdOf } from '../../../../federation/vocabulary/values.js';
import { addressesOf, mediaIds, readObject, textOf, toStatusInput } from './note.js';
import { undo } from './undo.js';

/** What a client posted to its outbox. */
export interface Posted {
  activity: RemoteActivity;
  document: JsonObject;
}

/** Does what an activity asks, and says under which IRI it is known from now on. */
export type Verb = (ctx: Ctx, who: Account, posted: Posted) => Promise<string>;

export interface ScopedVerb {
  scopes: readonly string[];
  act: Verb;
}

const create: Verb = async (ctx, who, { activity, document }) => {
  const object = activity.embedded;
  if (!object) throw invalid('Object must be embedded');
  const addressed = addressesOf(document, object);
  const status = await publishStatus(ctx, who, await toStatusInput(ctx, who, { object, addressed }));
  return `${status.uri}/activity`;
};

const update: Verb = async (ctx, who, { activity }) => {
  const object = activity.embedded;
  const id = object && ownIdOf(object);
  if (!object || id === null) throw invalid('Object must be embedded and have its id');
  return id === who.uri ? updateActor(ctx, who, object) : updateNote(ctx, who, { id, object });
};

async function updateActor(ctx: Ctx, who: Account, object: JsonObject): Promise<string> {
  const { name, summary } = object;
  await updateProfile(ctx, who, {
    ...(typeof name === 'string' && { displayName: name }),
    ...(typeof summary === 'string' && { note: toPlainText(summary) }),
    ...(typeof object['manuallyApprovesFollowers'] === 'boolean' && {
      locked: object['manuallyApprovesFollowers'],
    }),
    ...(typeof object['discoverable'] === 'boolean' && { discoverable: object['discoverable'] }),
    ...(typeof object['indexable'] === 'boolean' && { indexable: object['indexable'] }),
  });
  return `${who.uri}#updates/${now(ctx)}`;
}

/** A partial update: what the object does not name stays (ActivityPub section 6.3). */
async function updateNote(
  ctx: Ctx,
  who: Account,
  { id, object }: { id: string; object: JsonObject },
): Promise<string> {
  const status = await getOwn(ctx, who, id);
  const parsed = readObject({ type: 'Note', ...object });
  const says = (name: string): boolean => object[name] !== undefined;
  await editStatus(ctx, who, status._id, {
    text:
      says('content') || says('source') || says('contentMap') ? textOf(object, parsed) : (status.text ?? ''),
    spoilerText: says('summary') ? toPlainText(parsed.summary ?? '') : status.spoilerText,
    sensitive: says('sensitive') ? parsed.sensitive : status.sensitive,
    ...(says('attachment') && { mediaIds: await mediaIds(ctx, who, parsed) }),
  });
  return `${status.uri}#updates/${now(ctx)}`;
}

const remove: Verb = async (ctx, who, { activity }) => {
  const status = await getOwn(ctx, who, activity.object);
  await deleteStatus(ctx, status);
  return `${status.uri}#delete`;
};

const like: Verb = async (ctx, who, { activity }) => {
  const status = await getTarget(ctx, activity.object);
  await favourite(ctx, who, status._id);
  const stored = await ctx.db.favourites.findOne({ accountId: who._id, statusId: status._id });
  return stored?.uri ?? status.uri;
};

const announce: Verb = async (ctx, who, { activity }) => {
  const status = await getTarget(ctx, activity.object);
  return (await reblog(ctx, who, status._id)).uri;
};

const follow: Verb = async (ctx, who, { activity }) =>
  (await requestFollow(ctx, who, await getPerson(ctx, activity.object))).uri;

const blockPerson: Verb = async (ctx, who, { activity }) => {
  const target = await getPerson(ctx, activity.object);
  await block(ctx, who, target);
  const stored = await ctx.db.blocks.findOne({ accountId: who._id, targetId: target._id });
  return stored?.uri ?? target.uri;
};

/** Accept and Reject: of a Follow that was asked of this account. */
const answer =
  (settle: typeof acceptFollow | typeof rejectFollow): Verb =>
  async (ctx, who, { activity }) => {
    const uri = activity.object;
    const byUri = uri === null ? null : await ctx.db.follows.findOne({ uri, targetId: who._id });
    const followerUri = activity.embedded ? idOf(activity.embedded['actor']) : null;
    const follower = followerUri === null ? null : await ctx.db.accounts.findOne({ uri: followerUri });
    const followerId = byUri?.accountId ?? follower?._id;
    if (followerId === undefined || !(await settle(ctx, followerId, who._id))) throw notFound();
    return `${who.uri}#${activity.type.toLowerCase()}s/follows/${followerId}`;
  };

/** Add and Remove: of the pinned statuses. */
const featured =
  (change: typeof pin): Verb =>
  async (ctx, who, { activity }) => {
    if (activity.target !== actorEndpoints(who.uri).featured)
      throw invalid('Target is not a collection that can be changed');
    const status = await getOwn(ctx, who, activity.object);
    await change(ctx, who, status._id);
    return `${who.uri}#${activity.type.toLowerCase()}/${status._id}`;
  };

/** The same verbs as the client API's, under the names that ActivityPub gives them (section 6). */
export const verbs: Readonly<Record<string, ScopedVerb>> = {
  Create: { scopes: ['write', 'write:statuses'], act: create },
  Update: { scopes: ['write', 'write:statuses'], act: update },
  Delete: { scopes: ['write', 'write:statuses'], act: remove },
  Announce: { scopes: ['write', 'write:statuses'], act: announce },
  Like: { scopes: ['write', 'write:favourites'], act: like },
  Follow: { scopes: ['write', 'write:follows', 'follow'], act: follow },
  Accept: { scopes: ['write', 'write:follows', 'follow'], act: answer(acceptFollow) },
  Reject: { scopes: ['write', 'write:follows', 'follow'], act: answer(rejectFollow) },
  Block: { scopes: ['write', 'write:blocks', 'follow'], act: blockPerson },
  Add: { scopes: ['write', 'write:accounts'], act: featured(pin) },
  Remove: { scopes: ['write', 'write:accounts'], act: featured(unpin) },
  Undo: { scopes: ['write'], act: undo },
};

async function getOwn(ctx: Ctx, who: Account, uri: string | null): Promise<Status> {
  const status = uri === null ? null : await resolveStatus(ctx, uri);
  if (status?.accountId !== who._id) throw notFound();
  return status;
}

async function getTarget(ctx: Ctx, uri: string | null): Promise<Status> {
  const status = uri === null ? null : await resolveStatus(ctx, uri);
  if (!status) throw notFound();
  return status;
}

async function getPerson(ctx: Ctx, uri: string | null): Promise<Account> {
  const account = uri === null ? null : await resolveActor(ctx, uri);
  if (!account) throw notFound();
  return account;
}
