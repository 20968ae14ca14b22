import { constants, verify } from 'node:crypto';
import type { PublicKey } from '../ports.js';
import { signAside, signNow, type Prepared } from './aside.js';
import { parseCavageHeader, type CavageParameters } from './cavage-header.js';
import type { RefusalReason, SignatureClaim } from './claim.js';
import { toDigest } from './digest.js';
import {
  fieldValue,
  hasSignedBody,
  outgoingHeaders,
  SIGNED_IF_SENT,
  toSignedBytes,
  type SignedRequest,
  type SigningInput,
} from './request.js';
import { parseWebUrl } from './web-url.js';

/** `hs2019` says nothing; it and an absent name mean "what this kind of key makes". */
const RSA_HASHES: Readonly<Record<string, readonly string[]>> = {
  '': ['sha256'],
  'rsa-sha256': ['sha256'],
  'rsa-sha512': ['sha512'],
  hs2019: ['sha256', 'sha512'],
};
const ED25519_NAMES: readonly string[] = ['', 'hs2019', 'ed25519', 'ed25519-sha512'];

/**
 * Reads a `Signature` field of draft-cavage-http-signatures-12 and checks what it covers; no key is needed yet.
 *
 * Required: `(request-target)` and `host` always, `date` or `(created)`, and with a body `digest` (or `content-digest`).
 */
export function readCavage(field: string, request: SignedRequest): SignatureClaim | RefusalReason {
  const parameters = parseCavageHeader(field);
  if (!parameters) return 'malformed-signature';
  const keyUrl = parseWebUrl(parameters.keyId);
  if (!keyUrl) return 'malformed-key-id';
  const lack = findLack(parameters, request);
  if (lack) return lack;
  const targets = requestTargets(request);
  const texts: string[] = [];
  for (const target of targets) {
    const text = signingString(parameters, request, target);
    if (text === null) return 'missing-header';
    texts.push(text);
  }
  const { headers, createdText, expiresText, keyId } = parameters;
  return {
    dialect: 'cavage',
    keyId,
    keyHost: keyUrl.host,
    covers: headers,
    times: {
      date: headers.includes('date') ? fieldValue(request.headers, 'date') : null,
      created: headers.includes('(created)') ? Number(createdText) : null,
      expires: expiresText === null ? null : Number(expiresText),
    },
    signature: parameters.signature,
    check: (key) => check(parameters, texts, key),
  };
}

/** The signed text (draft section 2.3); null when a named field is not in the request. */
export function signingString(
  parameters: Pick<CavageParameters, 'headers' | 'createdText' | 'expiresText'>,
  request: Pick<SignedRequest, 'method' | 'headers'>,
  target: string,
): string | null {
  const lines: string[] = [];
  for (const name of parameters.headers) {
    let value: string | null;
    if (name === '(request-target)') value = `${request.method.toLowerCase()} ${target}`;
    else if (name === '(created)') value = parameters.createdText;
    else if (name === '(expires)') value = parameters.expiresText;
    else value = fieldValue(request.headers, name);
    if (value === null) return null;
    lines.push(`${name}: ${value}`);
  }
  return lines.join('\n');
}

/** Signs a request; returns all header fields to send, lower-cased. RSA keys sign as `rsa-sha256` for reach. */
export function signCavage(input: SigningInput): Record<string, string> {
  return signNow(prepare(input), input.key.privateKey);
}

/** As `signCavage`, computed on a thread. */
export async function signCavageAside(input: SigningInput): Promise<Record<string, string>> {
  return signAside(prepare(input), input.key.privateKey);
}

function prepare(input: SigningInput): Prepared {
  const url = new URL(input.url);
  const headers = outgoingHeaders(input, input.body && { digest: toDigest(input.body) });
  const names = ['(request-target)', 'host', 'date'];
  for (const name of ['digest', ...SIGNED_IF_SENT]) if (headers[name] !== undefined) names.push(name);
  const parameters = { headers: names, createdText: null, expiresText: null };
  const text = signingString(parameters, { method: input.method, headers }, url.pathname + url.search);
  if (text === null) throw new TypeError('a header to be signed holds a line break');
  const { keyId, algorithm } = input.key;
  const name = algorithm === 'ed25519' ? 'hs2019' : 'rsa-sha256';
  const finish = (signature: Buffer): Record<string, string> => ({
    ...headers,
    signature: `keyId="${keyId}",algorithm="${name}",headers="${names.join(' ')}",signature="${signature.toString('base64')}"`,
  });
  return { bytes: toSignedBytes(text), hash: algorithm === 'ed25519' ? null : 'sha256', finish };
}

function findLack(
  { headers, algorithm, createdText }: CavageParameters,
  request: SignedRequest,
): RefusalReason | null {
  const name = algorithm ?? '';
  if (!Object.hasOwn(RSA_HASHES, name) && !ED25519_NAMES.includes(name)) return 'unsupported-algorithm';
  if (headers.some((h) => h.startsWith('(') && !['(request-target)', '(created)', '(expires)'].includes(h)))
    return 'unsupported-component';
  if (!headers.includes('(request-target)')) return 'target-not-signed';
  if (!headers.includes('host')) return 'host-not-signed';
  if (!headers.includes('date') && !headers.includes('(created)')) return 'date-not-signed';
  // Section 2.3: `(created)` and `(expires)` are errors with the old algorithm names.
  const dated = headers.includes('(created)') || headers.includes('(expires)');
  if (dated && name.startsWith('rsa')) return 'malformed-signature';
  if (headers.includes('(created)') && createdText === null) return 'malformed-signature';
  if (hasSignedBody(request) && !headers.includes('digest') && !headers.includes('content-digest'))
    return 'digest-not-signed';
  return null;
}

/** With the query string, then without: Pleroma, old Mastodon and Fedify sign the bare path. */
function requestTargets({ url }: SignedRequest): readonly string[] {
  const query = url.indexOf('?');
  return query < 0 ? [url] : [url, url.slice(0, query)];
}

function check(parameters: CavageParameters, texts: readonly string[], key: PublicKey) {
  const name = parameters.algorithm ?? '';
  const ed25519 = key.algorithm === 'ed25519';
  const hashes = ed25519 ? ED25519_NAMES.filter((n) => n === name).map(() => null) : RSA_HASHES[name];
  if (!hashes || hashes.length === 0) return 'key-mismatch';
  const { publicKey } = key;
  const material = ed25519 ? publicKey : { key: publicKey, padding: constants.RSA_PKCS1_PADDING };
  for (const text of texts) {
    const data = toSignedBytes(text);
    for (const hash of hashes) if (verify(hash, data, material, parameters.signature)) return 'ok';
  }
  return 'bad-signature';
}
