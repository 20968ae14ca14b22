import type { CustomEmojiRef } from '../../model/account.js';

/** A custom emoji where it is used: its picker data belong to its own server. */
export function toCustomEmoji(emoji: CustomEmojiRef) {
  return {
    shortcode: emoji.shortcode,
    url: emoji.url,
    static_url: emoji.staticUrl,
    visible_in_picker: false,
  };
}
