import type { MediaType, Status } from '../model/status.js';

export interface FindFacts {
  viewerId: string;
  /** The viewer favourited, bookmarked or reblogged it, or voted in its poll. */
  kept: boolean;
  /** The author agreed to be found by anybody. */
  indexable: boolean;
}

/** May this viewer, who can see it, find this status by search? What somebody only can see is not thereby searchable. */
export function canFind(
  status: Pick<Status, 'accountId' | 'visibility' | 'mentions'>,
  facts: FindFacts,
  scope: 'all' | 'library' | 'public',
): boolean {
  const own =
    status.accountId === facts.viewerId ||
    facts.kept ||
    status.mentions.some((m) => m.accountId === facts.viewerId);
  const open = status.visibility === 'public' && facts.indexable;
  if (scope === 'library') return own;
  return scope === 'public' ? open : own || open;
}

/** The operators of a search (domain/search-query.ts) that are decided by looking at a status. */
export interface WantedStatus {
  has: readonly string[];
  hasNot: readonly string[];
  language: string | null;
  notFrom: string | null;
  /** Lower case. */
  without: readonly string[];
}

export interface StatusTraits {
  bot: boolean;
  /** Of the author, lower case. */
  acctKey: string;
  mediaTypes: readonly MediaType[];
  /** Lower case. */
  plainText: string;
}

export function matchesQuery(status: Status, wanted: WantedStatus, traits: StatusTraits): boolean {
  if (wanted.language !== null && status.language !== wanted.language) return false;
  if (wanted.notFrom !== null && wanted.notFrom === traits.acctKey) return false;
  if (wanted.without.some((text) => traits.plainText.includes(text))) return false;
  return (
    wanted.has.every((flag) => hasTrait(status, flag, traits)) &&
    !wanted.hasNot.some((flag) => hasTrait(status, flag, traits))
  );
}

function hasTrait(status: Status, flag: string, traits: StatusTraits): boolean {
  switch (flag) {
    case 'media':
      return status.mediaIds.length > 0;
    case 'image':
    case 'video':
    case 'audio':
      return traits.mediaTypes.includes(flag);
    case 'poll':
      return status.poll !== null;
    case 'quote':
      return status.quote !== null;
    case 'link':
    case 'embed':
      return /https?:\/\//.test(traits.plainText);
    case 'reply':
      return status.inReplyToId !== null || status.inReplyToUri !== null;
    case 'sensitive':
      return status.sensitive;
    case 'bot':
      return traits.bot;
    default:
      return false;
  }
}
