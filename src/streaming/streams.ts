import { announcementsChannel } from '../domain/announcements.js';
import { normaliseHashtag } from '../text/scan.js';

/** What a client asks to hear: a stream of the client API with its parameters. */
export interface StreamRequest {
  stream: string;
  tag?: string | undefined;
  list?: string | undefined;
}

export interface Stream {
  /** The hub's channel; it names the stream. */
  channel: string;
  /** Further channels that are on it. */
  also?: string[];
  /** The name that frames carry: `["hashtag", "landfall"]`. */
  name: string[];
  /** Any of these scopes. */
  scopes: string[];
  /** Everybody's public posts: each viewer's own blocks and mutes still apply. */
  isPublic: boolean;
  /** Must be a list of whoever asks. */
  listId?: string;
}

const longestTag = 500;

const publicStreams = new Set([
  'public',
  'public:media',
  'public:local',
  'public:local:media',
  'public:remote',
  'public:remote:media',
]);
const statusScopes = ['read', 'read:statuses'];
/** Notifications come on `user` too, but only to those who may read them. */
export const notificationScopes = ['read', 'read:notifications'];

/** The channel behind a stream for this account; null for a stream that does not exist or lacks its parameter. */
export function parseStream(accountId: string, request: StreamRequest): Stream | null {
  const { stream } = request;
  if (publicStreams.has(stream))
    return { channel: stream, name: [stream], scopes: statusScopes, isPublic: true };
  if (stream === 'user') return { ...own('user', accountId, statusScopes), also: [announcementsChannel] };
  if (stream === 'user:notification') return own('user:notification', accountId, notificationScopes);
  if (stream === 'direct') return own('direct', accountId, statusScopes);
  if (stream === 'list' && request.list && /^\d{1,30}$/.test(request.list)) {
    return {
      channel: `list:${accountId}:${request.list}`,
      name: ['list', request.list],
      scopes: ['read', 'read:lists'],
      isPublic: false,
      listId: request.list,
    };
  }
  if ((stream === 'hashtag' || stream === 'hashtag:local') && request.tag) {
    if (request.tag.length > longestTag) return null;
    const key = normaliseHashtag(request.tag);
    return key
      ? { channel: `${stream}:${key}`, name: [stream, request.tag], scopes: statusScopes, isPublic: true }
      : null;
  }
  return null;
}

function own(stream: string, accountId: string, scopes: string[]): Stream {
  return { channel: `${stream}:${accountId}`, name: [stream], scopes, isPublic: false };
}
