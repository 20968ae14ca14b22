import { LIMITS } from './limits.js';
import { filledText, first, isRecord, list, text, type Loose } from './values.js';

/** A text and, where the sender told, its language as a BCP 47 tag. */
export interface LocalText {
  value: string;
  language: string | null;
}

/** What nearly all posts are in. Canonical as they stand: to find that out for each would take longer than all else here. */
const usual = new Set(
  'en ja de fr es pt it nl pl ko ru zh sv fi da cs tr uk ca eu gl el hu ar fa he id th vi'.split(' '),
);

/** A BCP 47 tag in canonical form, or null when it is malformed or says "undetermined" (Pleroma sends `und`). */
export function languageTag(value: unknown): string | null {
  if (typeof value === 'string' && usual.has(value)) return value;
  if (typeof value !== 'string' || !/^[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,5}$/.test(value)) return null;
  try {
    const tag = Intl.getCanonicalLocales(value.replaceAll('_', '-'))[0] ?? null;
    return tag === null || /^(?:und|mul|zxx)\b/i.test(tag) ? null : tag;
  } catch {
    return null;
  }
}

/** The readable entries of a `…Map`, at most a fixed number of them. */
function entriesOf(map: unknown, max: number): LocalText[] {
  const entries: LocalText[] = [];
  if (!isRecord(map)) return entries;
  let seen = 0;
  for (const key in map) {
    if (!Object.hasOwn(map, key)) continue;
    if (++seen > LIMITS.languages) break;
    const value = filledText(map[key], max);
    if (value !== null) entries.push({ value, language: languageTag(key) });
  }
  return entries;
}

/**
 * Reads a text property together with its map (`content` and `contentMap`). The plain property wins; its language is
 * the map entry with the same text, else the map's first. Without a plain one the first entry of the map is taken.
 * `{"@value", "@language"}` and a map in the plain property's place are understood too. `max` in UTF-16 units.
 */
export function naturalLanguage(object: Loose, property: string, max: number): LocalText | null {
  const entries = entriesOf(object[`${property}Map`], max);
  const plain = first(object[property]);
  const value = text(plain, max);
  if (value === null) return entries[0] ?? entriesOf(plain, max)[0] ?? null;
  if (isRecord(plain)) {
    const language = languageTag(plain['@language']);
    if (language !== null) return { value, language };
  }
  const match = entries.find((entry) => entry.value === value) ?? entries[0];
  return { value, language: match?.language ?? null };
}

/** The default language that the document's `@context` declares, or null. */
export function contextLanguage(object: Loose): string | null {
  for (const part of list(object['@context'], 64)) {
    const language = isRecord(part) ? languageTag(part['@language']) : null;
    if (language !== null) return language;
  }
  return null;
}

/** PeerTube and Lemmy name the language in a member of their own: `"language": {"identifier": "en"}`. */
export function declaredLanguage(object: Loose): string | null {
  const member = first(object['language']);
  return languageTag(isRecord(member) ? member['identifier'] : member);
}
