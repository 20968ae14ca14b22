/** Work that outlives a process: jobs, deliveries, received activities, peers. */

export type WorkState = 'ready' | 'leased' | 'done' | 'dead';

/** What the leased queue needs of a document. */
export interface WorkItem {
  _id: string;
  state: WorkState;
  /** ISO time from which it may be claimed. */
  dueAt: string;
  leaseUntil: string | null;
  /** Which process holds the lease. Absent: none. */
  claim?: string | null;
  /** How often it was claimed. */
  attempts: number;
  /** Items of one lane never starve another lane. */
  lane: string;
  lastError: string | null;
  createdAt: string;
}

export interface Job extends WorkItem {
  kind: string;
  payload: Record<string, unknown>;
}

/** One activity of ours, serialised once. */
export interface OutActivity {
  _id: string;
  uri: string;
  accountId: string;
  type: string;
  /** The JSON text that is sent, byte for byte. */
  body: string;
  /** Whether anybody may fetch it. */
  public: boolean;
  /** The status that it is about (Create, Update, Announce); null otherwise. */
  statusId: string | null;
  createdAt: string;
  /** It is addressed to the author's followers and not to everybody. Absent: no. */
  forFollowers?: true;
  /** When all its deliveries were written. Absent: not yet; a fan-out that is repeated after this does nothing. */
  fannedOutAt?: string;
  /** When an Undo of it was written. Absent: it stands. */
  withdrawnAt?: string;
  /** Where it went, for a Delete that follows; long lists are not kept. */
  inboxes?: string[];
}

/** One activity for one inbox. `lane` is the inbox's host. */
export interface Delivery extends WorkItem {
  activityId: string;
  accountId: string;
  inbox: string;
  /** `activityId inbox`: makes fan-out repeatable. */
  key: string;
  generation: number;
}

/** An activity that was accepted at an inbox. `lane` is the actor IRI, so that one actor's activities keep their order. */
export interface Received extends WorkItem {
  activityId: string | null;
  actor: string;
  host: string;
  type: string;
  objectType: string | null;
  /** The raw JSON text. */
  body: string;
  /** Local account whose inbox it was sent to; null for the shared one. */
  recipientId: string | null;
  /** `own`: signed by its actor. `forwarded`: signed by another server; only a pointer. */
  trust: 'own' | 'forwarded';
  /** The host in whose share of the backlog it counts; null when it was handed to the worker at once, or is over. */
  backlogHost: string | null;
  /** Hash of the signature: the same request twice is taken once. */
  replayKey: string;
  /** Null until it is over. */
  outcome: 'processed' | 'ignored' | 'failed' | null;
  reason: string | null;
}

export type BreakerState = 'closed' | 'open' | 'half-open' | 'dead';

/** Another server, as delivery knows it. `_id` is the host (with port). */
export interface Peer {
  _id: string;
  breaker: BreakerState;
  failures: number;
  firstFailureAt: string | null;
  lastFailureAt: string | null;
  lastSuccessAt: string | null;
  nextProbeAt: string | null;
  lastReason: string | null;
  /** The signature dialect that worked last. */
  dialect: 'cavage' | 'rfc9421' | null;
  software: string | null;
}

/** What an instance as a whole refuses. */
export interface DomainRule {
  _id: string;
  domain: string;
  severity: 'silence' | 'suspend' | 'noop';
  rejectMedia: boolean;
  rejectReports: boolean;
  privateComment: string | null;
  publicComment: string | null;
  obfuscate: boolean;
  createdAt: string;
}

export interface InstanceRule {
  id: string;
  text: string;
  hint: string;
}

/** A longer text of the operator, plain. */
export interface InstanceText {
  text: string;
  updatedAt: string;
}

/** The one document that describes this instance. */
export interface InstanceDocument {
  _id: string;
  /** Raised when an instance is taken over by a restored copy; a superseded server refuses to send. */
  generation: number;
  title: string;
  shortDescription: string;
  description: string;
  contactEmail: string;
  contactAccountId: string | null;
  rules: InstanceRule[];
  /** Absent: the operator wrote none. */
  privacyPolicy?: InstanceText;
  terms?: InstanceText;
  /** The key for Web Push (domain/push/vapid.ts). */
  vapid?: { publicKey: string; sealedPrivateKey: string };
  updatedAt?: string;
  actorId: string;
  createdAt: string;
}

/** An act of staff. Each entry carries the hash of the one before. */
export interface AuditEntry {
  _id: string;
  sequence: number;
  actor: string;
  action: string;
  target: string;
  details: Record<string, unknown>;
  createdAt: string;
  previousHash: string;
  hash: string;
}

/** The IRIs of activities that were undone, so that a late copy does not bring them back. */
export interface UndoneActivity {
  _id: string;
  uri: string;
  /** Who undid it: what somebody else of the same host does is not undone. */
  accountId: string;
  createdAt: string;
}

/** A message for the streaming connections of other processes. */
export interface Signal {
  _id: string;
  channels: string[];
  event: string;
  payload: Record<string, unknown>;
}
