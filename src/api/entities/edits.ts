import type { AccountFacts } from '../../domain/facts/accounts.js';
import type { Media, StatusEdit } from '../../model/status.js';
import { toAccount } from './accounts.js';
import { toCustomEmoji } from './emojis.js';
import { toMedia } from './media.js';
import { toTime, type View } from './view.js';

/** One look in the history of a status; attachments carry the descriptions they had then. */
export function toStatusEdit(
  view: View,
  edit: StatusEdit,
  facts: { author: AccountFacts; media: ReadonlyMap<string, Media> },
) {
  return {
    content: edit.content,
    spoiler_text: edit.spoilerText,
    sensitive: edit.sensitive,
    created_at: toTime(edit.createdAt),
    account: toAccount(view, facts.author),
    ...(edit.pollOptions && { poll: { options: edit.pollOptions.map((title) => ({ title })) } }),
    media_attachments: edit.mediaIds.flatMap((id, i) => {
      const media = facts.media.get(id);
      return media ? [toMedia(view, { ...media, description: edit.mediaDescriptions[i] ?? null })] : [];
    }),
    emojis: edit.emojis.map(toCustomEmoji),
  };
}
