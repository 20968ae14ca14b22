import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parseCavageHeader } from '../../../federation/signature/cavage-header.js';
import { signingString } from '../../../federation/signature/cavage.js';
import { parsePublicKey } from '../../../federation/signature/keys.js';
import { signatureBase } from '../../../federation/signature/rfc9421-base.js';
import { parseDictionary } from '../../../federation/signature/structured-fields.js';
import {
  checkBodyAndDates,
  readSignedRequest,
  verifyWithKeys,
} from '../../../federation/signature/verify.js';
import { HOUR, resolverOf, toRequest } from './kit.js';

interface Vector {
  id: string;
  scheme: string;
  method: string;
  url: string;
  headers: Record<string, string | string[]>;
  body: string | null;
  publicKeyPem?: string;
  jwk?: object;
  now: string;
  valid: boolean | null;
  keyId?: string;
  keyFetch?: string;
  signatureBase?: string;
  emptyQuery?: string;
  label?: string;
}

const here = dirname(fileURLToPath(import.meta.url));
const own = join(here, '../../fixtures/signatures');
/** The larger corpus, which is not part of the project; its vectors run where it lies next to the project. */
const shared = join(here, '../../../../shared/corpus/signatures');

function load(folder: string): Vector[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((f) => f.endsWith('.json') && f !== 'index.json');
  return files.map((f) => JSON.parse(readFileSync(join(folder, f), 'utf8')) as Vector);
}

/** HTTP requests only: one vector is a signed response, others sign documents. */
const isHttp = (v: Vector) =>
  ['rfc9421', 'draft-cavage-http-signatures', 'none'].includes(v.scheme) &&
  v.method !== undefined &&
  v.method !== null;
const all = [...new Map([...load(shared), ...load(own)].filter(isHttp).map((v) => [v.id, v])).values()];

/** All steps but the domain policy: many vectors are signed from the very host they address. */
async function decide(vector: Vector): Promise<string> {
  const body = Buffer.from(vector.body ?? '');
  const request = toRequest(vector.method, vector.url, vector.headers, body);
  const now = new Date(vector.now);
  const claims = readSignedRequest(request);
  if ('outcome' in claims) return claims.reason;
  const timely = checkBodyAndDates(request, claims, now);
  if ('outcome' in timely) return timely.reason;
  const parsed = parsePublicKey(vector.publicKeyPem ?? JSON.stringify(vector.jwk));
  const keyId = vector.keyId ?? '';
  const key = parsed && {
    ...parsed,
    keyId,
    owner: keyId.split('#')[0] ?? '',
    fetchedAt: new Date(now.getTime() - HOUR),
  };
  const keys = resolverOf({ [keyId]: vector.keyFetch ? 'gone' : (key ?? 'refused') });
  const result = await verifyWithKeys(timely, { keys, clock: { now: () => now } });
  return result.outcome === 'verified' ? 'verified' : result.reason;
}
/**
 * What our policy makes of the vectors that its source's verdict alone does not decide: stricter, or another reason than
 * a bad signature. All others: `valid` must verify, and invalid ones must be refused as `bad-signature`.
 */
