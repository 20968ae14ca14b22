/** The kinds of notifications that a client may ask to be woken for. */
export const pushAlerts = [
  'mention',
  'status',
  'reblog',
  'follow',
  'follow_request',
  'favourite',
  'poll',
  'update',
  'quote',
  'quoted_update',
  'admin.sign_up',
  'admin.report',
] as const;
export type PushAlert = (typeof pushAlerts)[number];

/** Whose notifications are pushed. */
export type PushPolicy = 'all' | 'followed' | 'follower' | 'none';

/** Where one client of one person wants to be woken (Web Push, RFC 8030). One for each token. */
export interface PushSubscription {
  /** A small id: the client API gives it as a number. */
  _id: string;
  accountId: string;
  tokenId: string;
  /** The token itself: clients of several accounts find the right one by it. */
  sealedToken: string;
  endpoint: string;
  /** The client's P-256 public key and its secret, base64url. */
  p256dh: string;
  auth: string;
  /** RFC 8291; otherwise the draft that older clients know. */
  standard: boolean;
  alerts: PushAlert[];
  policy: PushPolicy;
  createdAt: string;
}
