/** Posts by mail: who gets them, and what is to be sent. */

/** Somebody, known by an address only, who gets an account's public posts by mail. */
export interface EmailSubscription {
  _id: string;
  /** Whose posts; an account of this server. */
  accountId: string;
  /** Lower case. */
  email: string;
  /** Null: asked for, and not confirmed by whoever has the address. */
  confirmedAt: string | null;
  /** Hash of the secret in the last confirmation mail. */
  tokenHash: string;
  /** The request that this mail was for: sent again, it gets a new secret. */
  request: string;
  /** When that was. */
  askedAt: string;
  /** Forgotten unless it is confirmed before. Null once it is. */
  expiresAt: string | null;
  createdAt: string;
  /** Mails that were refused for good, in a row. Absent: none. */
  refusals?: number;
}

/** Posts of one account that go into one mail. */
export interface PostMailing {
  _id: string;
  accountId: string;
  /** The account again, while further posts may join. */
  openFor?: string;
  /** At least one. */
  statusIds: string[];
  /** When it closes and is sent. */
  dueAt: string;
}
