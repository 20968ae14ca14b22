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
  createdAt: string;
  expiresAt: string;
}

export interface IdempotencyRecord {
  _id: string;
  /** `accountId:key` */
  key: string;
  statusId: string;
  expiresAt: string;
}
