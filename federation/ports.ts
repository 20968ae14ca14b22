/** What the protocol library needs from outside. Nothing here knows a database, Express, or Mastodon. */

/** The present time. Tests inject their own. */
export interface Clock {
  now(): Date;
}

/** A key that signs for a local actor. `privateKey` is a parsed node:crypto KeyObject, kept by the caller in a cache. */
export interface SigningKey {
  /** The key's public IRI, e.g. `https://a.example/users/alice#main-key`. */
  keyId: string;
  algorithm: 'rsa-sha256' | 'ed25519';
  privateKey: import('node:crypto').KeyObject;
}

/** A public key as published by its owner's actor document. */
export interface PublicKey {
  keyId: string;
  /** The actor IRI whose own document lists this key (checked both ways before it gets here). */
  owner: string;
  algorithm: 'rsa' | 'ed25519';
  publicKey: import('node:crypto').KeyObject;
  /** When the key was fetched; a failed check may refetch it when this is older than the key's minimum age. */
  fetchedAt: Date;
}

/** Finds public keys: from the store first, from the network when unknown. */
export interface KeyResolver {
  /**
   * `refresh: true` asks for a network fetch although a copy is at hand (key rotation); the resolver limits how often.
   * `gone` means that the owner answered 404 or 410; `unavailable` any other failure (cached negatively for a while).
   */
  resolve(
    keyId: string,
    options: { refresh: boolean },
  ): Promise<PublicKey | 'gone' | 'unavailable' | 'refused'>;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Loads remote ActivityStreams documents through the guarded client, with a signed GET. */
export interface DocumentLoader {
  load(url: string): Promise<LoadedDocument>;
}

export type LoadedDocument =
  | { outcome: 'ok'; document: JsonObject; /** after redirects */ url: string }
  | { outcome: 'gone' | 'not-found' | 'refused' | 'unavailable' | 'invalid'; reason: string };
