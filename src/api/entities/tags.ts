import type { FeaturedTagFacts } from '../../domain/featured-tags.js';
import type { TagFacts } from '../../domain/tags.js';
import { tagUrl } from '../../domain/urls.js';
import { toTime, type View } from './view.js';

/** `following` and `featuring` only for somebody who is signed in. */
export function toTag(view: View, { tag, history, following, featuring }: TagFacts) {
  return {
    id: tag._id,
    name: tag.displayName,
    url: tagUrl(view.names, tag.name),
    history: history.map(({ day, uses, accounts }) => ({
      day: String(day.getTime() / 1000),
      uses: String(uses),
      accounts: String(accounts),
    })),
    ...(following !== undefined && { following }),
    ...(featuring !== undefined && { featuring }),
  };
}

/** A hashtag on a profile; its page there shows the account's posts only. */
export function toFeaturedTag({ featured, account, statusesCount, lastStatusAt }: FeaturedTagFacts) {
  return {
    id: featured._id,
    name: featured.name,
    url: `${account.url}/tagged/${encodeURIComponent(featured.name)}`,
    statuses_count: String(statusesCount),
    last_status_at: lastStatusAt === null ? null : toTime(lastStatusAt).slice(0, 10),
  };
}
