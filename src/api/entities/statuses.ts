import { tagUrl } from '../../domain/urls.js';
import type { StatusFacts } from '../../domain/facts/statuses.js';
import type { Status } from '../../model/status.js';
import { toAccount } from './accounts.js';
import { toCard } from './cards.js';
import { toCustomEmoji } from './emojis.js';
import { toFilterResult } from './filters.js';
import { toMedia } from './media.js';
import { toPoll } from './polls.js';
import {
  toQuote,
  toQuoteApproval,
  toShallowQuote,
  type QuoteEntity,
  type ShallowQuoteEntity,
} from './quotes.js';
import { toTime, toTimeOrNull, type View } from './view.js';

/** A list of statuses, in its order. */
export function toStatuses(view: View, facts: StatusFacts): StatusEntity[] {
  return facts.statuses.map((s) => toStatus(view, facts, s));
}

/** One status; a reblog carries what it shows. Quotes of quotes are named by id only. */
export function toStatus(view: View, facts: StatusFacts, status: Status): StatusEntity {
  const inner = status.reblogOfId === null ? undefined : facts.inner.get(status.reblogOfId);
  // Named before the spread (decision 064).
  return {
    quote: toQuote(facts, status, (quoted) => ({
      quote: toShallowQuote(quoted),
      reblog: null,
      ...toBareStatus(view, facts, quoted),
    })),
    reblog: inner ? toStatus(view, facts, inner) : null,
    ...toBareStatus(view, facts, status),
  };
}

export interface StatusEntity extends ReturnType<typeof toBareStatus> {
  reblog: StatusEntity | null;
  quote: QuoteEntity | ShallowQuoteEntity | null;
}

function toBareStatus(view: View, facts: StatusFacts, status: Status) {
  const author = facts.accounts.get(status.accountId);
  if (!author) throw new Error('The author of a status was not loaded');
  const shown = (status.reblogOfId === null ? undefined : facts.inner.get(status.reblogOfId)) ?? status;
  const card = facts.cards.get(status.cardUrl ?? '');
  const app = facts.apps.get(status.applicationId ?? '');
  return {
    id: status._id,
    created_at: toTime(status.createdAt),
    in_reply_to_id: status.inReplyToId,
    in_reply_to_account_id: status.inReplyToAccountId,
    sensitive: shown.sensitive || isMarkedSensitive(view, facts, shown),
    spoiler_text: shown.spoilerText,
    visibility: status.visibility,
    language: shown.language,
    uri: status.uri,
    url: status.url ?? (status.local ? status.uri : null),
    ...toCounts(shown),
    content: shown.content,
    edited_at: toTimeOrNull(status.editedAt),
    ...(status.local && { application: app ? { name: app.name, website: app.website } : null }),
    account: toAccount(view, author),
    ...toParts(view, facts, status),
    card: card ? toCard(view, card) : null,
    quote_approval: toQuoteApproval(view, shown, facts.viewer.following),
    ...(view.viewerId !== null && toMarks(view.viewerId, facts, { status, shown })),
  };
}

/** Staff put a warning before all media of its author; the author's own editor must not take it over. */
function isMarkedSensitive(view: View, facts: StatusFacts, { accountId }: Status): boolean {
  return (
    accountId !== view.viewerId && (facts.accounts.get(accountId)?.account.sensitizedAt ?? null) !== null
  );
}

function toCounts(status: Status) {
  return {
    replies_count: status.repliesCount,
    reblogs_count: status.reblogsCount,
    favourites_count: status.favouritesCount,
    quotes_count: status.quotesCount,
  };
}

/** What a text refers to. A reblog has a text of what it shows, but nothing of this. */
function toParts(view: View, facts: StatusFacts, status: Status) {
  const { poll, accountId, emojis } = status;
  return {
    media_attachments: status.mediaIds.flatMap((id) => {
      const media = facts.media.get(id);
      return media ? [toMedia(view, media)] : [];
    }),
    mentions: status.mentions.map((m) => ({
      id: m.accountId,
      username: m.username,
      url: m.url,
      acct: m.acct,
    })),
    tags: status.tags.map((name) => ({ name, url: tagUrl(view.names, name) })),
    emojis: emojis.map(toCustomEmoji),
    poll: poll
      ? toPoll(view, {
          poll,
          authorId: accountId,
          emojis,
          ownVotes: facts.viewer.votes.get(status._id) ?? [],
        })
      : null,
  };
}

/** What the signed-in viewer did with it; `pinned` only on own statuses that can be. */
function toMarks(
  viewerId: string,
  { viewer, filtered }: StatusFacts,
  { status, shown }: { status: Status; shown: Status },
) {
  const pinnable =
    status.accountId === viewerId && status.reblogOfId === null && status.visibility !== 'direct';
  return {
    favourited: viewer.favourited.has(shown._id),
    reblogged: viewer.reblogged.has(shown._id),
    muted: viewer.mutedThreads.has(status.conversationId),
    bookmarked: viewer.bookmarked.has(shown._id),
    filtered: (filtered.get(shown._id) ?? []).map(toFilterResult),
    ...(pinnable && { pinned: status.pinnedAt !== null }),
  };
}

/** The answer to a delete, with what was typed, for "delete and redraft". */
export function toStatusWithSource(view: View, facts: StatusFacts, status: Status) {
  const { content: _, ...rest } = toStatus(view, facts, status);
  return { ...rest, text: status.text ?? '' };
}

export function toStatusSource(status: Status) {
  return { id: status._id, text: status.text ?? status.content, spoiler_text: status.spoilerText };
}
