/** OAuth: clients, codes, tokens, and browser sessions. Secrets are stored hashed (SHA-256 of high-entropy values). */

export interface App {
  _id: string;
  clientId: string;
  clientSecretHash: string;
  name: string;
  website: string | null;
  redirectUris: string[];
  scopes: string[];
  createdAt: string;
}

export interface AuthorizationCode {
  _id: string;
  codeHash: string;
  appId: string;
  userId: string;
  redirectUri: string;
  scopes: string[];
  /** RFC 7636 S256 challenge. */
  codeChallenge: string | null;
  expiresAt: string;
  usedAt: string | null;
}

export interface AccessToken {
  _id: string;
  tokenHash: string;
  appId: string;
  /** Null for a token of the app itself (client credentials). */
  userId: string | null;
  accountId: string | null;
  scopes: string[];
  /** The code it came from, so that a code used twice revokes it. */
  codeId: string | null;
  createdAt: string;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export interface WebSession {
  _id: string;
  sessionHash: string;
  userId: string;
  csrf: string;
  /** What the browser says it is, for its owner to recognise it. Absent: it said nothing. */
  userAgent?: string;
  createdAt: string;
  /** To the hour. Absent: not since it began. */
  lastUsedAt?: string;
  expiresAt: string;
}

/** A link with which people may sign up. */
export interface Invite {
  _id: string;
  code: string;
  /** Who invites; null for one that was made at the machine itself. */
  accountId: string | null;
  /** Null: any number. */
  maxUses: number | null;
  uses: number;
  /** Null: for good. Revoking it sets this. */
  expiresAt: string | null;
  /** Those who come follow whoever invited them. */
  autofollow: boolean;
  createdAt: string;
}

export type MailTokenPurpose = 'confirmation' | 'password-reset';

/** A link in a mail that does something for whoever has it. Only its hash is kept. */
export interface MailToken {
  _id: string;
  userId: string;
  purpose: MailTokenPurpose;
  /** The mail it is for: sent again, it gets a new one. */
  request: string;
  tokenHash: string;
  /** Where it was sent. It is worth nothing once the address is another. */
  email: string;
  createdAt: string;
  expiresAt: string;
}

/** Somebody's second factor: codes of an app (RFC 6238), and the recovery codes that stand in for them and for passkeys. */
export interface SecondFactor {
  _id: string;
  userId: string;
  /** base32, sealed under the instance key. */
  sealedSecret: string;
  /** Since when codes of the app are asked for. Null: not proven yet, so worth nothing. */
  enabledAt: string | null;
  /** The last time step whose code was used: none is good twice. */
  lastStep: number;
  /** Hashes of those not used yet. */
  recoveryHashes: string[];
  createdAt: string;
}

/** How often somebody did what may be done only so often (domain/attempts.ts). */
export interface AttemptCounter {
  _id: string;
  /** SHA-256 of what is counted: an address, an account, both. */
  key: string;
  count: number;
  /** The next attempt must not come before. */
  waitUntil: string;
  expiresAt: string;
}

/** A passkey that is asked for after the password (WebAuthn Level 3). */
export interface Passkey {
  _id: string;
  userId: string;
  /** base64url, chosen by the authenticator. */
  credentialId: string;
  /** COSE key, base64url. */
  publicKey: string;
  /** Signatures the authenticator has made, as it says; 0: it does not count. */
  counter: number;
  /** How a browser reaches it; hints. */
  transports: string[];
  /** The relying party it was made for: the host name of this server at that time. */
  rpId: string;
  /** What its owner calls it. */
  name: string;
  createdAt: string;
  lastUsedAt: string | null;
}

export type PasskeyPurpose = 'enrol' | 'sign-in' | 'confirm';

/** What a passkey must sign next: once, in one browser. */
export interface PasskeyChallenge {
  _id: string;
  userId: string;
  purpose: PasskeyPurpose;
  /** SHA-256 of what the browser holds: its form token or its session. */
  browserHash: string;
  /** 32 random bytes, base64url. */
  challenge: string;
  expiresAt: string;
}

export interface IdempotencyRecord {
  _id: string;
  /** `accountId:key` */
  key: string;
  statusId: string;
  expiresAt: string;
}
