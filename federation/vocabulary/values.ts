import { toUSVString } from 'node:util';
import { isUsableIri } from './iris.js';
import { LIMITS } from './limits.js';

/** A JSON object of unknown content. */
export type Loose = Record<string, unknown>;

export const isRecord = (value: unknown): value is Loose =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * Every property of ActivityStreams may hold nothing, one value or many: always get a list. `null` entries vanish,
 * JSON-LD's `{"@list": […]}` and `{"@set": […]}` are unwrapped, and reading stops after `max` entries.
 */
export function list(value: unknown, max: number = LIMITS.items): unknown[] {
  if (value === null || value === undefined) return [];
  if (isRecord(value)) {
    const inner = value['@list'] ?? value['@set'];
    return Array.isArray(inner) ? list(inner, max) : [value];
  }
  if (!Array.isArray(value)) return [value];
  const found: unknown[] = [];
  for (const item of value) {
    if (found.length >= max) break;
    if (item !== null && item !== undefined) found.push(item);
  }
  return found;
}

/** The first value of a property, or null. */
export function first(value: unknown): unknown {
  return value !== null && typeof value === 'object' ? (list(value, 1)[0] ?? null) : (value ?? null);
}

const usable = (value: unknown): string | null =>
  typeof value === 'string' && isUsableIri(value) ? value : null;

function idOfRecord(value: Loose): string | null {
  const [plain, keyword] = [usable(value['id']), usable(value['@id'])];
  // `{"id": A, "@id": B}` means two things to two readers: it means nothing to us.
  if (plain !== null && keyword !== null && plain !== keyword) return null;
  return plain ?? keyword ?? usable(value['href']);
}

/**
 * The id that a property refers to: a string, an object's `id` (`@id`), a Link's `href`; of an array the first entry.
 * Null where there is none; empty, overlong or malformed ids count as none.
 */
export function idOf(value: unknown): string | null {
  const single = first(value);
  if (isRecord(single)) return idOfRecord(single);
  return usable(single);
}

/** The id of the object itself: only `id` or `@id`, never a link that it holds. */
export function ownIdOf(value: unknown): string | null {
  if (!isRecord(value)) return null;
  const { id, '@id': keyword } = value;
  return idOfRecord({ id, '@id': keyword });
}

/** The ids of all values of a property, each once. */
export function idsOf(value: unknown, max: number = LIMITS.recipients): string[] {
  const ids = new Set<string>();
  for (const item of list(value, max)) {
    const id = idOf(item);
    if (id !== null) ids.add(id);
  }
  return [...ids];
}

/** Prefixes and namespaces whose type names are used without a prefix by everybody else. */
const typeSpelling =
  /^(?:(?:as|toot|schema|litepub|sec|misskey|gts|lemmy|pt):|https?:\/\/(?:www\.w3\.org\/ns\/activitystreams#|joinmastodon\.org\/ns#|schema\.org[#/]|litepub\.social\/(?:ns|litepub)#|w3id\.org\/(?:security|fep\/[0-9a-f]{4})#))([A-Za-z]\w*)$/;

/**
 * The type names of an object in their short form: `type` or `@type`, one or several, `as:Note` and full IRIs of the
 * known namespaces included. An object whose `type` and `@type` disagree has none.
 */
export function typesOf(value: unknown): string[] {
  if (!isRecord(value)) return [];
  const names = namesIn(value['type']);
  const keyword = namesIn(value['@type']);
  if (names.length > 0 && keyword.length > 0 && names.join(' ') !== keyword.join(' ')) return [];
  return names.length > 0 ? names : keyword;
}

function namesIn(value: unknown): string[] {
  const names: string[] = [];
  for (const item of list(value, LIMITS.types)) {
    if (typeof item === 'string' && isUsableIri(item)) names.push(typeSpelling.exec(item)?.[1] ?? item);
  }
  return names;
}

/** Cuts to `max` UTF-16 units without leaving half a character. */
export function clip(value: string, max: number): string {
  if (value.length <= max) return value;
  const last = value.charCodeAt(max - 1);
  return value.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

/** Removes what no store and no client can carry: NUL, and halves of surrogate pairs. */
const clean = (value: string): string => toUSVString(value.replaceAll('\u0000', ''));

/**
 * The text of a property: a string, a number, JSON-LD's `{"@value": …}`, of an array the first entry; null for
 * anything else. Cut to `max` UTF-16 units.
 */
export function text(value: unknown, max: number): string | null {
  const single = first(value);
  const plain = isRecord(single) ? single['@value'] : single;
  if (typeof plain === 'number') return Number.isFinite(plain) ? String(plain) : null;
  return typeof plain === 'string' ? clean(clip(plain, max)) : null;
}

/** As `text`, but text of nothing but white space counts as none. */
export function filledText(value: unknown, max: number): string | null {
  const found = text(value, max);
  return found === null || found.trim() === '' ? null : found;
}

const scalar = (value: unknown): unknown => {
  const single = first(value);
  return isRecord(single) ? single['@value'] : single;
};

/** True for `true` and for the text "true", nothing else. */
export function flag(value: unknown): boolean {
  const single = scalar(value);
  return single === true || single === 'true';
}

/** As `flag`, but null where the sender said nothing that can be read as yes or no. */
export function optionalFlag(value: unknown): boolean | null {
  const single = scalar(value);
  if (single === true || single === 'true') return true;
  return single === false || single === 'false' ? false : null;
}

/** A whole number from 0 to 2^53 - 1, as a number or as digits; null for everything else. */
export function count(value: unknown): number | null {
  const single = scalar(value);
  const number = typeof single === 'string' && /^\d{1,16}$/.test(single) ? Number(single) : single;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}
