import type { Ctx } from './ctx.js';
import { withEvent, type DomainEvent } from './events.js';

export type ArrivalEvent = Extract<DomainEvent, { type: 'status.received' }>;

/**
 * Durable work that is begun again until it says that it is done, and so stands for the intent of what it stores: a
 * received activity. Nothing else has to be written before the documents.
 */
export interface Carrier {
  /** It was begun before: what it stored may lack its consequences. */
  again: boolean;
  /** Applies the consequences now. */
  apply(event: ArrivalEvent): Promise<void>;
}

export interface Stored<T> {
  /** False: it was there before. */
  created: boolean;
  value: T;
}

/** Stores a status of another server, and sees to its consequences: by the carrier, else by an intent. */
export async function arrive<T>(
  ctx: Ctx,
  event: ArrivalEvent,
  { carrier, write }: { carrier: Carrier | undefined; write: () => Promise<Stored<T>> },
): Promise<Stored<T>> {
  if (!carrier) return withEvent(ctx, event, write);
  const stored = await write();
  if (stored.created || carrier.again) await carrier.apply({ ...event, isNew: stored.created });
  return stored;
}
