import type { DocumentLoader, Clock, SigningKey } from '../../federation/ports.js';
import type { HttpClient } from '../../federation/fetch/client.js';
import type { MailExchangers } from '../../federation/fetch/resolver.js';
import type { Settings } from '../config/settings.js';
import type { JobsPort } from '../jobs/port.js';
import type { Logger } from '../log.js';
import type { MailPort } from '../mail/port.js';
import type { FilesPort } from '../media/port.js';
import type { MediaTools } from '../media/tools.js';
import type { Ids } from '../model/ids.js';
import type { Db } from '../store/collections.js';
import type { TextIndex } from '../store/port.js';
import type { Newcomers } from './remote/newcomers.js';
import type { RuleBook } from './rule-book.js';

/** The names of this server. */
export interface OwnNames {
  /** Public origin, e.g. `https://social.example`. */
  origin: string;
  /** Its host with port, e.g. `social.example`. */
  host: string;
  /** Domain in handles. */
  handleDomain: string;
  /** True for every host (with port) that leads to this server: primary, former, onion, and the handle domain. */
  isOwn(host: string): boolean;
}

/** A published key of a local actor. */
export interface PublishedKey {
  keyId: string;
  /** SPKI PEM. */
  publicPem: string;
}

/** The key pairs of local actors, unsealed and cached. They are made at first use (RSA takes 100 ms and more). */
export interface KeyStore {
  /** Has an account's RSA-2048 and Ed25519 pairs made in the background; whoever needs them sooner makes them then. */
  create(accountId: string): Promise<void>;
  /** What the actor document says; null when the account is gone. Read this, not the collection. */
  publicKeys(accountId: string): Promise<{ rsa: PublishedKey; ed25519: PublishedKey } | null>;
  /** The signing key of an account; null when the account is gone. */
  signingKey(accountId: string, type: 'rsa' | 'ed25519'): Promise<SigningKey | null>;
  /** @throws StartError when stored keys cannot be unsealed: the secret is lost, or another instance's */
  demandUnsealed(): Promise<void>;
  /** New pairs in place of the old ones, which are gone for good. Other processes notice within seconds. */
  renew(accountId: string): Promise<void>;
}

/** Messages to streaming connections; the payload names documents by id, each connection renders its own view. */
export interface HubMessage {
  channels: readonly string[];
  event: string;
  payload: Record<string, unknown>;
}

export interface Hub {
  publish(message: HubMessage): void;
  /** Calls `listener` for each message, wherever in the cluster it was published; returns the way to stop. */
  subscribe(listener: (message: HubMessage) => void): () => void;
}

/** Keeps secrets that must be read again. `purpose` binds a sealed text to what it is for. */
export interface Seals {
  seal(purpose: string, secret: string): Promise<string>;
  /** Null when it was sealed for another purpose, or under another instance key. */
  open(purpose: string, sealed: string): Promise<string | null>;
}

/** CPU-heavy hashing, off the event loop. */
export interface Passwords {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
  /** True for a hash that was made with other parameters than those of today. */
  isOutdated(hash: string): boolean;
}

/** Everything a verb may use. Passed first, always. */
export interface Ctx {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly ids: Ids;
  /** URL-safe text of `bytes` random bytes. */
  readonly randomToken: (bytes?: number) => string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly names: OwnNames;
  readonly db: Db;
  /** Read these, not the collection. */
  readonly rules: RuleBook;
  readonly statusText: TextIndex;
  readonly files: FilesPort;
  readonly media: MediaTools;
  readonly http: HttpClient;
  readonly documents: DocumentLoader;
  /** For `mayMeet` only (remote/newcomers.ts). */
  readonly newcomers: Newcomers;
  readonly keys: KeyStore;
  readonly passwords: Passwords;
  readonly seals: Seals;
  /** For the job `mail` only; everybody else asks for a mail (domain/mail). */
  readonly mail: MailPort;
  /** For sign-ups only (sign-up-rules.ts). */
  readonly mailExchangers: MailExchangers;
  readonly jobs: JobsPort;
  readonly hub: Hub;
}

export const now = (ctx: Ctx): string => ctx.clock.now().toISOString();
