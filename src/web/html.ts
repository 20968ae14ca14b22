/**
 * HTML that is safe to send: made by the `html` tag, which escapes whatever is put in, or declared safe with `raw`.
 * An instance check, not a shape: no JSON from outside can pass for it.
 */
export class Html {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type HtmlValue = Html | string | number | false | null | undefined | readonly HtmlValue[];

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

/**
 * html`<p class="${name}">${text}</p>`: values are escaped for text and quoted attributes; lists are joined; false, null and
 * undefined vanish. Never put a value into an unquoted attribute, a script or a style.
 */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
  return new Html(strings.reduce((before, text, i) => before + render(values[i - 1]) + text));
}

function render(value: HtmlValue): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? value.map(render).join('') : '';
}

// eslint-disable-next-line no-misleading-character-class -- these are what it is about
const turning = /[\u202a-\u202e\u2066-\u2069]/g;

/** Without the characters that turn the direction of what follows: for titles and attributes, where no `<bdi>` can be. */
export function unturned(text: string): string {
  return text.replace(turning, '');
}

/** HTML that was sanitised or written by us. Says so at the call. */
export const raw = (trusted: string): Html => new Html(trusted);

/** A URL for `href` and `src`: http(s) and paths of this server; anything else leads nowhere. */
export function safeUrl(url: string): string {
  return /^(https?:\/\/|\/(?![/\\]))/i.test(url) ? url : '#';
}
