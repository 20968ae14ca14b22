/** What a page says of itself, shown below posts that link to it. */
export interface PreviewCard {
  _id: string;
  /** As linked; its key. */
  url: string;
  /** Null: the page had nothing to show. */
  page: CardPage | null;
  fetchedAt: string;
  /** What staff decided about it as a trend. Absent: nothing. */
  trendable?: boolean;
}

export interface CardPage {
  title: string;
  description: string;
  authorName: string;
  providerName: string;
  language: string | null;
  publishedAt: string | null;
  image: CardImage | null;
}

/** A copy of ours. */
export interface CardImage {
  path: string;
  width: number;
  height: number;
  blurhash: string | null;
  description: string;
}

/** How often a link was posted on a day (UTC). */
export interface LinkDay {
  _id: string;
  url: string;
  day: string;
  uses: number;
  accounts: number;
}

/** That an account posted a link on a day. */
export interface LinkUse {
  _id: string;
  url: string;
  day: string;
  accountId: string;
}
