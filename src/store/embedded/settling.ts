/** Syncs what was committed to the disk, beside the event loop. Null: nothing has to be synced. */
export type Sync = (() => Promise<void>) | null;

/** A write that ended: `settle` tells its result. */
export interface Settleable {
  settle: () => void;
  reject: (error: unknown) => void;
}

export interface Settling {
  add(ended: readonly Settleable[]): void;
  /** The sync under way, which ends when what it syncs is settled; null when there is none. */
  current(): Promise<void> | null;
  /** Resolves when everything added so far is settled. */
  idle(): Promise<void>;
  /** Why nothing can be written any more; null: all is well. */
  failure(): { error: unknown } | null;
}

/** Settles tasks whose transaction is committed, after the next sync that begins later than that. */
export function createSettling(sync: Sync): Settling {
  let waiting: Settleable[] = [];
  let syncing: Promise<void> | null = null;
  // What the disk has refused once may be lost although it looks written (the system drops such pages).
  let broken: { error: unknown } | null = null;

  const settleBatch = async (work: () => Promise<void>): Promise<void> => {
    const batch = waiting;
    waiting = [];
    try {
      if (broken === null) await work();
    } catch (error) {
      broken = { error };
    }
    for (const task of batch) {
      if (broken) task.reject(broken.error);
      else task.settle();
    }
  };
  const start = (work: () => Promise<void>): void => {
    syncing ??= settleBatch(work).then(() => {
      syncing = null;
      if (waiting.length > 0) start(work);
    });
  };

  return {
    add: (ended) => {
      if (sync === null) return ended.forEach((task) => task.settle());
      waiting.push(...ended);
      if (waiting.length > 0) start(sync);
    },
    current: () => syncing,
    idle: async () => {
      while (syncing) await syncing;
    },
    failure: () => broken,
  };
}
