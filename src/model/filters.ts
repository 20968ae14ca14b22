export type FilterContext = 'home' | 'notifications' | 'public' | 'thread' | 'account';
/** Show a warning, leave it out, or hide its media behind a blur. */
export type FilterAction = 'warn' | 'hide' | 'blur';

/** What somebody does not want to read. Keywords and single statuses live inside, with ids of their own. */
export interface Filter {
  _id: string;
  accountId: string;
  title: string;
  contexts: FilterContext[];
  action: FilterAction;
  /** Null: for ever. */
  expiresAt: string | null;
  keywords: FilterKeyword[];
  statuses: FilterStatus[];
}

export interface FilterKeyword {
  id: string;
  keyword: string;
  wholeWord: boolean;
}

export interface FilterStatus {
  id: string;
  statusId: string;
}
