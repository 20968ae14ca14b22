/** The length of a post as its author's client counts it (Mastodon: StatusLengthValidator). */
import { scan } from './scan.js';

/** Every link counts as this many characters, however long it is. Clients read it from the instance document. */
export const charactersReservedPerUrl = 23;

/** One visible character of more code units than this counts more than once, so that nobody hides a book in one. */
const unitsPerCharacter = 32;

/** Past this many code units that need real segmentation, code points are counted: the text is long past any limit. */
const segmentationBudget = 5000;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Characters that never join a neighbour of the same kind (UAX 29): the boundary between two is certain. */
const plainRun =
  /[\n\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u058f\u3001-\u3029\u3041-\u3096\u30a0-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff9d]{2,}/g;

/**
 * Graphemes of text and content warning together: a link counts 23, a mention of a remote account only its local
 * part. Linear time; the worst case (100 kB of joined emoji) is bounded by `segmentationBudget`.
 */
export function countCharacters(text: string, spoiler = ''): number {
  const { urls, mentions } = scan(text);
  const spans = [
    ...urls.map(({ start, end }) => ({ start, end, shown: 'x'.repeat(charactersReservedPerUrl) })),
    ...mentions.map(({ start, end, username }) => ({ start, end, shown: `@${username}` })),
  ].sort((a, b) => a.start - b.start);
  const parts: string[] = [spoiler];
  let at = 0;
  for (const span of spans) {
    parts.push(text.slice(at, span.start), span.shown);
    at = span.end;
  }
  parts.push(text.slice(at));
  return countGraphemes(parts.join(''));
}

/** User-perceived characters (UAX 29 extended grapheme clusters); CR LF counts as one. */
export function countGraphemes(text: string): number {
  const normal = text.replace(/\r\n?/g, '\n');
  let total = 0;
  let budget = segmentationBudget;
  let chunkStart = 0;
  const addChunk = (chunk: string): void => {
    total += segment(chunk.slice(0, budget)) + codePoints(chunk.slice(budget));
    budget -= Math.min(budget, chunk.length);
  };
  for (const run of normal.matchAll(plainRun)) {
    // The first and last of a run may join what stands beside the run; those between stand alone.
    const last = run.index + run[0].length - 1;
    if (run.index > chunkStart) addChunk(normal.slice(chunkStart, run.index + 1));
    else total += 1;
    total += run[0].length - 2;
    chunkStart = last;
  }
  if (chunkStart < normal.length) addChunk(normal.slice(chunkStart));
  return total;
}

function segment(chunk: string): number {
  if (chunk.length <= 1) return chunk.length;
  let count = 0;
  for (const { segment: cluster } of segmenter.segment(chunk))
    count += Math.ceil(cluster.length / unitsPerCharacter);
  return count;
}

function codePoints(chunk: string): number {
  let count = 0;
  for (const _ of chunk) count += 1;
  return count;
}
