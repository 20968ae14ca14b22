import type { Json, JsonObject } from '../ports.js';
import { parseWebUrl } from '../signature/web-url.js';
import { isSameHost } from '../vocabulary/iris.js';

/** The origin check (`isSameHost`) for values of any type: what is no http(s) URL is never the same as anything. */
export function sameOrigin(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' && isSameHost(a, b);
}

/** True when both are http(s) URLs that differ in spelling at most: case of the host, default port, `/a/../b`. */
export function isSameId(a: unknown, b: unknown): boolean {
  const href = parseWebUrl(a)?.href;
  return href !== undefined && href === parseWebUrl(b)?.href;
}

/** The id of a reference: the text itself, or `id` of an embedded object, or that of the only entry of a list. */
export function idOf(value: Json | undefined): string | null {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length === 1 && !Array.isArray(value[0]) ? idOf(value[0]) : null;
  return isObject(value) && typeof value['id'] === 'string' ? value['id'] : null;
}

/**
 * May the object that an activity embeds be taken as it stands? Only when all of it can come from the activity's actor:
 * its `id` (if it has one; without, it is part of the activity), and every `attributedTo` and `actor` it names, live on
 * the actor's host. Otherwise fetch it from its own id, or drop it. False where there is only a reference.
 *
 * Looks one level deep: for `Undo{Announce{…}}` ask again with the inner activity. Says nothing about two users of one
 * host: that a handler must compare itself (an Update needs the very owner). Sources: FEP-fe34, CVE-2024-23832.
 */
export function embeddedObjectIsTrusted(activity: JsonObject): boolean {
  const actor = idOf(activity['actor']);
  const object = activity['object'];
  const embedded = (Array.isArray(object) ? object : [object]).filter(isObject);
  const expected = Array.isArray(object) ? object.length : 1;
  return (
    actor !== null &&
    sameOrigin(actor, actor) &&
    embedded.length > 0 &&
    embedded.length === expected &&
    embedded.every((o) => isFrom(o, actor))
  );
}

function isFrom(object: JsonObject, actor: string): boolean {
  const { id, attributedTo, actor: innerActor } = object;
  if (id != null && !sameOrigin(id, actor)) return false;
  for (const value of [attributedTo, innerActor]) {
    if (value == null) continue;
    for (const owner of Array.isArray(value) ? value : [value])
      if (!sameOrigin(idOf(owner), actor)) return false;
  }
  return true;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
