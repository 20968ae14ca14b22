/** Custom emoji in text: `:shortcode:` that stands apart from letters, digits and other colons (as in Mastodon). */

const maxShortcodeLength = 2048;
const pattern = new RegExp(
  String.raw`(?<![\p{Alphabetic}\p{Nd}:]):([A-Za-z0-9_]{2,${maxShortcodeLength}}):(?![\p{Alphabetic}\p{Nd}:])`,
  'gu',
);

/** Distinct shortcodes of a plain text, in order, `limit` at most. For HTML pass `toPlainText(html)`. */
export function scanShortcodes(text: string, limit = 100): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(pattern)) {
    if (found.size >= limit) break;
    if (match[1] !== undefined) found.add(match[1]);
  }
  return [...found];
}

/** Whether a name (without colons) may be stored as a shortcode: letters, digits and underscore, 2 to 2048. */
export function isShortcode(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxShortcodeLength && /^[A-Za-z0-9_]{2,}$/.test(value);
}
