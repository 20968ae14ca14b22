import type { JsonObject } from '../../../federation/ports.js';
import { toTombstone as buildTombstone } from '../../../federation/vocabulary/build.js';
import { audienceOf } from '../../../federation/addressing/visibility.js';
import { toCollection } from '../../../federation/vocabulary/collection.js';
import { PUBLIC } from '../../../federation/vocabulary/names.js';
import type { OwnNames } from '../../domain/ctx.js';
import { tagUrl } from '../../domain/urls.js';
import type { Account } from '../../model/account.js';
import type { Media, Quote, Status, Tombstone } from '../../model/status.js';
import { urlAnchor } from '../../text/anchors.js';
import { toAttachment } from './attachment.js';
import { actorEndpoints, fullHandle, toEmojiTag, toWireTime } from './parts.js';
import { toQuestionParts } from './question.js';

/** Everything that is written about a status of ours. `load.ts` gathers it. */
export interface NoteFacts {
  status: Status;
  author: Account;
  /** The accounts it mentions; those that are gone are left out. */
  mentioned: readonly Account[];
  /** In the order of the status. */
  media: readonly Media[];
  /** The parent's IRI. */
  parentUri: string | null;
  /** The page of what it quotes, for servers that know no quotes; null when there is none. */
  quotedUrl: string | null;
  /** The first of the author's own open replies, so that a thread can be read without a second request. */
  ownReplies: readonly { id: string; uri: string }[];
  /** The present, for polls. */
  at: Date;
}

/**
 * The object of a local status: a Note, or a Question for one with a poll, as Mastodon shapes them. Without `@context`.
 */
export function toNote(names: OwnNames, facts: NoteFacts): JsonObject {
  const { status, author } = facts;
  const content = toContent(facts);
  return {
    id: status.uri,
    type: status.poll ? 'Question' : 'Note',
    summary: status.spoilerText || null,
    inReplyTo: facts.parentUri,
    published: toWireTime(status.createdAt),
    ...(status.editedAt && { updated: toWireTime(status.editedAt) }),
    url: status.url ?? status.uri,
    attributedTo: author.uri,
    ...addressNote(facts),
    // Staff may put a warning before all media of an account.
    sensitive: status.sensitive || (author.sensitizedAt ?? null) !== null,
    content,
    ...(status.language && { contentMap: { [status.language]: content } }),
    attachment: facts.media.map((media) => toAttachment(names, media)),
    tag: toTags(names, facts),
    ...(status.poll && toQuestionParts(status.poll, facts.at)),
    ...toQuoteParts(status.quote),
    interactionPolicy: { canQuote: { automaticApproval: quoters(facts) } },
    ...toResponses(facts),
  };
}

/** To whom it goes. */
export function addressNote({ status, author, mentioned }: NoteFacts): { to: string[]; cc: string[] } {
  const { followers } = actorEndpoints(author.uri);
  return audienceOf(
    status.visibility,
    followers,
    mentioned.map((a) => a.uri),
  );
}

/** Servers that know no quotes show a link; those that do hide what has this class (Mastodon 4.5). */
function toContent({ status, quotedUrl }: NoteFacts): string {
  if (quotedUrl === null || !isQuoting(status.quote)) return status.content;
  return `<p class="quote-inline">RE: ${urlAnchor(quotedUrl)}</p>${status.content}`;
}

function isQuoting(quote: Quote | null): quote is Quote {
  return quote !== null && (quote.state === 'accepted' || quote.state === 'pending');
}

/** FEP-044f, with the two older spellings. The stamp is named only while it stands. */
function toQuoteParts(quote: Quote | null): JsonObject {
  if (!isQuoting(quote)) return {};
  const { uri, approvalUri, state } = quote;
  const stamped = state === 'accepted' && approvalUri !== null;
  return {
    quote: uri,
    quoteUri: uri,
    _misskey_quote: uri,
    ...(stamped && { quoteAuthorization: approvalUri }),
  };
}

/** Who may quote without being asked. The author always may: the list is never empty (FEP-044f). */
function quoters({ status, author }: NoteFacts): string[] {
  const open = status.visibility === 'public' || status.visibility === 'unlisted';
  if (open && status.quotePolicy === 'public') return [PUBLIC];
  if (open && status.quotePolicy === 'followers') return [actorEndpoints(author.uri).followers];
  return [author.uri];
}

function toTags(names: OwnNames, { status, mentioned }: NoteFacts): JsonObject[] {
  return [
    ...mentioned.map((a) => ({ type: 'Mention', href: a.uri, name: `@${fullHandle(names, a)}` })),
    ...status.tags.map((tag) => ({ type: 'Hashtag', href: tagUrl(names, tag), name: `#${tag}` })),
    ...status.emojis.map((emoji) => toEmojiTag(names, emoji)),
  ];
}

/** Counts are told only of what anybody may see; how many replied unseen is not. */
function toResponses({ status, ownReplies }: NoteFacts): JsonObject {
  const id = `${status.uri}/replies`;
  const last = ownReplies.at(-1);
  const next = last ? `${id}?page=true&min_id=${last.id}` : `${id}?page=true&only_other_accounts=true`;
  const items = ownReplies.map((r) => r.uri);
  return {
    replies: toCollection({ id, first: { type: 'CollectionPage', partOf: id, next, items } }),
    likes: toCollection({ id: `${status.uri}/likes`, totalItems: status.favouritesCount }),
    shares: toCollection({ id: `${status.uri}/shares`, totalItems: status.reblogsCount }),
  };
}

/** What is left of an object of ours (ActivityPub section 6.4). */
export function toTombstone(grave: Pick<Tombstone, 'uri' | 'formerType' | 'deletedAt'>): JsonObject {
  return buildTombstone({
    id: grave.uri,
    formerType: grave.formerType,
    deleted: toWireTime(grave.deletedAt),
  });
}
