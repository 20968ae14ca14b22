import type { RemoteObject } from '../../../federation/vocabulary/object.js';
import type { RemotePoll } from '../../../federation/vocabulary/poll.js';
import { visibilityOf } from '../../../federation/addressing/visibility.js';
import { PUBLIC } from '../../../federation/vocabulary/names.js';
import type { Account } from '../../model/account.js';
import type { Poll, QuotePolicy, Status, StatusMention } from '../../model/status.js';
import { parseLanguage } from '../../text/language.js';
import { toStatusContent } from '../../text/remote.js';
import { toPlainText } from '../../text/sanitise.js';
import { parseHashtag } from '../../text/scan.js';
import { acctOf } from '../accounts.js';
import type { Ctx } from '../ctx.js';
import { toEmojiRefs } from './actor-document.js';

const mediaTypes = { html: 'text/html', markdown: 'text/markdown', plain: 'text/plain' } as const;
const titled = (object: RemoteObject): boolean => object.type !== 'Note' && object.type !== 'Question';

/** The texts and marks of a remote object as those of a status; what an Update may change. */
export function toToldStatus(object: RemoteObject, mentioned: readonly Account[]) {
  const spoilerText = titled(object) ? '' : toPlainText(object.summary ?? '');
  const mentions = mentioned.map((a): StatusMention => ({
    accountId: a._id,
    username: a.username,
    acct: acctOf(a),
    url: a.url,
  }));
  return {
    url: object.url ?? object.id,
    content: toContent(object, mentioned),
    spoilerText,
    sensitive: object.sensitive || spoilerText !== '',
    language: parseLanguage(object.language),
    mentions,
    tags: [...new Set(object.hashtags.flatMap((t) => parseHashtag(t.name)?.key ?? []))],
    emojis: toEmojiRefs(object.emojis),
    poll: null as Poll | null,
  };
}

function toContent(object: RemoteObject, mentioned: readonly Account[]): string {
  const { type, name, summary, content, contentFormat, url } = object;
  const mentionUrls = new Set([
    ...object.mentions.map((m) => m.href),
    ...mentioned.flatMap((a) => [a.uri, a.url]),
  ]);
  return toStatusContent(
    { type, name, summary, content, mediaType: mediaTypes[contentFormat], url: url ?? object.id },
    { mentionUrls },
  );
}

/** Who may read an object, from its own addresses and those of the activity that brought it. */
export function toVisibility(
  object: RemoteObject,
  author: Account,
  envelope: { to: readonly string[]; cc: readonly string[] },
): Status['visibility'] {
  const to = object.to.length || object.cc.length ? object.to : envelope.to;
  const cc = object.to.length || object.cc.length ? object.cc : envelope.cc;
  return visibilityOf([...to], [...cc, ...object.audience], author.remote?.followersUri ?? null);
}

/** FEP-044f: who is let in at once. Without a policy, quotes need consent, as Mastodon has it. */
export function toQuotePolicy(object: RemoteObject, author: Account): QuotePolicy {
  const automatic = object.interactionPolicy?.canQuote?.automatic ?? [];
  if (automatic.includes(PUBLIC)) return 'public';
  const followers = author.remote?.followersUri;
  return followers && automatic.includes(followers) ? 'followers' : 'nobody';
}

/** The origin's poll; local tallies are only what it tells. */
export function toPoll(ctx: Ctx, statusId: string, poll: RemotePoll): Poll {
  const ended = poll.closed || (poll.endsAt !== null && poll.endsAt <= ctx.clock.now().toISOString());
  return {
    id: statusId,
    options: poll.options.map(({ title, votes }) => ({ title, votes })),
    multiple: poll.multiple,
    expiresAt: poll.endsAt,
    closed: ended,
    votersCount: poll.votersCount ?? Math.max(0, ...poll.options.map((o) => o.votes)),
    hideTotals: false,
  };
}
