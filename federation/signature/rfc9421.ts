import { constants, verify } from 'node:crypto';
import type { PublicKey } from '../ports.js';
import { signAside, signNow, type Prepared } from './aside.js';
import type { RefusalReason, SignatureClaim } from './claim.js';
import { toContentDigest } from './digest.js';
import {
  fieldValue,
  hasSignedBody,
  outgoingHeaders,
  SIGNED_IF_SENT,
  toSignedBytes,
  type SignedRequest,
  type SigningInput,
} from './request.js';
import { coveredNames, signatureBase, type AbsentQuery } from './rfc9421-base.js';
import { parseDictionary, type BareItem, type InnerList, type Parameters } from './structured-fields.js';
import { parseWebUrl } from './web-url.js';

/** Each label may cost a key fetch, so only the first few are looked at. */
const MAX_LABELS = 3;

/** `alg` of section 3.3 by kind of key; an absent `alg` means any of those, in this order. */
const ALGORITHMS: Readonly<Record<PublicKey['algorithm'], readonly string[]>> = {
  rsa: ['rsa-v1_5-sha256', 'rsa-pss-sha512'],
  ed25519: ['ed25519'],
};
const KNOWN_ALGORITHMS = Object.values(ALGORITHMS).flat();

/**
 * Reads `Signature-Input` and `Signature` (RFC 9421) and checks what each label covers; no key is needed yet. Returns
 * the labels that cover enough, or why the first did not.
 *
 * Required: `@method`; `@target-uri`, or `@authority` (or `host`) with `@path` and, where there is one, `@query`;
 * `created`; and with a body `content-digest`.
 */
export function readRfc9421(
  inputs: string,
  signatures: string,
  request: SignedRequest,
): readonly SignatureClaim[] | RefusalReason {
  const inputMembers = parseDictionary(inputs);
  const signatureMembers = parseDictionary(signatures);
  if (!inputMembers || !signatureMembers) return 'malformed-signature';
  const claims: SignatureClaim[] = [];
  let firstLack: RefusalReason | null = null;
  let looked = 0;
  for (const [label, input] of inputMembers) {
    const member = signatureMembers.get(label);
    if (!member || looked === MAX_LABELS) continue;
    looked++;
    const claim = readLabel(input.kind === 'list' ? input : null, bytesOf(member), request);
    if (typeof claim !== 'string') claims.push(claim);
    else firstLack ??= claim;
  }
  return claims.length > 0 ? claims : (firstLack ?? 'malformed-signature');
}

/** Signs a request; returns all header fields to send, lower-cased. */
export function signRfc9421(input: SigningInput): Record<string, string> {
  return signNow(prepare(input), input.key.privateKey);
}

/** As `signRfc9421`, computed on a thread. */
export async function signRfc9421Aside(input: SigningInput): Promise<Record<string, string>> {
  return signAside(prepare(input), input.key.privateKey);
}

function prepare(input: SigningInput): Prepared {
  const url = new URL(input.url);
  const headers = outgoingHeaders(input, input.body && { 'content-digest': toContentDigest(input.body) });
  const names = ['@method', '@target-uri'];
  for (const name of ['content-digest', ...SIGNED_IF_SENT]) if (headers[name] !== undefined) names.push(name);
  const { keyId, algorithm } = input.key;
  const ed25519 = algorithm === 'ed25519';
  const parameters: [string, BareItem][] = [
    ['created', { type: 'integer', value: Math.floor(input.now.getTime() / 1000) }],
    ['keyid', { type: 'string', value: keyId }],
    ['alg', { type: 'string', value: ed25519 ? 'ed25519' : 'rsa-v1_5-sha256' }],
  ];
  const list = toInnerList(names, new Map(parameters));
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  const message = {
    method: input.method.toUpperCase(),
    url: url.pathname + url.search,
    headers,
    scheme,
  } as const;
  const base = signatureBase(message, list, '?');
  if (base === null) throw new TypeError('a header to be signed holds a line break');
  const finish = (signature: Buffer): Record<string, string> => ({
    ...headers,
    'signature-input': `sig1=${base.slice(base.lastIndexOf('"@signature-params": ') + 21)}`,
    signature: `sig1=:${signature.toString('base64')}:`,
  });
  return { bytes: toSignedBytes(base), hash: ed25519 ? null : 'sha256', finish };
}

