const maxWords = 8;
const maxLength = 30;

/** The words of a display name as they are indexed for search: compatibility form, lower case, once each. */
export function nameWordsOf(name: string): string[] {
  const words =
    name
      .slice(0, 500)
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return [...new Set(words.map((w) => w.slice(0, maxLength)))].slice(0, maxWords);
}
