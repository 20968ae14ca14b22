import type { Filter, FilterContext } from '../model/filters.js';

/** Why a filter applies to a status. */
export interface FilterMatch {
  filter: Filter;
  /** The keywords that were found; null when none was. */
  keywords: string[] | null;
  /** The status itself was named. */
  statusIds: string[] | null;
}

/** Does a filter still hold at this time (ISO)? */
export function isActive(filter: Pick<Filter, 'expiresAt'>, now: string): boolean {
  return filter.expiresAt === null || filter.expiresAt > now;
}

/** The filters that apply to a status with this text (plain, any case): content, warning, poll, descriptions. */
export function matchFilters(
  filters: readonly Filter[],
  { text, statusId }: { text: string; statusId: string },
): FilterMatch[] {
  const lower = text.toLowerCase();
  return filters.flatMap((filter) => {
    const found = filter.keywords.filter((k) => containsKeyword(lower, k.keyword.toLowerCase(), k.wholeWord));
    const named = filter.statuses.some((s) => s.statusId === statusId);
    if (!found.length && !named) return [];
    return [
      {
        filter,
        keywords: found.length ? found.map((k) => k.keyword) : null,
        statusIds: named ? [statusId] : null,
      },
    ];
  });
}

/** True where one of the filters that apply wants the status left out of such a place. */
export function isLeftOut(matches: readonly FilterMatch[], place: FilterContext): boolean {
  return matches.some(({ filter }) => filter.action === 'hide' && filter.contexts.includes(place));
}

const wordCharacter = /[\p{L}\p{M}\p{N}_]/u;

/**
 * Both in lower case. A whole word stands between other characters, on each side on which the keyword itself begins or
 * ends with one of a word (so that `#cats` and `:)` are found as they are).
 */
function containsKeyword(text: string, keyword: string, wholeWord: boolean): boolean {
  if (keyword === '') return false;
  for (let at = text.indexOf(keyword); at !== -1; at = text.indexOf(keyword, at + 1)) {
    if (!wholeWord || standsAlone(text, at, keyword)) return true;
  }
  return false;
}

function standsAlone(text: string, at: number, keyword: string): boolean {
  const before = lastCharacter(text.slice(Math.max(0, at - 2), at));
  const after = firstCharacter(text.slice(at + keyword.length, at + keyword.length + 2));
  const startsWithWord = wordCharacter.test(firstCharacter(keyword));
  const endsWithWord = wordCharacter.test(lastCharacter(keyword));
  return (
    !(startsWithWord && before !== '' && wordCharacter.test(before)) &&
    !(endsWithWord && after !== '' && wordCharacter.test(after))
  );
}

const firstCharacter = (text: string): string => [...text][0] ?? '';
const lastCharacter = (text: string): string => [...text].at(-1) ?? '';