/** An inner list of component names, as `Signature-Input` holds it. */
function toInnerList(names: readonly string[], parameters: Parameters): InnerList {
  const items = names.map((value) => ({
    kind: 'item' as const,
    value: { type: 'string' as const, value },
    parameters: new Map(),
  }));
  return { kind: 'list', items, parameters };
}

function readLabel(
  input: InnerList | null,
  signature: Buffer | null,
  request: SignedRequest,
): SignatureClaim | RefusalReason {
  if (!input || !signature) return 'malformed-signature';
  const names = coveredNames(input);
  if (!names) return 'unsupported-component';
  const keyId = input.parameters.get('keyid');
  const keyUrl = keyId?.type === 'string' ? parseWebUrl(keyId.value) : null;
  if (keyId?.type !== 'string' || !keyUrl) return 'malformed-key-id';
  const times = readTimes(input.parameters);
  const algorithm = readAlgorithm(input.parameters);
  if (!times || algorithm === 'malformed') return 'malformed-signature';
  if (algorithm !== null && !KNOWN_ALGORITHMS.includes(algorithm)) return 'unsupported-algorithm';
  const lack = findLack(names, request);
  if (lack) return lack;
  const bases = signatureBases(request, input, names);
  if (!bases) return 'missing-header';
  return {
    dialect: 'rfc9421',
    keyId: keyId.value,
    keyHost: keyUrl.host,
    covers: names,
    times: { ...times, date: names.includes('date') ? fieldValue(request.headers, 'date') : null },
    signature,
    check: (key) => check(key, algorithm, bases, signature),
  };
}

function bytesOf(member: InnerList | { kind: 'item'; value: BareItem }): Buffer | null {
  return member.kind === 'item' && member.value.type === 'bytes' ? member.value.value : null;
}

function readTimes(parameters: Parameters): { created: number; expires: number | null } | null {
  const created = parameters.get('created');
  const expires = parameters.get('expires');
  if (created?.type !== 'integer' || (expires && expires.type !== 'integer')) return null;
  return { created: created.value, expires: expires ? expires.value : null };
}

function readAlgorithm(parameters: Parameters): string | null {
  const algorithm = parameters.get('alg');
  if (!algorithm) return null;
  return algorithm.type === 'string' ? algorithm.value : 'malformed';
}

function findLack(names: readonly string[], request: SignedRequest): RefusalReason | null {
  const covers = (name: string) => names.includes(name);
  if (!covers('@method')) return 'target-not-signed';
  if (!covers('@target-uri')) {
    if (!covers('@authority') && !covers('host')) return 'host-not-signed';
    const query = !request.url.includes('?') || covers('@query');
    if (!covers('@request-target') && !(covers('@path') && query)) return 'target-not-signed';
  }
  return hasSignedBody(request) && !covers('content-digest') ? 'digest-not-signed' : null;
}

function signatureBases(request: SignedRequest, input: InnerList, names: readonly string[]): string[] | null {
  const spellings: AbsentQuery[] = names.includes('@query') && !request.url.includes('?') ? ['?', ''] : ['?'];
  const bases: string[] = [];
  for (const spelling of spellings) {
    const base = signatureBase(request, input, spelling);
    if (base === null) return null;
    bases.push(base);
  }
  return bases;
}

function check(key: PublicKey, named: string | null, bases: readonly string[], signature: Buffer) {
  const algorithms = ALGORITHMS[key.algorithm].filter((a) => named === null || a === named);
  if (algorithms.length === 0) return 'key-mismatch';
  for (const base of bases) {
    const data = toSignedBytes(base);
    for (const algorithm of algorithms) if (verifyWith(algorithm, data, key, signature)) return 'ok';
  }
  return 'bad-signature';
}

function verifyWith(algorithm: string, data: Buffer, { publicKey }: PublicKey, signature: Buffer): boolean {
  switch (algorithm) {
    case 'ed25519':
      return verify(null, data, publicKey, signature);
    case 'rsa-pss-sha512':
      return verify(
        'sha512',
        data,
        { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 },
        signature,
      );
    default:
      return verify('sha256', data, { key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature);
  }
}
