import type { Status } from '../model/status.js';

/** What must be known of a viewer and an author to decide. `viewerId: null` is the public. */
export interface ViewerFacts {
  viewerId: string | null;
  /** The viewer follows the author, and was accepted. */
  follows: boolean;
  /** The author blocks the viewer. */
  blockedByAuthor: boolean;
  /** The author is suspended or deleted. */
  authorSuspended: boolean;
}

type Seen = Pick<Status, 'accountId' | 'visibility' | 'mentions'>;

/** May this viewer read this status? Decided here for both doors, timelines, context, search and streams. */
export function canSee(status: Seen, facts: ViewerFacts): boolean {
  if (facts.authorSuspended) return false;
  if (facts.viewerId === status.accountId) return true;
  if (facts.blockedByAuthor) return false;
  if (status.visibility === 'public' || status.visibility === 'unlisted') return true;
  if (facts.viewerId === null) return false;
  if (status.mentions.some((m) => m.accountId === facts.viewerId)) return true;
  return status.visibility === 'private' && facts.follows;
}

/** May the viewer, who can see it, reblog this status? Followers-only posts only by their author. */
export function canReblog(status: Seen, viewerId: string): boolean {
  if (status.visibility === 'public' || status.visibility === 'unlisted') return true;
  return status.visibility === 'private' && status.accountId === viewerId;
}

const width = { public: 3, unlisted: 2, private: 1, direct: 0 } as const;

/** The narrower of two visibilities: a reblog is never wider than what it shows. */
export function narrower(a: Status['visibility'], b: Status['visibility']): Status['visibility'] {
  return width[a] <= width[b] ? a : b;
}
