import type { Clock, KeyResolver, PublicKey } from '../ports.js';
import { readCavage } from './cavage.js';
import { refused, type Dialect, type RefusalReason, type Refused, type SignatureClaim } from './claim.js';
import { checkContentDigest, checkDigest, type DigestVerdict } from './digest.js';
import { checkFreshness, DEFAULT_WINDOW, type FreshnessWindow } from './freshness.js';
import { canonicalHost, fieldValue, hasSignedBody, type SignedRequest } from './request.js';
import { readRfc9421 } from './rfc9421.js';
import { parseWebUrl } from './web-url.js';

export interface Verified {
  outcome: 'verified';
  /** The key that made the signature. Whoever signed is `key.owner`, never what the header or the body claims. */
  key: PublicKey;
  /** The dialect the peer speaks; worth remembering for deliveries to it. */
  dialect: Dialect;
  /** The same bytes twice are the same request twice, however the header around them is spelt. */
  signature: Buffer;
  /** Names of the header fields that it covers: the others may be anybody's. */
  covered: readonly string[];
}
export type Verification = Verified | Refused;

export interface VerifyDeps {
  keys: KeyResolver;
  clock: Clock;
  window?: FreshnessWindow;
  /** Asked before any network, with the host of the key id (lower-cased, punycode, port where not the default). */
  isBlocked?: (host: string) => boolean | Promise<boolean>;
}

/** Fields of which a second copy could be read by one program and not by the next (ATTACKS 19). */
const SINGLE_FIELDS = [
  'signature',
  'signature-input',
  'authorization',
  'date',
  'digest',
  'content-digest',
  'host',
  'content-type',
] as const;

/**
 * Verifies the signature of a request: draft-cavage-12, or RFC 9421 where `Signature-Input` is present; never one in
 * place of the other. Steps, cheapest first: read the headers, ask about the signer's host, digest, dates, key, check.
 * A key fetch happens only after all else was found right. Never throws for anything the sender controls.
 */
export async function verifyRequest(request: SignedRequest, deps: VerifyDeps): Promise<Verification> {
  const claims = readSignedRequest(request);
  if ('outcome' in claims) return claims;
  const screened = await screenSigners(claims, request.hosts, deps.isBlocked);
  if ('outcome' in screened) return screened;
  const timely = checkBodyAndDates(request, screened, deps.clock.now(), deps.window);
  return 'outcome' in timely ? timely : verifyWithKeys(timely, deps);
}

/** Reads the headers: which signatures claim to be here, and do they cover what they must? Pure. */
export function readSignedRequest(request: SignedRequest): readonly SignatureClaim[] | Refused {
  const { headers } = request;
  if (SINGLE_FIELDS.some((name) => Array.isArray(headers[name]))) return refused('ambiguous-headers');
  const inputs = fieldValue(headers, 'signature-input');
  const signature = fieldValue(headers, 'signature');
  const authorization = cavageOf(fieldValue(headers, 'authorization'));
  if (authorization !== null && (inputs !== null || signature !== null)) return refused('ambiguous-headers');
  const field = signature ?? authorization;
  if (field === null) return refused(inputs === null ? 'unsigned' : 'malformed-signature');
  const host = fieldValue(headers, 'host');
  if (host === null || !request.hosts.some((ours) => canonicalHost(ours) === canonicalHost(host)))
    return refused('wrong-host');
  const read = inputs === null ? readCavage(field, request) : readRfc9421(inputs, field, request);
  if (typeof read === 'string') return refused(read);
  return 'check' in read ? [read] : read;
}

/**
 * Drops signers whose key must not be asked for: blocked hosts, and our own (nobody signs to us as one of us, and a
 * fetch from ourselves would be a loop).
 */
export async function screenSigners(
  claims: readonly SignatureClaim[],
  ourHosts: readonly string[],
  isBlocked: VerifyDeps['isBlocked'],
): Promise<readonly SignatureClaim[] | Refused> {
  const passed: SignatureClaim[] = [];
  let reason: RefusalReason = 'blocked';
  for (const claim of claims) {
    if (ourHosts.some((ours) => canonicalHost(ours) === canonicalHost(claim.keyHost))) reason = 'local-key';
    else if (!(await isBlocked?.(claim.keyHost))) passed.push(claim);
  }
  return passed.length > 0 ? passed : refused(reason);
}

