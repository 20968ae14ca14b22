import { dateOf } from './dates.js';
import { isSameHost } from './iris.js';
import { LIMITS } from './limits.js';
import { filledText, idOf, isRecord, list, ownIdOf, typesOf, type Loose } from './values.js';

/** An entry of `publicKey` as its actor lists it. */
export interface RemotePublicKey {
  id: string;
  /** PEM text as sent; null when only the key's IRI is listed (the key is a document of its own). */
  pem: string | null;
  /** ISO times after which, or since when, the key is not to be used. */
  expires: string | null;
  revoked: string | null;
}

/** A FEP-521a verification method. */
export interface RemoteMultikey {
  id: string;
  /** Multibase text, e.g. `z6Mk…` for Ed25519. */
  publicKeyMultibase: string;
  expires: string | null;
  revoked: string | null;
}

const lifetime = (key: Loose) => ({ expires: dateOf(key['expires']), revoked: dateOf(key['revoked']) });

function publicKeyOf(value: unknown, actorId: string): RemotePublicKey | null {
  const id = idOf(value);
  // A key id on another host would overwrite that host's key in a cache (Akkoma 2025.03).
  if (id === null || !isSameHost(id, actorId)) return null;
  if (!isRecord(value)) return { id, pem: null, expires: null, revoked: null };
  const owner = idOf(value['owner']) ?? idOf(value['controller']);
  if (owner !== null && owner !== actorId) return null;
  const pem = filledText(value['publicKeyPem'], LIMITS.publicKeyText + 1);
  return { id, pem: pem !== null && pem.length <= LIMITS.publicKeyText ? pem : null, ...lifetime(value) };
}

function multikeyOf(value: unknown, actorId: string): RemoteMultikey | null {
  if (!isRecord(value) || !typesOf(value).includes('Multikey')) return null;
  const id = ownIdOf(value);
  if (id === null || !isSameHost(id, actorId) || idOf(value['controller']) !== actorId) return null;
  const publicKeyMultibase = filledText(value['publicKeyMultibase'], LIMITS.publicKeyText);
  return publicKeyMultibase === null ? null : { id, publicKeyMultibase, ...lifetime(value) };
}

/** The keys that an actor document lists as the actor's own. Foreign ids and other owners are left out. */
export function parseKeys(
  actor: Loose,
  actorId: string,
): { publicKeys: RemotePublicKey[]; assertionMethods: RemoteMultikey[] } {
  const read = <T>(property: string, parse: (value: unknown, id: string) => T | null): T[] =>
    list(actor[property], LIMITS.publicKeys).flatMap((value) => parse(value, actorId) ?? []);
  return {
    publicKeys: read('publicKey', publicKeyOf),
    assertionMethods: read('assertionMethod', multikeyOf),
  };
}
