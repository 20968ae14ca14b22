import { loadContext } from '../../../federation/jsonld/document-loader.js';

/** Documents as activitypub-express holds them: compact JSON-LD in which every value is a list. */
export interface ApexDocument {
  id: string;
  type: string;
  actor?: unknown[];
  object?: unknown[];
  _meta?: { collection?: string[]; privateKey?: string } & Record<string, unknown>;
  [property: string]: unknown;
}

export interface ApexDelivery {
  actorId: string;
  body: string;
  address: string;
  signingKey: string;
  attempt: number;
}

/** The store of an activitypub-express server, in memory, with the meaning of its MongoDB store. */
export interface ApexStore {
  objects: ReadonlyMap<string, ApexDocument>;
  /** Deliveries that failed. They are not tried again: a test that needs one to be is broken. */
  failed: ApexDelivery[];
  /** The one that is under way; its queue is serial. */
  current(): ApexDelivery | null;
  /** Resolves when everything in the queue was sent. */
  drained(): Promise<void>;
  /** The IRI of the Create that brought an object of the server's own. */
  createdBy(objectId: unknown): string | null;
  [method: string]: unknown;
}

type Stored = ApexDocument & { _id: string };

const withoutMeta = ({ _meta, ...rest }: ApexDocument): ApexDocument => rest as ApexDocument;
const idOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'id' in value ? value.id : value;
const holds = (values: unknown[] | undefined, id: string): boolean =>
  values?.some((value) => idOf(value) === id) ?? false;

export function createApexStore(): ApexStore {
  const objects = new Map<string, ApexDocument>();
  const streams = new Map<string, Stored>();
  const queue: ApexDelivery[] = [];
  const failed: ApexDelivery[] = [];
  const waiting: (() => void)[] = [];
  let count = 0;
  let current: ApexDelivery | null = null;
  const nextId = (): string => (count += 1).toString(16).padStart(24, '0');
  const give = (found: ApexDocument | undefined, meta: boolean): ApexDocument | null =>
    found ? structuredClone(meta ? found : withoutMeta(found)) : null;
  const inCollection = (id: string): Stored[] =>
    [...streams.values()].filter((activity) => activity._meta?.collection?.includes(id));

  /** Activities carry copies of their objects. */
  function updateCopies(object: ApexDocument): void {
    for (const activity of streams.values())
      if (activity.object)
        activity.object = activity.object.map((held) =>
          typeof held === 'object' && idOf(held) === object.id ? structuredClone(object) : held,
        );
  }

  return {
    objects,
    failed,
    current: () => current,
    createdBy: (objectId) =>
      [...streams.values()].find(
        ({ type, object }) => type === 'Create' && typeof objectId === 'string' && holds(object, objectId),
      )?.id ?? null,
    setup: async () => {},
    generateId: nextId,
    getObject: async (id: string, meta: unknown) => give(objects.get(id), meta === true),
    async saveObject(object: ApexDocument) {
      if (objects.has(object.id)) return false;
      objects.set(object.id, structuredClone(object));
      return true;
    },
    async updateObject(object: ApexDocument, _actorId: string, replace: boolean) {
      const known = objects.get(object.id);
      if (!known) return undefined;
      const next = structuredClone(replace ? object : { ...known, ...object });
      objects.set(object.id, next);
      updateCopies(next);
      return structuredClone(next);
    },
    getActivity: async (id: string, meta: unknown) => give(streams.get(id), Boolean(meta)),
    findActivityByCollectionAndObjectId: async (collection: string, id: string, meta: unknown) =>
      give(
        inCollection(collection).find((activity) => activity.object?.includes(id)),
        Boolean(meta),
      ),
    findActivityByCollectionAndActorId: async (collection: string, id: string, meta: unknown) =>
      give(
        inCollection(collection).find((activity) => activity.actor?.includes(id)),
        Boolean(meta),
      ),
    async getStream(collection: string, limit: number | null, after: string | null, blocked?: string[]) {
      const found = inCollection(collection)
        .filter(({ _id, actor }) => (!after || _id < after) && !blocked?.some((id) => holds(actor, id)))
        .toSorted((a, b) => (a._id < b._id ? 1 : -1))
        .slice(0, limit ?? undefined);
      return found.map((activity) => {
        const actors = [...objects.values()].filter(({ id }) => holds(activity.actor, id)).map(withoutMeta);
        return structuredClone({ ...withoutMeta(activity), actor: actors });
      });
    },
    getStreamCount: async (collection: string) => inCollection(collection).length,
    getUserCount: async () => [...objects.values()].filter(({ _meta }) => _meta?.privateKey).length,
    getContext: async (url: string) => structuredClone(loadContext(url)),
    saveContext: async () => {},
    async saveActivity(activity: ApexDocument) {
      if (streams.has(activity.id)) return undefined;
      streams.set(activity.id, { ...structuredClone(activity), _id: nextId() });
      return true;
    },
    async removeActivity({ id }: ApexDocument, actorId: string) {
      if (holds(streams.get(id)?.actor, actorId)) streams.delete(id);
    },
    async updateActivity(activity: ApexDocument, replace: boolean) {
      const known = streams.get(activity.id);
      if (!known) return activity;
      const next = structuredClone(replace ? activity : { ...known, ...activity });
      streams.set(activity.id, { ...next, _id: known._id });
      return next;
    },
    async updateActivityMeta({ id }: ApexDocument, key: string, value: string, remove?: boolean) {
      const known = streams.get(id);
      if (!known) throw new Error('Error updating activity meta: not found');
      const held = (known._meta?.[key] ?? []) as string[];
      const next = remove ? held.filter((one) => one !== value) : [...new Set([...held, value])];
      known._meta = { ...known._meta, [key]: next };
      return structuredClone(known);
    },
    async deliveryEnqueue(actorId: string, body: string, addresses: string[], signingKey: string) {
      queue.push(...addresses.map((address) => ({ actorId, body, address, signingKey, attempt: 0 })));
      return true;
    },
    async deliveryDequeue() {
      current = queue.shift() ?? null;
      if (current === null) for (const wake of waiting.splice(0)) wake();
      return current;
    },
    drained: () =>
      new Promise<void>((resolve) => {
        if (current === null && queue.length === 0) resolve();
        else waiting.push(resolve);
      }),
    async deliveryRequeue(delivery: ApexDelivery) {
      failed.push(delivery);
      return true;
    },
  };
}
