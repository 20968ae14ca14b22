import type { CustomEmojiRef } from './account.js';

export type Visibility = 'public' | 'unlisted' | 'private' | 'direct';
/** Who may quote (FEP-044f interaction policy, as the client API names them). */
export type QuotePolicy = 'public' | 'followers' | 'nobody';
export type QuoteState = 'pending' | 'accepted' | 'rejected' | 'revoked' | 'deleted' | 'unauthorized';

export interface StatusMention {
  accountId: string;
  username: string;
  /** `username` or `username@domain`. */
  acct: string;
  url: string;
}

export interface PollOption {
  title: string;
  /** Local polls: counted from the votes. Remote polls: as told by the origin. */
  votes: number;
}

export interface Poll {
  /** Polls live inside their status; the poll's id in the client API is this one. */
  id: string;
  options: PollOption[];
  multiple: boolean;
  /** Null: open for ever. */
  expiresAt: string | null;
  /** True once the end was announced to voters. */
  closed: boolean;
  votersCount: number;
  hideTotals: boolean;
}

export interface Quote {
  state: QuoteState;
  /** Null while the quoted object is unknown here. */
  statusId: string | null;
  uri: string;
  /** The QuoteRequest we sent and the stamp we got. */
  requestUri: string | null;
  approvalUri: string | null;
}

/** Our consent that one of our statuses is quoted; its IRI is the stamp that others check (FEP-044f). */
export interface QuoteApproval {
  _id: string;
  uri: string;
  /** The quoted status, by a local account. */
  statusId: string;
  accountId: string;
  /** The quoting object's IRI and its author. */
  quotingUri: string;
  quotingAccountId: string;
  /** The QuoteRequest's IRI; null for a quote by a local account. */
  requestUri: string | null;
  revokedAt: string | null;
  createdAt: string;
}

/** A status, or a reblog (`reblogOfId` set, no text of its own). */
export interface Status {
  _id: string;
  /** The object IRI it was born with; for reblogs the Announce's. */
  uri: string;
  /** The page for people; null when a remote object has none. */
  url: string | null;
  accountId: string;
  local: boolean;
  visibility: Visibility;
  /** Safe HTML. */
  content: string;
  /** Local: what was typed. Remote: null. */
  text: string | null;
  spoilerText: string;
  sensitive: boolean;
  language: string | null;
  inReplyToId: string | null;
  inReplyToAccountId: string | null;
  /** The parent's IRI when it is not (yet) known here. */
  inReplyToUri: string | null;
  /** All statuses of a thread share it. */
  conversationId: string;
  reblogOfId: string | null;
  quote: Quote | null;
  quotePolicy: QuotePolicy;
  mediaIds: string[];
  mentions: StatusMention[];
  /** Normalised hashtag names. */
  tags: string[];
  emojis: CustomEmojiRef[];
  poll: Poll | null;
  /** The link whose page is shown below (model/cards.ts). Absent or null: none. */
  cardUrl?: string | null;
  applicationId: string | null;
  createdAt: string;
  editedAt: string | null;
  pinnedAt: string | null;
  repliesCount: number;
  reblogsCount: number;
  favouritesCount: number;
  quotesCount: number;
  /** What staff decided about it as a trend. Absent: nothing. */
  trendable?: boolean;
}

/** What a status looked like before an edit (and its newest look as the last one). */
export interface StatusEdit {
  _id: string;
  statusId: string;
  accountId: string;
  content: string;
  text: string | null;
  spoilerText: string;
  sensitive: boolean;
  mediaIds: string[];
  mediaDescriptions: (string | null)[];
  pollOptions: string[] | null;
  emojis: CustomEmojiRef[];
  createdAt: string;
}

export type MediaType = 'image' | 'gifv' | 'video' | 'audio' | 'unknown';

export interface Media {
  _id: string;
  accountId: string;
  statusId: string | null;
  type: MediaType;
  state: 'processing' | 'ready' | 'failed';
  /** Path in the files port; null for remote media that was not copied. */
  path: string | null;
  previewPath: string | null;
  mime: string | null;
  bytes: number | null;
  sha256: string | null;
  remoteUrl: string | null;
  description: string | null;
  blurhash: string | null;
  /** `original`, `small`, `focus` as in the client API. */
  meta: Record<string, unknown>;
  createdAt: string;
}

/** Something that is no more; its URL answers 410. */
export interface Tombstone {
  _id: string;
  uri: string;
  /** The actor that owned it. */
  accountId: string | null;
  formerType: string;
  deletedAt: string;
}

export interface PollVote {
  _id: string;
  statusId: string;
  accountId: string;
  choice: number;
  /** The vote's IRI on the wire. */
  uri: string;
  /** Where one ballot is all there is: a second one, cast at the same moment, finds it taken. */
  ballot?: string;
}

export interface CustomEmoji {
  _id: string;
  shortcode: string;
  domain: string | null;
  /** `shortcode` or `shortcode@domain`. */
  key: string;
  path: string | null;
  staticPath: string | null;
  remoteUrl: string | null;
  category: string | null;
  visibleInPicker: boolean;
  disabled: boolean;
  updatedAt: string;
}
