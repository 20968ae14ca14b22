import { hash } from 'node:crypto';
import type { Ctx } from '../domain/ctx.js';
import type { DomainEvent } from '../domain/events.js';
import type { Account } from '../model/account.js';

/** The events of one or several kinds. */
export type EventOf<T extends DomainEvent['type']> = Extract<DomainEvent, { type: T }>;

/** What a noun does with its events. Safe to repeat; does nothing where its document is absent. */
export type Federator<T extends DomainEvent['type']> = (ctx: Ctx, event: EventOf<T>) => Promise<void>;

/** Part of an activity's id: the same whenever this event is handled, another for each later event. */
export function markOf(event: DomainEvent): string {
  return event.id ?? hash('sha256', JSON.stringify(event), 'hex').slice(0, 20);
}

/** A local account that may still speak; null for remote, suspended and deleted ones. */
export async function findSpeaker(ctx: Ctx, accountId: string): Promise<Account | null> {
  const account = await findOwnAuthor(ctx, accountId);
  return account?.suspendedAt === null ? account : null;
}

/** As `findSpeaker`, suspended ones included: what they take back is still taken back. */
export async function findOwnAuthor(ctx: Ctx, accountId: string): Promise<Account | null> {
  const account = await ctx.db.accounts.findOne({ _id: accountId });
  return account?.domain === null && account.deletedAt === null ? account : null;
}

/** One account of ours and one of another server; null when they are anything else, or one is gone. */
export async function findPair(
  ctx: Ctx,
  ids: { localId: string; remoteId: string },
): Promise<{ local: Account; remote: Account } | null> {
  const [local, remote] = await Promise.all([
    findSpeaker(ctx, ids.localId),
    ctx.db.accounts.findOne({ _id: ids.remoteId }),
  ]);
  if (!local || !remote?.remote || remote.domain === null || remote.deletedAt !== null) return null;
  return { local, remote };
}
