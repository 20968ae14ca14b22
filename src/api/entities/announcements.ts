import type { AnnouncementFacts } from '../../domain/announcements.js';
import { tagUrl } from '../../domain/urls.js';
import { toCustomEmoji } from './emojis.js';
import { toTime, toTimeOrNull, type View } from './view.js';

export function toAnnouncement(view: View, facts: AnnouncementFacts) {
  const { announcement } = facts;
  return {
    id: announcement._id,
    content: facts.content,
    starts_at: toTimeOrNull(announcement.startsAt),
    ends_at: toTimeOrNull(announcement.endsAt),
    all_day: announcement.allDay,
    published_at: toTime(announcement.publishedAt),
    updated_at: toTime(announcement.updatedAt),
    ...(view.viewerId !== null && { read: facts.read }),
    // Handles in announcements stay plain text.
    mentions: [],
    statuses: [],
    tags: facts.tags.map((name) => ({ name, url: tagUrl(view.names, name) })),
    emojis: facts.emojis.map(toCustomEmoji),
    reactions: facts.reactions.map(({ name, count, me, emoji }) => ({
      name,
      count,
      ...(view.viewerId !== null && { me }),
      ...(emoji && { url: emoji.url, static_url: emoji.staticUrl }),
    })),
  };
}