const POLICY: Record<string, string> = {
  // Key ids that are no http(s) URL cannot be fetched; acct: is refused on purpose (needs WebFinger for each request).
  'cavage-appendix-all-headers': 'malformed-key-id',
  'cavage-appendix-default-date-only': 'malformed-key-id',
  'cavage12-appendix-c1-default': 'malformed-key-id',
  'cavage12-appendix-c2-basic': 'malformed-key-id',
  'cavage12-appendix-c3-all-headers': 'malformed-key-id',
  'mastodon-cavage-with-an-acct-key-id': 'malformed-key-id',
  'misskey-lib-rfc9421-ed25519-second-label': 'malformed-key-id',
  'misskey-lib-rfc9421-rsa4096': 'malformed-key-id',
  'rfc9421-b-2-1': 'malformed-key-id',
  'rfc9421-b-2-2': 'unsupported-component',
  'rfc9421-b-2-3': 'malformed-key-id',
  'rfc9421-b-2-5': 'malformed-key-id',
  'rfc9421-b-2-6': 'malformed-key-id',
  'rfc9421-b-3-ttrp': 'malformed-key-id',
  'rfc9421-b-4-transform-1': 'malformed-key-id',
  'rfc9421-b-4-transform-2': 'malformed-key-id',
  'rfc9421-b-4-transform-3': 'malformed-key-id',
  'rfc9421-b-4-transform-4': 'malformed-key-id',
  'rfc9421-b-4-transform-5': 'malformed-key-id',
  'rfc9421-b-4-transform-6': 'malformed-key-id',
  // Open in the corpus (null): twelve hours old is still good; a missing algorithm means what the key makes.
  'fedify-cavage-clock-skew-future': 'verified',
  'takahe-cavage-no-algorithm': 'verified',
  'fedify-cavage-clock-skew-past': 'in-future',
  'fedify-cavage-empty-body': 'digest-mismatch',
  'fedify-cavage-invalid-digest': 'digest-malformed',
  'fedify-cavage-malformed-signature': 'malformed-signature',
  'mastodon-cavage-when-the-digest-of-a-post-request-is-not-signed': 'digest-not-signed',
  'mastodon-cavage-with-a-mismatching-method': 'digest-not-signed',
  'mastodon-cavage-with-a-request-older-than-a-day': 'too-old',
  'mastodon-cavage-with-a-tampered-body-on-a-post-request': 'digest-mismatch',
  'mastodon-cavage-with-an-inaccessible-key': 'key-gone',
  'mastodon-cavage-with-an-unparsable-date': 'date-malformed',
  'mastodon-none-unsigned-when-a-signature-is-required': 'unsigned',
  'mastodon-none-unsigned-without-a-signature-header': 'unsigned',
  'mastodon-rfc9421-when-the-digest-of-a-post-request-is-not-signed': 'digest-not-signed',
  'mastodon-rfc9421-with-a-malformed-content-digest-header': 'content-digest-malformed',
  'mastodon-rfc9421-with-a-mismatching-method': 'digest-not-signed',
  'mastodon-rfc9421-with-a-request-older-than-a-day': 'too-old',
  'mastodon-rfc9421-with-a-tampered-body-on-a-post-request': 'digest-mismatch',
  'mastodon-rfc9421-with-an-inaccessible-key': 'key-gone',
  'peertube-captured-mastodon-2-5-date-old': 'too-old',
  'peertube-captured-mastodon-2-5-reserialised-body': 'digest-mismatch',
  'peertube-captured-mastodon-2-5-tampered-body': 'digest-mismatch',
};

describe('vectors of other implementations and of the specifications', () => {
  test('there are vectors of both dialects', () => {
    for (const scheme of ['rfc9421', 'draft-cavage-http-signatures'])
      expect(all.filter((v) => v.scheme === scheme).length).toBeGreaterThan(5);
  });

  test.each(all.map((v) => [v.id, v] as const))('%s', async (id, vector) => {
    expect(await decide(vector)).toBe(POLICY[id] ?? (vector.valid ? 'verified' : 'bad-signature'));
  });
});

describe('the signed text equals that of the vector', () => {
  // Texts of refused requests count as well: policy refuses them, but they must be built alike. Left out are parameters
  // of components (B.2.2) and vectors that were altered after their text was written down.
  const withText = all.filter(
    (v) => v.signatureBase !== undefined && v.valid !== false && POLICY[v.id] !== 'unsupported-component',
  );
  const rfc = withText.filter((v) => v.scheme === 'rfc9421');
  const cavage = withText.filter((v) => v.scheme !== 'rfc9421');

  test.each(rfc.map((v) => [v.id, v] as const))('%s', (_, vector) => {
    const request = toRequest(vector.method, vector.url, vector.headers);
    const inputs = [...(parseDictionary(String(request.headers['signature-input'])) ?? [])];
    const [, input] = inputs.find(([label]) => label === (vector.label ?? label)) ?? [];
    if (input?.kind !== 'list') throw new Error('the vector has no Signature-Input');
    expect(signatureBase(request, input, vector.emptyQuery === '' ? '' : '?')).toBe(vector.signatureBase);
  });

  test.each(cavage.map((v) => [v.id, v] as const))('%s', (_, vector) => {
    const request = toRequest(vector.method, vector.url, vector.headers);
    const field = String(request.headers['signature'] ?? request.headers['authorization']).replace(
      /^Signature /,
      '',
    );
    const parameters = parseCavageHeader(field);
    if (!parameters) throw new Error('the vector has no readable signature');
    expect(signingString(parameters, request, request.url)).toBe(vector.signatureBase);
  });
});
