import type { Json, JsonObject } from '../../../federation/ports.js';
import { toActivity, toReference, toWrapped } from '../../../federation/vocabulary/build.js';
import { PUBLIC } from '../../../federation/vocabulary/names.js';
import type { Account } from '../../model/account.js';
import type { Status } from '../../model/status.js';
import { audienceOf, type Audience } from '../../../federation/addressing/visibility.js';
import { actorEndpoints, toWireTime } from './parts.js';

/**
 * Activities without `@context`. Those with a fragment in their id are never fetched, like Mastodon's; the others are
 * served under their id (http/activitypub).
 */

type Actor = Pick<Account, 'uri'>;

/** Around a new status. */
export function toCreate(actor: Actor, note: JsonObject): JsonObject {
  return toWrapped('Create', { id: `${idOf(note)}/activity`, actor: actor.uri, object: note });
}

/** Around a status or an actor that changed; `mark` tells this change from others. */
export function toUpdate(actor: Actor, object: JsonObject, mark: string): JsonObject {
  const update = toWrapped('Update', { id: `${idOf(object)}#updates/${mark}`, actor: actor.uri, object });
  return update['to'] === undefined ? { ...update, to: [PUBLIC] } : update;
}

/** A status of ours is gone; nothing of what it said is repeated. */
export function toDelete(actor: Actor, { uri, addresses }: { uri: string; addresses: Audience }): JsonObject {
  const object = { id: uri, type: 'Tombstone' };
  return toActivity({ id: `${uri}#delete`, type: 'Delete', actor: actor.uri, object, ...addresses });
}

/** An account of ours is gone. */
export function toActorDelete(actor: Actor): JsonObject {
  const { uri } = actor;
  return toActivity({ id: `${uri}#delete`, type: 'Delete', actor: uri, object: uri, to: [PUBLIC] });
}

export interface AnnounceFacts {
  /** The reblog itself. */
  wrapper: Pick<Status, 'uri' | 'visibility' | 'createdAt'>;
  actor: Actor;
  /** What it shows, and who wrote that. */
  shown: { uri: string; authorUri: string };
}

export function toAnnounce({ wrapper, actor, shown }: AnnounceFacts): JsonObject {
  const { followers } = actorEndpoints(actor.uri);
  const { to, cc } = audienceOf(wrapper.visibility, followers, [shown.authorUri]);
  const published = toWireTime(wrapper.createdAt);
  return toActivity({
    id: wrapper.uri,
    type: 'Announce',
    actor: actor.uri,
    object: shown.uri,
    to,
    cc,
    published,
  });
}

/** A relation to somebody or something: Like, Follow, Block. */
export function toRelation(
  type: 'Like' | 'Follow' | 'Block',
  { uri, actor, object, to }: { uri: string; actor: Actor; object: string; to?: string },
): JsonObject {
  return toActivity({ id: uri, type, actor: actor.uri, object, ...(to !== undefined && { to: [to] }) });
}

/** Takes an activity back. Its short form is embedded, so that servers that never stored it know what is meant. */
export function toUndo(actor: Actor, undone: JsonObject): JsonObject {
  return toActivity({
    id: `${idOf(undone)}#undo`,
    type: 'Undo',
    actor: actor.uri,
    object: toReference(undone),
    ...audienceAgain(undone),
  });
}

/** The answer to a Follow, under an id of its own: a server that lost the first answer asks again and gets another. */
export function toFollowAnswer(
  type: 'Accept' | 'Reject',
  { actor, follow, mark }: { actor: Actor; follow: JsonObject; mark: string },
): JsonObject {
  const id = `${actor.uri}#${type.toLowerCase()}s/follows/${mark}`;
  const to = typeof follow['actor'] === 'string' ? [follow['actor']] : [];
  return toActivity({ id, type, actor: actor.uri, object: toReference(follow), to });
}

/** A status joins or leaves the pinned ones. */
export function toFeatured(
  type: 'Add' | 'Remove',
  { actor, object, mark }: { actor: Actor; object: Json; mark: string },
): JsonObject {
  const { featured, followers } = actorEndpoints(actor.uri);
  return toActivity({
    id: `${actor.uri}#${type === 'Add' ? 'pins' : 'unpins'}/${mark}`,
    type,
    actor: actor.uri,
    object,
    target: featured,
    to: [followers],
  });
}

export function toMove(actor: Actor, target: Actor): JsonObject {
  const { followers } = actorEndpoints(actor.uri);
  return toActivity({
    id: `${actor.uri}#moves/${encodeURIComponent(target.uri)}`,
    type: 'Move',
    actor: actor.uri,
    object: actor.uri,
    target: target.uri,
    to: [followers],
  });
}

/** A report to another server: from the instance actor, so that who complained is not told (Mastodon's convention). */
export function toFlag(
  instance: Actor,
  { id, objects, comment }: { id: string; objects: readonly string[]; comment: string },
): JsonObject {
  return toActivity({
    id: `${instance.uri}/activities/flag-${id}`,
    type: 'Flag',
    actor: instance.uri,
    object: [...objects],
    to: objects.slice(0, 1),
    extra: { content: comment },
  });
}

/** One vote in a poll elsewhere: a Note that has a name and no content. */
export function toVote(
  voter: Actor,
  { uri, title, poll, to }: { uri: string; title: string; poll: string; to: string },
): JsonObject {
  const object = {
    id: uri,
    type: 'Note',
    name: title,
    attributedTo: voter.uri,
    to: [to],
    inReplyTo: poll,
  };
  return toActivity({ id: `${uri}#activity`, type: 'Create', actor: voter.uri, object, to: [to] });
}

function audienceAgain(activity: JsonObject): Partial<Audience> {
  const read = (value: Json | undefined): string[] =>
    Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];
  return { to: read(activity['to']), cc: read(activity['cc']) };
}

function idOf(object: JsonObject): string {
  const { id } = object;
  if (typeof id !== 'string') throw new Error('An object without an id cannot be spoken of');
  return id;
}
