import type { Json, JsonObject } from '../ports.js';

/** What all our activities have. Nothing here adds an `@context`: `federation/jsonld/out-context.ts` does, last. */
export interface ActivityInput {
  /** Null for transient activities. */
  id: string | null;
  type: string;
  actor: string;
  object: Json;
  to?: readonly string[];
  cc?: readonly string[];
  /** ISO-8601. */
  published?: string;
  target?: Json;
  /** Further members: `content` of a reaction, `result` of an Accept. */
  extra?: JsonObject;
}

/** Builds an activity; empty audiences are left out. */
export function toActivity(input: ActivityInput): JsonObject {
  const { id, type, actor, object, to, cc, published, target, extra } = input;
  return {
    ...(id === null ? {} : { id }),
    type,
    actor,
    ...(published === undefined ? {} : { published }),
    ...(to === undefined || to.length === 0 ? {} : { to: [...to] }),
    ...(cc === undefined || cc.length === 0 ? {} : { cc: [...cc] }),
    object,
    ...(target === undefined ? {} : { target }),
    ...extra,
  };
}

/** The short form of an activity, as it is embedded in Accept, Reject and Undo: enough to be matched by content. */
export function toReference(activity: JsonObject): JsonObject {
  const { id, type, actor, object } = activity;
  const subject =
    object !== null && typeof object === 'object' && !Array.isArray(object) ? object['id'] : object;
  return {
    ...(id === undefined ? {} : { id }),
    ...(type === undefined ? {} : { type }),
    ...(actor === undefined ? {} : { actor }),
    ...(subject === undefined ? {} : { object: subject }),
  };
}

/** A Create or Update around an object, addressed like it. `id` is the activity's own. */
export function toWrapped(
  type: 'Create' | 'Update',
  input: { id: string; actor: string; object: JsonObject },
): JsonObject {
  const { id, actor, object } = input;
  const copy = (name: string): JsonObject => (object[name] === undefined ? {} : { [name]: object[name] });
  return {
    id,
    type,
    actor,
    ...copy(type === 'Create' ? 'published' : 'updated'),
    ...copy('to'),
    ...copy('cc'),
    object,
  };
}

/** What remains of a deleted object (ActivityStreams vocabulary, Tombstone; ActivityPub section 6.4). */
export function toTombstone(input: { id: string; formerType?: string; deleted?: string }): JsonObject {
  return { type: 'Tombstone', ...input };
}
