import { LRUCache } from 'lru-cache';
import type { OutActivity } from '../../model/work.js';
import type { Collection } from '../../store/port.js';

const maxBytes = 16 * 1024 * 1024;
/** What an entry weighs besides its body. */
const overhead = 512;

/** Activities as deliveries need them. */
export interface Bodies {
  /** Null: the activity is gone. */
  bodyOf(activityId: string): Promise<Buffer | null>;
  /** Whether it is addressed to its author's followers and not to everybody. */
  isForFollowers(activityId: string): Promise<boolean>;
  /** Whether all its deliveries were written: until then an interrupted fan-out may come back and look for them. */
  isFannedOut(activityId: string): Promise<boolean>;
}

interface Kept {
  body: Buffer;
  forFollowers: boolean;
  fannedOut: boolean;
}

/** The activities that are being sent, so that one is read once or twice for a whole fan-out. */
export function createBodies(activities: Collection<OutActivity>): Bodies {
  const kept = new LRUCache<string, Kept>({
    maxSize: maxBytes,
    sizeCalculation: ({ body }) => body.length + overhead,
  });
  const loading = new Map<string, Promise<Kept | null>>();

  const load = async (id: string): Promise<Kept | null> => {
    const activity = await activities.findOne({ _id: id });
    if (!activity) return null;
    const found = {
      body: Buffer.from(activity.body),
      forFollowers: activity.forFollowers === true,
      fannedOut: activity.fannedOutAt !== undefined,
    };
    kept.set(id, found);
    return found;
  };
  const loadOnce = (id: string): Promise<Kept | null> => {
    let pending = loading.get(id);
    if (!pending) {
      pending = load(id).finally(() => loading.delete(id));
      loading.set(id, pending);
    }
    return pending;
  };

  return {
    bodyOf: async (id) => (kept.get(id) ?? (await loadOnce(id)))?.body ?? null,
    isForFollowers: async (id) => (kept.get(id) ?? (await loadOnce(id)))?.forFollowers === true,
    isFannedOut: async (id) => kept.get(id)?.fannedOut === true || (await loadOnce(id))?.fannedOut !== false,
  };
}
