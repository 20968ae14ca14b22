import type { OwnNames } from '../../domain/ctx.js';
import { mediaUrl } from '../../domain/urls.js';
import type { CustomEmojiRef } from '../../model/account.js';
import type { CustomEmoji } from '../../model/status.js';

/** A custom emoji where it is used: whether a picker shows it is its own server's affair. */
export function toCustomEmoji(emoji: CustomEmojiRef) {
  return {
    shortcode: emoji.shortcode,
    url: emoji.url,
    static_url: emoji.staticUrl,
    visible_in_picker: false,
  };
}

/** An emoji of this server; null while it has no file. */
export function toOwnEmoji(names: OwnNames, emoji: CustomEmoji) {
  if (emoji.path === null) return null;
  return {
    shortcode: emoji.shortcode,
    url: mediaUrl(names, emoji.path),
    static_url: mediaUrl(names, emoji.staticPath ?? emoji.path),
    visible_in_picker: emoji.visibleInPicker,
    ...(emoji.category !== null && { category: emoji.category }),
  };
}
