import type { Ctx } from './ctx.js';

/** A status as it was, for those who must be told that it is gone. */
export interface DeletedStatus {
  statusId: string;
  uri: string;
  accountId: string;
  visibility: 'public' | 'unlisted' | 'private' | 'direct';
  mentionIds: string[];
  tags: string[];
  mediaIds: string[];
  inReplyToId: string | null;
  inReplyToAccountId: string | null;
  reblogOfId: string | null;
  /** What it quotes. Absent: nothing. */
  quotedId?: string;
  local: boolean;
}

/**
 * What happened. Verbs publish these and know nothing of their consequences: timelines, notifications and streams
 * (domain/effects.ts) and federation (outbox/).
 */
export type DomainEvent = Happening & {
  /** Given when it is published: tells one event from an equal one later (block, unblock, block), and names repeats. */
  id?: string;
};

type Happening =
  | {
      type: 'status.published';
      statusId: string;
      /** No delivery, notifications or streams: older than a day when posted. */ quiet: boolean;
      /** Its author may have subscribers by mail who get it. Absent: no. */
      mailed?: true;
    }
  | {
      type: 'status.received';
      statusId: string;
      /** Fetched, not sent to us: no timelines. */ fetched: boolean;
      /** Stored just now by who applies this event, once: counted as one more. Otherwise all is counted again. */
      isNew?: boolean;
    }
  | { type: 'status.edited'; statusId: string; editId: string }
  | { type: 'status.deleted'; status: DeletedStatus }
  | { type: 'status.pinned' | 'status.unpinned'; statusId: string; accountId: string }
  | { type: 'favourite.added'; accountId: string; statusId: string; uri: string }
  | { type: 'favourite.removed'; accountId: string; statusId: string; uri: string }
  | { type: 'follow.requested'; accountId: string; targetId: string; uri: string }
  | {
      type: 'follow.accepted';
      accountId: string;
      targetId: string;
      uri: string;
      /** False: it was accepted at once. */ wasPending: boolean;
    }
  | {
      type: 'follow.rejected';
      accountId: string;
      targetId: string;
      uri: string;
      /** It had been accepted before. */ removed: boolean;
    }
  | { type: 'follow.undone'; accountId: string; targetId: string; uri: string; wasAccepted: boolean }
  | { type: 'block.added' | 'block.removed'; accountId: string; targetId: string; uri: string }
  | { type: 'account.updated'; accountId: string; /** Distinguishes one Update from the next. */ at: string }
  | { type: 'account.deleted'; accountId: string }
  | { type: 'account.moved'; accountId: string; targetId: string }
  | { type: 'poll.voted'; accountId: string; statusId: string; voteIds: string[] }
  | { type: 'poll.ended'; statusId: string }
  | {
      type: 'poll.tallied';
      statusId: string;
      /** Votes are told to other servers in steps; this names the step. */ step: string;
    }
  | { type: 'report.filed'; reportId: string }
  | { type: 'quote.requested'; statusId: string }
  | {
      type: 'quote.answered';
      statusId: string;
      /** The activity that asked. */ requestUri: string;
      decision: 'accepted' | 'rejected';
      /** Who asked, and for which object. */
      accountId?: string;
      quotingUri?: string;
    }
  | { type: 'quote.revoked'; statusId: string; approvalUri: string };

/**
 * Runs `write` between an intent and its release: first a held-back job that carries the event, then the documents,
 * then the job falls due. A crash between any two lines loses nothing that was acknowledged (DESIGN.md section 3).
 */
export async function withEvent<T>(ctx: Ctx, event: DomainEvent, write: () => Promise<T>): Promise<T> {
  const intent = await ctx.jobs.intend({ kind: 'event', payload: { event: named(ctx, event) } });
  const result = await write();
  await intent.release();
  return result;
}

/** For an event whose documents are written already. */
export function publish(ctx: Ctx, event: DomainEvent): Promise<void> {
  return ctx.jobs.enqueue({ kind: 'event', payload: { event: named(ctx, event) } });
}

const named = (ctx: Ctx, event: DomainEvent): DomainEvent => ({ id: ctx.ids.next(), ...event });
