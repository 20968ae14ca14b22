import type { Status } from '../model/status.js';
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
  /** Applies the consequences of this status now. */
  apply(event: ArrivalEvent, status: Status): Promise<void>;
}

export interface Stored {
  /** False: it was there before. */
  created: boolean;
  status: Status;
}

/** Stores a status of another server, and sees to its consequences: by the carrier, else by an intent. */
export async function arrive(
  ctx: Ctx,
  event: Omit<ArrivalEvent, 'isNew'>,
  { carrier, write }: { carrier: Carrier | undefined; write: () => Promise<Stored> },
): Promise<Stored> {
  if (!carrier) return withEvent(ctx, event, write);
  const stored = await write();
  if (stored.created || carrier.again)
    await carrier.apply({ isNew: stored.created, ...event, statusId: stored.status._id }, stored.status);
  return stored;
}
