import type { JsonObject } from '../../federation/ports.js';
import type { RemoteActivity } from '../../federation/vocabulary/activity.js';
import type { Carrier } from '../domain/arrivals.js';
import type { Ctx } from '../domain/ctx.js';
import type { Account } from '../model/account.js';

/** What became of an activity. Reasons are short and can be queried. */
export type Outcome =
  | { outcome: 'processed'; reason: string }
  | { outcome: 'ignored'; reason: string }
  /** Something that may work later was not to be had. */
  | { outcome: 'retry'; reason: string };

/** An activity whose sender is proven: `sender` is its actor, and signed it. */
export interface Incoming {
  activity: RemoteActivity;
  sender: Account;
  /** The document as it came, after normalisation. */
  document: JsonObject;
  /** Local account whose inbox it was sent to; null for the shared one. */
  recipientId: string | null;
  /** The received activity, which is processed until it is done. */
  carrier: Carrier;
}

export type Handler = (ctx: Ctx, incoming: Incoming) => Promise<Outcome>;

export const processed = (reason: string): Outcome => ({ outcome: 'processed', reason });
export const ignored = (reason: string): Outcome => ({ outcome: 'ignored', reason });
export const retry = (reason: string): Outcome => ({ outcome: 'retry', reason });
