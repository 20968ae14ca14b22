/** Hashtags as things of their own, and how they were used. */

export interface Tag {
  _id: string;
  /** Normalised. */
  name: string;
  /** As first written. */
  displayName: string;
  lastStatusAt: string | null;
  /** What staff decided; absent: yes, and nobody has looked. */
  trendable?: boolean;
  usable?: boolean;
  listable?: boolean;
  reviewedAt?: string;
}

/** How often a tag was used on a day (UTC, `2025-01-31`). */
export interface TagDay {
  _id: string;
  tag: string;
  day: string;
  uses: number;
  accounts: number;
}

/** That an account used a tag on a day. */
export interface TagUse {
  _id: string;
  tag: string;
  day: string;
  accountId: string;
}
