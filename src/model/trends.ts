export type TrendKind = 'tags' | 'links' | 'statuses';

/** What trends, as it was ranked last. */
export interface TrendRanking {
  _id: TrendKind;
  /** Names of hashtags, addresses of pages, or ids of statuses; the first first. */
  keys: string[];
  computedAt: string;
}
