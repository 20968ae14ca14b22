/** A query longer than this is cut: nobody types more, and each term costs a look-up. */
const maxTerms = 32;
/** Of a longer text only the beginning is found. */
const maxLength = 100_000;
/** The segmenter's time grows faster than the text: it is given white space to white space, or this much at a time. */
const piece = /\S{1,256}/g;
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
/** Scripts that put no spaces between words, and whatever is joined to them. */
const spaceless =
  /[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tale}\p{scx=Talu}\p{scx=Lana}\p{scx=Tibt}\p{scx=Java}]/u;
/** Both engines cut words at anything else themselves. */
const word = /[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*/gu;

/**
 * The words of a text in any language, lower case, in order. Scripts without spaces are cut into words by Unicode's
 * rules and dictionaries (Intl.Segmenter), so that both engines, which know only spaces, find them; that is slow, so
 * other scripts are cut at what is neither letter nor number.
 */
export function toTerms(text: string): string[] {
  const words: string[] = [];
  const known = text.slice(0, maxLength).normalize('NFKC').toLowerCase();
  if (!spaceless.test(known)) return known.match(word) ?? words;
  for (const [part] of known.matchAll(piece)) {
    if (!spaceless.test(part)) words.push(...(part.match(word) ?? []));
    else for (const { segment, isWordLike } of segmenter.segment(part)) if (isWordLike) words.push(segment);
  }
  return words;
}

/** The phrases of a query, each a list of words: quoted parts, and every other word by itself. */
export function parseQuery(query: string): string[][] {
  const phrases: string[][] = [];
  for (const [, quoted, bare] of query.slice(0, 2000).matchAll(/"([^"]*)"?|([^"\s]+)/g)) {
    const words = toTerms(quoted ?? bare ?? '');
    if (words.length > 0) phrases.push(words);
  }
  return phrases.slice(0, maxTerms);
}
