import { LIMITS } from './limits.js';
import { isCollectionType, type RemoteCollectionType } from './names.js';
import { count, first, idOf, isRecord, list, ownIdOf, typesOf } from './values.js';
import type { Json, JsonObject } from '../ports.js';

/** What an object says about one of its collections. Inline items are of no worth: they may be anybody's. */
export interface RemoteCollectionRef {
  id: string | null;
  total: number | null;
}

/** `replies`, `likes`, `shares`: an id, or an inline collection of which only id and count are taken. */
export function collectionRefOf(value: unknown): RemoteCollectionRef | null {
  const single = first(value);
  const id = idOf(single);
  const total = isRecord(single) ? count(single['totalItems']) : null;
  return id === null && total === null ? null : { id, total };
}

/** A fetched collection or page of another server. */
export interface RemoteCollection {
  id: string | null;
  type: RemoteCollectionType;
  ordered: boolean;
  isPage: boolean;
  total: number | null;
  /** Ids, or embedded objects whose host the caller must check. */
  items: (string | JsonObject)[];
  /** The next thing to read: `first` of a collection, `next` of a page; an id, or the page itself embedded. */
  next: string | JsonObject | null;
  partOf: string | null;
  attributedTo: string | null;
}

/** Ids and embedded objects of a property, as sent. */
export function entriesOf(value: unknown, max: number): (string | JsonObject)[] {
  const entries: (string | JsonObject)[] = [];
  for (const item of list(value, max)) {
    const entry = isRecord(item) ? (item as JsonObject) : idOf(item);
    if (entry !== null) entries.push(entry);
  }
  return entries;
}

/**
 * Reads a Collection, OrderedCollection or a page of one (ActivityStreams section 5); null when it is none. At most
 * `maxItems` items. Whoever follows `next` counts pages and remembers where it was: a hostile chain never ends.
 */
export function parseCollection(json: unknown, maxItems: number = LIMITS.items): RemoteCollection | null {
  if (!isRecord(json)) return null;
  const type = typesOf(json).find(isCollectionType);
  if (type === undefined) return null;
  const isPage = type.endsWith('Page');
  return {
    id: ownIdOf(json),
    type,
    ordered: type.startsWith('Ordered'),
    isPage,
    total: count(json['totalItems']),
    items: entriesOf(json['orderedItems'] ?? json['items'], maxItems),
    next: entriesOf(isPage ? json['next'] : json['first'], 1)[0] ?? null,
    partOf: idOf(json['partOf']),
    attributedTo: idOf(json['attributedTo']),
  };
}

/** Builds the top of an OrderedCollection. `totalItems` left out: the size is not told (hidden followers). */
export function toOrderedCollection(input: {
  id: string;
  totalItems?: number;
  /** Ids of the first and last page. */
  first?: string;
  last?: string;
  /** Small collections (pinned statuses) carry their items. */
  orderedItems?: Json[];
  attributedTo?: string;
}): JsonObject {
  return { type: 'OrderedCollection', ...input };
}

/** Builds one page of an OrderedCollection. */
export function toOrderedCollectionPage(input: {
  id: string;
  partOf: string;
  orderedItems: Json[];
  next?: string;
  prev?: string;
  totalItems?: number;
}): JsonObject {
  return { type: 'OrderedCollectionPage', ...input };
}

/** Builds an unordered Collection; `first` may be an embedded page, as Mastodon sends for `replies`. */
export function toCollection(input: {
  id: string;
  totalItems?: number;
  first?: Json;
  items?: Json[];
  attributedTo?: string;
}): JsonObject {
  return { type: 'Collection', ...input };
}

/** Builds one page of an unordered Collection. */
export function toCollectionPage(input: {
  id: string;
  partOf: string;
  items: Json[];
  next?: string;
  prev?: string;
}): JsonObject {
  return { type: 'CollectionPage', ...input };
}