/** Compares the digests with the raw body and the signed times with the clock. Pure. */
export function checkBodyAndDates(
  request: SignedRequest,
  claims: readonly SignatureClaim[],
  now: Date,
  window: FreshnessWindow = DEFAULT_WINDOW,
): readonly SignatureClaim[] | Refused {
  const fault = hasSignedBody(request) ? findDigestFault(request) : null;
  if (fault) return refused(fault);
  const fresh: SignatureClaim[] = [];
  let reason: RefusalReason = 'date-not-signed';
  for (const claim of claims) {
    const verdict = checkFreshness(claim.times, now, window);
    if (verdict === 'fresh') fresh.push(claim);
    else reason = verdict;
  }
  return fresh.length > 0 ? fresh : refused(reason);
}

/** Fetches the keys and checks the signatures; the first that verifies decides who signed. */
export async function verifyWithKeys(
  claims: readonly SignatureClaim[],
  deps: Pick<VerifyDeps, 'keys' | 'clock'>,
): Promise<Verification> {
  let refusal = refused('bad-signature');
  for (const claim of claims) {
    const result = await verifyClaim(claim, deps);
    if (result.outcome === 'verified') return result;
    if (!refusal.retryable) refusal = result;
  }
  return refusal;
}

/** One claim: with the key at hand, and when that fails and the key was not just fetched, once with a fresh copy. */
async function verifyClaim(
  claim: SignatureClaim,
  { keys, clock }: Pick<VerifyDeps, 'keys' | 'clock'>,
): Promise<Verification> {
  const started = clock.now();
  const known = await keys.resolve(claim.keyId, { refresh: false });
  if (typeof known === 'string') return refused(`key-${known}`);
  const verdict = checkOwned(claim, known);
  const { dialect, signature, covers: covered } = claim;
  if (verdict === 'ok') return { outcome: 'verified', key: known, dialect, signature, covered };
  if (known.fetchedAt >= started) return refused(verdict);
  const fresh = await keys.resolve(claim.keyId, { refresh: true });
  if (typeof fresh === 'string') return refused(`key-${fresh}`);
  if (fresh.owner === known.owner && fresh.publicKey.equals(known.publicKey)) return refused(verdict);
  const second = checkOwned(claim, fresh);
  return second === 'ok' ? { outcome: 'verified', key: fresh, dialect, signature, covered } : refused(second);
}

/** The resolver has checked that the owner lists the key; that both live on one host is checked here again. */
function checkOwned(
  claim: SignatureClaim,
  key: PublicKey,
): 'ok' | 'bad-signature' | 'key-mismatch' | 'key-refused' {
  return parseWebUrl(key.owner)?.host === claim.keyHost ? claim.check(key) : 'key-refused';
}

/** A digest that is present must match even when another one is signed: a reader behind us might trust that one. */
function findDigestFault({ headers, body }: SignedRequest): RefusalReason | null {
  const digest = fieldValue(headers, 'digest');
  const contentDigest = fieldValue(headers, 'content-digest');
  if (digest !== null) {
    const fault = toReason(checkDigest(digest, body), 'digest-malformed');
    if (fault) return fault;
  }
  if (contentDigest !== null)
    return toReason(checkContentDigest(contentDigest, body), 'content-digest-malformed');
  // Covered fields were found present before; this is for callers that skip that step.
  return digest === null ? 'digest-not-signed' : null;
}

function toReason(verdict: DigestVerdict, malformed: RefusalReason): RefusalReason | null {
  if (verdict === 'match') return null;
  return verdict === 'malformed' ? malformed : `digest-${verdict}`;
}

/** `Authorization: Signature …` carries the same parameters (draft section 3.1); other schemes are none of ours. */
function cavageOf(authorization: string | null): string | null {
  const scheme = authorization?.slice(0, 10).toLowerCase();
  return authorization !== null && scheme === 'signature ' ? authorization.slice(10) : null;
}
