import type { JsonObject } from '../../../federation/ports.js';
import { nodeinfoLink, parseNodeinfo } from '../../../federation/discovery/nodeinfo.js';
import { parseDescriptor } from '../../../federation/discovery/webfinger.js';
import { parseActor } from '../../../federation/vocabulary/actor.js';
import { parseCollection } from '../../../federation/vocabulary/collection.js';
import type { Context } from '../../../src/context.js';
import type { Received } from '../../../src/model/work.js';
import { looseId } from './rewrite.js';
import type { Prepared } from './prepare.js';

/** What became of a payload: a word for the table, and the reason that is kept with it. */
export interface Result {
  became: string;
  reason: string;
}

/** Reasons of processed activities → the word for the table. */
const words: readonly [RegExp, string][] = [
  [/^announce: reblog/, 'reblog'],
  [/^follow: /, 'follow'],
  [/^follow (accepted|rejected)/, 'answer to a follow'],
  [/^quote (accepted|rejected)/, 'answer to a quote'],
  [/^like: /, 'favourite'],
  [/^block/, 'block'],
  [/^flag: /, 'report'],
  [/^update: actor/, 'profile update'],
  [/^update: (edited|unchanged|tallied|outdated)/, 'edit'],
  [/^(?:delete|undo): not known/, 'noted for later'],
  [/^delete: actor/, 'account deletion'],
  [/^delete: /, 'deletion'],
  [/^undo: /, 'undo'],
  [/^move/, 'move'],
  [/^(add|remove): /, 'pin'],
  [/^vote: /, 'vote'],
  [/^quote request: /, 'quote request'],
];

/** What became of an activity: looked up where it left its mark, not only believed. */
export async function resultOf(ctx: Context, prepared: Prepared, received: Received | null): Promise<Result> {
  if (!received) return { became: 'not recorded', reason: 'nothing' };
  const { outcome } = received;
  const reason = received.reason ?? '';
  if (outcome === 'ignored') return { became: 'ignored', reason };
  if (outcome === 'failed') return { became: 'failed', reason };
  if (outcome === null) return { became: 'waiting', reason: received.reason ?? received.lastError ?? '' };
  if (reason.startsWith('create: ')) return statusResult(ctx, prepared, reason);
  return { became: words.find(([pattern]) => pattern.test(reason))?.[1] ?? 'something', reason };
}

async function statusResult(ctx: Context, { json, host }: Prepared, reason: string): Promise<Result> {
  const uri = looseId(json?.['object']) ?? looseId(json);
  const status =
    (uri === null ? null : await ctx.db.statuses.findOne({ uri })) ??
    (await ctx.db.statuses.findOne({ uri: looseId(json) ?? '' })) ??
    (await newest(ctx, host));
  if (!status) return { became: 'lost', reason };
  return { became: `${status.poll ? 'poll' : 'status'}: ${status.visibility}`, reason };
}

/** The status of the only author of this host. */
async function newest(ctx: Context, host: string) {
  const authors = await ctx.db.accounts.find({ domain: host }).limit(10).toArray();
  const [status] = await ctx.db.statuses
    .find({ accountId: { $in: authors.map((a) => a._id) } })
    .sort({ _id: -1 })
    .limit(1)
    .toArray();
  return status ?? null;
}

/** Documents that never come to an inbox: through the reader that is for them. */
export function readDocument(kind: 'collection' | 'webfinger' | 'nodeinfo', json: JsonObject | null): Result {
  if (kind === 'collection') {
    const read = parseCollection(json);
    if (!read) return { became: 'no collection', reason: 'parser: no collection type' };
    return { became: read.isPage ? 'collection page' : 'collection', reason: `${read.items.length} items` };
  }
  if (kind === 'webfinger') {
    const { actorUri } = parseDescriptor(json);
    return actorUri === null
      ? { became: 'no handle', reason: 'parser: no actor link' }
      : { became: 'handle', reason: 'names an actor' };
  }
  const link = json ? nodeinfoLink(json, 'https://example.org/') : null;
  const software = parseNodeinfo(json)?.software ?? null;
  return link === null && software === null && !Array.isArray(json?.['links'])
    ? { became: 'no nodeinfo', reason: 'parser: neither software nor link' }
    : { became: 'nodeinfo', reason: software ?? 'discovery document' };
}

/** Why an actor document is no account. */
export function actorFault(json: JsonObject | null): string {
  const actor = parseActor(json);
  return 'invalid' in actor ? `actor: ${actor.invalid}` : 'actor: not stored';
}

const hints: readonly [RegExp, string][] = [
  [/poll vote for option/, 'vote'],
  [/^status edit/, 'edit'],
  [/becomes a status with a poll \(([a-z -]+)/, 'poll: '],
  [/becomes a status \(([a-z -]+)/, 'status: '],
  [
    /(?:Article|Page|Image|Video|Audio|Event) converted to a status \(title \+ link(?: or full content)?, ([a-z -]+)/,
    'status: ',
  ],
  [
    /^(?:W3C AS2 example \| )?remote (?:bot\/instance actor|bot account|group account|organisation account|account)/,
    'account',
  ],
  [/favourite of the|emoji reaction/, 'favourite'],
  [/^follow request/, 'follow'],
  [/^boost \(/, 'reblog'],
  [/^actor blocks/, 'block'],
  [/^report/, 'report'],
  [/^account deletion/, 'account deletion'],
  [/^deletes the status/, 'deletion'],
  [/^Undo of (Follow|Like|Announce|Block|an activity)/, 'undo'],
  [/^Accept of Follow|^Reject of Follow/, 'answer to a follow'],
  [/not supported: ignored|^downvote|: ignored$|unsupported type/, 'ignored'],
];
const visibilities: Readonly<Record<string, string>> = {
  'no audience': 'direct',
  'followers-only': 'private',
};
/** Hints that say themselves that it may not work, or that two readings are right. */
const ambiguous =
  /reject|INVALID|no id|invalid|needs webfinger|embedded|ignored if|\bno actor\b|must not|imposter|refetch|attack|altered/i;

/** What the hint says, where it says one thing only; else null. */
export function expectedOf(hint: string | undefined): string | null {
  if (hint === undefined) return null;
  const plain = hint.replace(/\| (?:source|funfedi|Mastodon spec):.*$/, '').trim();
  if (ambiguous.test(plain)) return null;
  for (const [pattern, word] of hints) {
    const found = pattern.exec(plain);
    if (!found) continue;
    const visibility = found[1]?.trim() ?? '';
    return word.endsWith(': ') ? word + (visibilities[visibility] ?? visibility) : word;
  }
  return null;
}
