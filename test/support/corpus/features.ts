import type { Context } from '../../../src/context.js';
import type { Media, Status } from '../../../src/model/status.js';

/** What a hint counts in a post: `1 image`, `alt text on 1`, `content warning`, `language en` … */
const segment =
  /(?:status \([^)]*\)*\)|converted to a status \([^)]*\)+|with a poll \([^)]*\)*\)): ([^|;[]+)/;

type Seen = { status: Status; media: readonly Media[] };
type Count = (seen: Seen, told: string) => number | string | boolean | null;

const ofKind =
  (kind: Media['type']): Count =>
  ({ media }) =>
    media.filter((m) => m.type === kind).length;

/** Words of a hint → what of the status should be equal to its number (or be there). */
const counts: readonly [RegExp, Count][] = [
  [/^(\d+) images?$/, ofKind('image')],
  [/^(\d+) videos?$/, ofKind('video')],
  [/^(\d+) audios?$/, ofKind('audio')],
  [/^alt text on (\d+)$/, ({ media }) => media.filter((m) => m.description).length],
  [/^(\d+) hashtags?$/, ({ status }) => status.tags.length],
  [/^(\d+) custom emoji$/, ({ status }) => status.emojis.length],
  [/^poll with (\d+) options/, ({ status }) => status.poll?.options.length ?? 0],
  [/^content warning$/, ({ status }) => status.spoilerText !== ''],
  [/^sensitive$/, ({ status }) => status.sensitive],
  [/^quote post/, ({ status }) => status.quote !== null],
  [/^edited/, ({ status }) => status.editedAt !== null],
  [/^reply$/, ({ status }) => status.inReplyToId !== null || status.inReplyToUri !== null],
  [/^blurhash$/, ({ media }) => media.some((m) => m.blurhash)],
  [/^focal point$/, ({ media }) => media.some((m) => m.meta['focus'])],
  [/^language ([a-z]{2})$/i, ({ status }) => status.language],
];

export interface FeatureCheck {
  checked: number;
  /** `2 hashtags: 1` where it was not so. */
  different: string[];
}

/** Compares what a hint counts in a post with what was stored of it. */
export async function checkFeatures(
  { db }: Pick<Context, 'db'>,
  status: Status,
  hint: string,
): Promise<FeatureCheck> {
  const told =
    segment
      .exec(hint)?.[1]
      ?.split(', ')
      .map((part) => part.trim()) ?? [];
  const media = await db.media.find({ _id: { $in: status.mediaIds } }).toArray();
  const check: FeatureCheck = { checked: 0, different: [] };
  for (const part of told) {
    for (const [pattern, count] of counts) {
      const found = pattern.exec(part);
      if (!found) continue;
      const actual = count({ status, media }, part);
      const expected = found[1]?.toLowerCase() ?? 'true';
      check.checked += 1;
      if (String(actual) !== expected) check.different.push(`${part}: ${String(actual)}`);
    }
  }
  return check;
}
