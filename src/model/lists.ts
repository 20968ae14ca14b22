/** Whose replies a list shows: to people whom its owner follows, to its members, or none. */
export type RepliesPolicy = 'followed' | 'list' | 'none';

/** A timeline of some of the people one follows. */
export interface List {
  _id: string;
  accountId: string;
  title: string;
  repliesPolicy: RepliesPolicy;
  /** Its members do not appear in the home timeline. */
  exclusive: boolean;
}

export interface ListMember {
  _id: string;
  listId: string;
  /** The list's owner. */
  accountId: string;
  targetId: string;
}

/** One line of a list's timeline; as HomeEntry. */
export interface ListEntry {
  _id: string;
  listId: string;
  accountId: string;
  statusId: string;
  fromId: string;
  /** As in HomeEntry. */
  shownId: string | null;
}
