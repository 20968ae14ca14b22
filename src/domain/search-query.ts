import { parseLanguage } from '../text/language.js';

const flags = [
  'media',
  'image',
  'video',
  'audio',
  'poll',
  'link',
  'embed',
  'reply',
  'sensitive',
  'quote',
  'bot',
] as const;
export type SearchFlag = (typeof flags)[number];

/** A search for statuses, with the operators that Mastodon knows. */
export interface StatusQuery {
  /** Words and quoted phrases that must be there; may be empty. */
  text: string;
  /** Words and phrases that must not be there, in lower case. */
  without: string[];
  /** `me` or a handle. */
  from: string | null;
  notFrom: string | null;
  /** ISO dates: not before, and before. */
  since: string | null;
  until: string | null;
  has: SearchFlag[];
  hasNot: SearchFlag[];
  language: string | null;
  /** Only what the viewer wrote or kept, only what is open to all, or both. */
  scope: 'all' | 'library' | 'public';
}

const dayMs = 86_400_000;
const token = /(-?)(?:([a-z]+):)?("[^"]*"|\S+)/gu;

/** Reads `cats "grey fur" from:me before:2025-01-31 has:media is:reply language:de in:library -dogs`. */
export function parseStatusQuery(q: string): StatusQuery {
  const query: StatusQuery = {
    text: '',
    without: [],
    from: null,
    notFrom: null,
    since: null,
    until: null,
    has: [],
    hasNot: [],
    language: null,
    scope: 'all',
  };
  const words: string[] = [];
  for (const [whole, minus, operator, value] of q.slice(0, 1000).matchAll(token)) {
    const negated = minus === '-';
    if (
      operator !== undefined &&
      value !== undefined &&
      applyOperator(query, { operator, value: unquoted(value), negated })
    )
      continue;
    if (negated) query.without.push(unquoted(whole.slice(1)).toLowerCase());
    else words.push(whole);
  }
  query.text = words.join(' ');
  return query;
}

const unquoted = (text: string): string => text.replace(/^"|"$/g, '');

/** False when it is no operator after all: then it is text. */
function applyOperator(
  query: StatusQuery,
  { operator, value, negated }: { operator: string; value: string; negated: boolean },
): boolean {
  switch (operator) {
    case 'from':
      query[negated ? 'notFrom' : 'from'] = value.replace(/^@/, '').toLowerCase();
      return true;
    case 'has':
    case 'is':
      return applyFlag(negated ? query.hasNot : query.has, value.toLowerCase());
    case 'language':
      query.language = parseLanguage(value) ?? value;
      return true;
    case 'in':
      query.scope = value === 'library' || value === 'public' ? value : 'all';
      return true;
    case 'before':
    case 'after':
    case 'during':
      return applyDate(query, operator, value);
    default:
      return false;
  }
}

function applyFlag(list: SearchFlag[], value: string): boolean {
  const flag = flags.find((f) => f === value);
  if (flag) list.push(flag);
  return flag !== undefined;
}

/** Days in UTC: `after` begins with the next day, `before` ends with the one before. */
function applyDate(query: StatusQuery, operator: 'before' | 'after' | 'during', value: string): boolean {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00.000Z`) : Number.NaN;
  if (Number.isNaN(day)) return false;
  const next = new Date(day + dayMs).toISOString();
  const first = new Date(day).toISOString();
  if (operator !== 'after') query.until = operator === 'before' ? first : next;
  if (operator !== 'before') query.since = operator === 'after' ? next : first;
  return true;
}
