import { escapeHtml, html, raw, safeUrl, type Html } from '../html.js';

interface Emoji {
  shortcode: string;
  static_url: string;
}

interface Named {
  display_name: string;
  username: string;
  emojis: readonly Emoji[];
}

/** What somebody is called, as text. */
export function nameOf(account: Pick<Named, 'display_name' | 'username'>): string {
  return account.display_name || account.username;
}

/** What somebody is called, with custom emojis as pictures. */
export function nameHtml(account: Named): Html {
  return html`<bdi>${withEmojis(escapeHtml(nameOf(account)), account.emojis)}</bdi>`;
}

/** Puts pictures for `:shortcodes:` into safe HTML; tags and their attributes are passed over. */
export function withEmojis(safe: string, emojis: readonly Emoji[]): Html {
  if (!emojis.length) return raw(safe);
  const known = new Map(emojis.map((e) => [e.shortcode, e.static_url]));
  return raw(
    safe.replace(/<[^>]*>|:(\w{1,100}):/g, (part, code?: string) => {
      const url = code === undefined ? undefined : known.get(code);
      if (url === undefined) return part;
      return html`<img class="emoji" src="${safeUrl(url)}" alt="${part}" title="${part}" loading="lazy" />`
        .text;
    }),
  );
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `24 Nov 2026`, or with the time of day where there is room. UTC: the page is the same for everybody. */
export function timeText(iso: string, full = false): string {
  const day = `${Number(iso.slice(8, 10))} ${months[Number(iso.slice(5, 7)) - 1] ?? ''} ${iso.slice(0, 4)}`;
  return full ? `${day}, ${iso.slice(11, 16)} UTC` : day;
}

/** `1 reply`, `2 replies` */
export function count(many: number, one: string, several = `${one}s`): string {
  return `${many} ${many === 1 ? one : several}`;
}
