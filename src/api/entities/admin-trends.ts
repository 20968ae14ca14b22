import type { TagFacts } from '../../domain/tags.js';
import type { TrendingLink } from '../../domain/trends.js';
import type { LinkPublisher } from '../../model/moderation.js';
import { toTrendingLink } from './cards.js';
import { toTag } from './tags.js';
import type { View } from './view.js';

/** What trends, with what staff decided about it. */

export function toAdminTag(view: View, facts: TagFacts) {
  const { tag } = facts;
  return {
    ...toTag(view, facts),
    trendable: tag.trendable ?? true,
    usable: tag.usable ?? true,
    listable: tag.listable ?? true,
    requires_review: tag.reviewedAt === undefined,
  };
}

export function toAdminTrendingLink(view: View, link: TrendingLink) {
  const { _id, trendable } = link.card;
  return { id: _id, ...toTrendingLink(view, link), requires_review: trendable === undefined };
}

export function toLinkPublisher({ _id, domain, trendable, reviewedAt }: LinkPublisher) {
  return { id: _id, domain, trendable: trendable ?? true, requires_review: reviewedAt === null };
}
