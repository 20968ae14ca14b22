/** Text to HTML and back, for text nodes and for attribute values in double or single quotes. */

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const characters: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** Escapes `&`, `<`, `>` and both quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => escapes[char] ?? char);
}

/** Undoes `escapeHtml`. */
export function unescapeHtml(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (entity, name: string) => characters[name] ?? entity);
}

/** Of sanitised HTML only: there every `<` and `>` belongs to a tag. */
export function stripTags(html: string): string {
  return unescapeHtml(html.replace(/<[^>]*>/g, ''));
}
