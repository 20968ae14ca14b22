import { attachmentsOf, type RemoteAttachment } from './attachments.js';
import { collectionRefOf, type RemoteCollectionRef } from './collection.js';
import { dateOf, durationOf } from './dates.js';
import { parseInteractionPolicy, type RemoteInteractionPolicy } from './interaction-policy.js';
import { contextLanguage, declaredLanguage, naturalLanguage } from './languages.js';
import { LIMITS } from './limits.js';
import {
  imagesOf,
  mediaLinksOf,
  mediaTypeOf,
  pageUrlOf,
  type RemoteImage,
  type RemoteLink,
} from './links.js';
import { isObjectType, type RemoteObjectType } from './names.js';
import { parsePoll, type RemotePoll } from './poll.js';
import { quoteOf, type RemoteQuote } from './quote.js';
import { tagsOf, type RemoteTags } from './tags.js';
import { first, flag, idOf, idsOf, isRecord, list, ownIdOf, typesOf, type Loose } from './values.js';

/** A post of any software, read and bounded. */
export interface RemoteObject extends Omit<RemoteTags, 'links'> {
  /** Null: a transient object (some servers' poll votes). */
  id: string | null;
  type: RemoteObjectType;
  types: string[];
  /** The author: of PeerTube's Person and Group the Person, else the first. */
  attributedTo: string | null;
  /** All of `attributedTo`. */
  attributions: string[];
  to: string[];
  cc: string[];
  /** Groups that a post was made in (FEP-1b12). */
  audience: string[];
  /** The page for people; null when missing or on an unrelated host. */
  url: string | null;
  /** As sent; what it is tells `contentFormat`. Sanitise before showing. */
  content: string | null;
  contentFormat: 'html' | 'markdown' | 'plain';
  /** The content warning of a Note; an abstract for Articles. Null when blank (Pleroma always sends it). */
  summary: string | null;
  /** Title. */
  name: string | null;
  language: string | null;
  sensitive: boolean;
  published: string | null;
  updated: string | null;
  inReplyTo: string | null;
  attachments: RemoteAttachment[];
  /** Files named by the object's own `url` (PeerTube, Funkwhale). */
  mediaLinks: RemoteLink[];
  /** `image`, then `icon`: posters and thumbnails. */
  images: RemoteImage[];
  /** Seconds. */
  duration: number | null;
  poll: RemotePoll | null;
  quote: RemoteQuote | null;
  interactionPolicy: RemoteInteractionPolicy | null;
  /** Thread id, opaque (FEP-7888 `context`, else OStatus `conversation`). */
  conversation: string | null;
  replies: RemoteCollectionRef | null;
  likes: RemoteCollectionRef | null;
  shares: RemoteCollectionRef | null;
  /** Events. */
  startTime: string | null;
  endTime: string | null;
  /** A poll vote (a Note with a name and a parent and nothing else): never to be shown. */
  isVote: boolean;
}

export type InvalidObject = {
  invalid: 'not-an-object' | 'no-type' | 'unsupported-type' | 'conflicting-id';
};

function authorOf(value: unknown): string | null {
  const entries = list(value, LIMITS.policyEntries);
  const isGroup = (entry: unknown) => typesOf(entry).includes('Group');
  return idOf(entries.find((entry) => idOf(entry) !== null && !isGroup(entry)) ?? entries[0]);
}

function formatOf(object: Loose): RemoteObject['contentFormat'] {
  const type = mediaTypeOf(object['mediaType']);
  if (type === 'text/markdown' || type === 'text/x-markdown') return 'markdown';
  return type === 'text/plain' ? 'plain' : 'html';
}

function textsOf(object: Loose, defaultLanguage: string | null) {
  const content = naturalLanguage(object, 'content', LIMITS.content);
  const summary = naturalLanguage(object, 'summary', LIMITS.summary);
  const name = naturalLanguage(object, 'name', LIMITS.title);
  return {
    content: content?.value ?? null,
    contentFormat: formatOf(object),
    summary: summary?.value.trim() ? summary.value : null,
    name: name?.value.trim() ? name.value : null,
    language:
      content?.language ??
      declaredLanguage(object) ??
      name?.language ??
      summary?.language ??
      contextLanguage(object) ??
      defaultLanguage,
  };
}

function mediaOf(object: Loose) {
  const attachments = attachmentsOf(object['attachment']);
  return {
    attachments,
    mediaLinks: mediaLinksOf(object),
    images: [...imagesOf(object['image']), ...imagesOf(object['icon'])],
    duration: durationOf(object['duration']),
    sensitive: flag(object['sensitive']) || attachments.some((attachment) => attachment.sensitive),
  };
}

function placeOf(object: Loose) {
  return {
    to: idsOf(object['to']),
    cc: idsOf(object['cc']),
    audience: idsOf(object['audience']),
    inReplyTo: idOf(object['inReplyTo']),
    conversation: idOf(object['context']) ?? idOf(object['conversation']),
    replies: collectionRefOf(object['replies']),
    likes: collectionRefOf(object['likes']),
    shares: collectionRefOf(object['shares']),
    interactionPolicy: parseInteractionPolicy(object['interactionPolicy']),
  };
}

function timesOf(object: Loose) {
  return {
    published: dateOf(object['published']),
    updated: dateOf(object['updated']),
    startTime: dateOf(object['startTime']),
    endTime: dateOf(object['endTime']),
  };
}

const holdsId = (object: Loose): boolean =>
  (typeof object['id'] === 'string' && object['id'] !== '') || typeof object['@id'] === 'string';

/**
 * Reads a Note, Article, Page, Question, Image, Video, Audio or Event. Never throws. Who may say it (host of the id,
 * author and sender the same) is for the caller to check. `defaultLanguage` is what the surrounding document declares.
 */
export function parseObject(
  json: unknown,
  options: { defaultLanguage?: string | null } = {},
): RemoteObject | InvalidObject {
  const object = json;
  if (!isRecord(object)) return { invalid: 'not-an-object' };
  const types = typesOf(object);
  const type = types.find(isObjectType);
  if (type === undefined) return { invalid: types.length === 0 ? 'no-type' : 'unsupported-type' };
  const id = ownIdOf(object);
  if (id === null && holdsId(object)) return { invalid: 'conflicting-id' };
  const { links, mentions, hashtags, emojis } = tagsOf(object['tag']);
  const texts = textsOf(object, options.defaultLanguage ?? null);
  const place = placeOf(object);
  const attributions = idsOf(object['attributedTo'], LIMITS.policyEntries);
  const poll = type === 'Question' ? parsePoll(object) : null;
  return {
    id,
    type,
    types,
    attributedTo: authorOf(object['attributedTo']) ?? idOf(first(object['actor'])),
    attributions,
    url: pageUrlOf(object['url'], id),
    ...texts,
    mentions,
    hashtags,
    emojis,
    ...mediaOf(object),
    ...place,
    ...timesOf(object),
    poll,
    quote: quoteOf(object, id, links),
    isVote: type === 'Note' && texts.name !== null && place.inReplyTo !== null && texts.content === null,
  };
}
