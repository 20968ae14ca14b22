/** Bio and fields of local accounts, from the text that was typed. Remote ones are sanitised HTML already. */
import { render, renderInline, type ComposeFacts } from './compose.js';
import { scan, type ScannedMention } from './scan.js';

/** Paragraphs with links, mentions and hashtags, like a post. */
export function renderBio(note: string, facts: ComposeFacts): string {
  return render(note, facts);
}

/**
 * A field's value on one line. Links carry `rel="me"`: by them another site can prove that it belongs to the
 * account, and the other way round (the check is not done here).
 */
export function renderField(value: string, facts: ComposeFacts): string {
  return renderInline(value, facts, { relMe: true });
}

/** The link of a field whose value is exactly one http(s) URL, and so may be verified; null otherwise. */
export function findFieldLink(value: string): string | null {
  const text = value.trim();
  const url = scan(text).urls[0];
  return url !== undefined && url.url === text && /^https?:/i.test(text) ? text : null;
}

/** What the caller has to resolve before rendering. */
export function profileMentions(note: string, fieldValues: readonly string[]): ScannedMention[] {
  return [note, ...fieldValues].flatMap((text) => scan(text).mentions);
}
