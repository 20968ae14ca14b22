import type { QuotePolicy, Visibility } from './status.js';

/** A status that is to be posted later, as its author gave it. */
export interface ScheduledStatus {
  _id: string;
  accountId: string;
  scheduledAt: string;
  text: string;
  visibility: Visibility;
  spoilerText: string;
  sensitive: boolean;
  language: string | null;
  inReplyToId: string | null;
  /** Held for it: their `statusId` is this document's. */
  mediaIds: string[];
  poll: { options: string[]; expiresInSeconds: number; multiple: boolean; hideTotals: boolean } | null;
  quotedStatusId: string | null;
  quotePolicy: QuotePolicy;
  applicationId: string | null;
  idempotencyKey: string | null;
}
