import { LRUCache } from 'lru-cache';
import type { OutActivity } from '../../model/work.js';
import type { Collection } from '../../store/port.js';

const maxBytes = 16 * 1024 * 1024;
/** What an entry weighs besides its body. */
const overhead = 512;

/** The bodies that are being sent, so that one is read once for a whole fan-out. Null: the activity is gone. */
export function createBodies(
  activities: Collection<OutActivity>,
): (activityId: string) => Promise<Buffer | null> {
  const kept = new LRUCache<string, Buffer>({
    maxSize: maxBytes,
    sizeCalculation: (body) => body.length + overhead,
  });
  const loading = new Map<string, Promise<Buffer | null>>();

  const load = async (id: string): Promise<Buffer | null> => {
    const activity = await activities.findOne({ _id: id });
    const body = activity && Buffer.from(activity.body);
    if (body) kept.set(id, body);
    return body;
  };

  return async (id) => {
    const known = kept.get(id);
    if (known) return known;
    let pending = loading.get(id);
    if (!pending) {
      pending = load(id).finally(() => loading.delete(id));
      loading.set(id, pending);
    }
    return pending;
  };
}
