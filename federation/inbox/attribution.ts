import type { Json, JsonObject } from '../ports.js';
import { parseWebUrl } from '../signature/web-url.js';
import { idOf, isSameId, sameOrigin } from './origin.js';

/** What an activity says about itself, before it is compared with who signed it. */
export interface ActivityHead {
  /** The first of its types. */
  type: string;
  /** The actor's id as written: an http(s) URL, not necessarily in canonical form. */
  actor: string;
  /** Null for a transient activity (allowed by ActivityPub section 3.1). */
  activityId: string | null;
}

export type HeadFault = 'no-type' | 'no-actor' | 'malformed-id' | 'ambiguous-keys';

/** Whose activity it is, seen from the signer. */
export type Attribution =
  /** The signer's own. */
  | 'own'
  /** Another server's; the signer passes it on (inbox forwarding). Only its id is of use: fetch it from there. */
  | 'forwarded'
  /** Another actor's, and nothing makes it a forwarding: the signer lies, or it cannot be fetched. */
  | 'actor-mismatch'
  /** The id lives on another host than the actor. */
  | 'id-mismatch';

/**
 * Reads type, actor and id. An actor as object or list of one counts by its `id` alone; an embedded key is not looked
 * at. `@id` or `@type` next to a different `id` or `type` is refused: a JSON-LD processor would see another activity
 * than a JSON reader (ATTACKS 25, 101).
 */
export function readActivityHead(activity: JsonObject): ActivityHead | HeadFault {
  if (disagree(activity['@id'], activity['id']) || disagree(activity['@type'], activity['type']))
    return 'ambiguous-keys';
  const type = firstType(activity['type']);
  if (!type) return 'no-type';
  const actor = idOf(activity['actor']);
  if (actor === null || !parseWebUrl(actor)) return 'no-actor';
  const id = activity['id'] ?? null;
  if (id === null || id === '') return { type, actor, activityId: null };
  if (typeof id !== 'string' || !parseWebUrl(id)) return 'malformed-id';
  return { type, actor, activityId: id };
}

/** Compares the activity with the owner of the key that signed the request. */
export function attribute(head: ActivityHead, keyOwner: string): Attribution {
  const isOwn = isSameId(head.actor, keyOwner);
  const idIsHome = head.activityId === null || sameOrigin(head.activityId, head.actor);
  if (isOwn) return idIsHome ? 'own' : 'id-mismatch';
  // Servers forward what third parties sent them. For two actors of one host there is nothing to forward.
  const canBeFetched = head.activityId !== null && idIsHome;
  return canBeFetched && !sameOrigin(head.actor, keyOwner) ? 'forwarded' : 'actor-mismatch';
}

/** The actor that a Delete of an actor by itself names; null for every other activity. */
export function selfDeletingActor(activity: JsonObject): string | null {
  const head = readActivityHead(activity);
  if (typeof head === 'string' || head.type !== 'Delete') return null;
  return isSameId(idOf(activity['object']), head.actor) ? head.actor : null;
}

function firstType(value: Json | undefined): string | null {
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' && first !== '' && first.length <= 256 ? first : null;
}

function disagree(keyword: Json | undefined, plain: Json | undefined): boolean {
  return keyword !== undefined && JSON.stringify(keyword) !== JSON.stringify(plain);
}
