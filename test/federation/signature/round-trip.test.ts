import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { signCavage } from '../../../federation/signature/cavage.js';
import type { Dialect } from '../../../federation/signature/claim.js';
import { toContentDigest, toDigest } from '../../../federation/signature/digest.js';
import { toHttpDate } from '../../../federation/signature/http-date.js';
import type { SignedRequest } from '../../../federation/signature/request.js';
import { signRfc9421 } from '../../../federation/signature/rfc9421.js';
import { signRequest } from '../../../federation/signature/sign.js';
import { verifyRequest } from '../../../federation/signature/verify.js';
import { fixedClock, makeSigner, NOW, resolverFor, toRequest, type Signer } from './kit.js';

const alice = 'https://peer.example/users/alice';
const rsa = makeSigner(alice);
const ed = makeSigner(alice, 'ed25519', '#ed25519-key');
const url = 'https://us.example/users/bob/inbox?a=1';
const body = Buffer.from('{"type":"Follow","content":"größer"}');

const kinds: [Dialect, 'rsa' | 'ed25519', Signer][] = [
  ['cavage', 'rsa', rsa],
  ['cavage', 'ed25519', ed],
  ['rfc9421', 'rsa', rsa],
  ['rfc9421', 'ed25519', ed],
];

async function decide(request: SignedRequest, signer: Signer = rsa): Promise<string> {
  const deps = { keys: resolverFor(signer), clock: fixedClock() };
  const result = await verifyRequest(request, deps);
  return result.outcome === 'verified' ? 'verified' : result.reason;
}

function post(dialect: Dialect, signer: Signer, target = url): SignedRequest {
  const headers = { 'Content-Type': 'application/activity+json', 'User-Agent': 'Landfall' };
  const signed = signRequest(dialect, {
    method: 'POST',
    url: target,
    headers,
    body,
    key: signer.signing,
    now: NOW,
  });
  return toRequest('POST', target, signed, body);
}

describe.each(kinds)('%s with %s', (dialect, _, signer) => {
  test('a POST verifies and tells the key and the dialect', async () => {
    const deps = { keys: resolverFor(signer), clock: fixedClock() };
    expect(await verifyRequest(post(dialect, signer), deps)).toEqual({
      outcome: 'verified',
      key: signer.published,
      dialect,
      signature: expect.any(Buffer),
      covered: expect.arrayContaining([dialect === 'cavage' ? 'digest' : 'content-digest']),
    });
    expect(deps.keys.calls).toEqual([signer.published.keyId]);
  });

  test.each([
    'https://us.example/',
    'https://us.example',
    'https://us.example/actor?page=true&x=%20',
    'https://us.example:8443/x',
    'https://us.example:443/x',
    'https://US.EXAMPLE/x#fragment',
    'http://localhost:3000/x',
  ])('a GET of %s verifies', async (target) => {
    const signed = signRequest(dialect, { method: 'get', url: target, key: signer.signing, now: NOW });
    expect(await decide(toRequest('GET', target, signed), signer)).toBe('verified');
  });

  test('sends what it signs, in lower case', () => {
    const headers = post(dialect, signer).headers;
    expect(headers).toMatchObject({
      host: 'us.example',
      date: toHttpDate(NOW),
      'content-type': 'application/activity+json',
      'user-agent': 'Landfall',
    });
  });

  const signature = (request: SignedRequest) => String(request.headers['signature']);
  const replaced = (name: string, from: string | RegExp, to: string) => (r: SignedRequest) => ({
    ...r,
    headers: { ...r.headers, [name]: String(r.headers[name]).replace(from, to) },
  });
  const otherDigests = {
    digest: toDigest(Buffer.from('x')),
    'content-digest': toContentDigest(Buffer.from('x')),
  };
  const digestName = dialect === 'cavage' ? 'digest' : 'content-digest';
  const signedListIn = dialect === 'cavage' ? 'signature' : 'signature-input';

  const tampered: [string, (request: SignedRequest) => SignedRequest, string][] = [
    ['the method', (r) => ({ ...r, method: 'PUT' }), 'bad-signature'],
    ['the path', (r) => ({ ...r, url: '/users/carol/inbox?a=1' }), 'bad-signature'],
    ['the query', (r) => ({ ...r, url: '/users/bob/inbox?a=2' }), 'bad-signature'],
    [
      'the host, to another of ours',
      (r) => ({ ...r, hosts: ['us.example', 'old.example'], headers: { ...r.headers, host: 'old.example' } }),
      'bad-signature',
    ],
    ['the host, to one that is not ours', (r) => ({ ...r, hosts: ['third.example'] }), 'wrong-host'],
    ['the body', (r) => ({ ...r, body: Buffer.concat([r.body, Buffer.from(' ')]) }), 'digest-mismatch'],
    [
      'body and digest',
      (r) => ({
        ...r,
        body: Buffer.from('x'),
        headers: { ...r.headers, [digestName]: otherDigests[digestName] },
      }),
      'bad-signature',
    ],
    ['the content type', replaced('content-type', 'activity+', 'ld+'), 'bad-signature'],
    [
      'the digest field, removed',
      (r) => ({ ...r, headers: { ...r.headers, [digestName]: undefined } }),
      'missing-header',
    ],
    ['the name of a covered field', replaced(signedListIn, 'content-type', 'user-agent'), 'bad-signature'],
    [
      'the list of covered fields, shorter',
      replaced(signedListIn, dialect === 'cavage' ? ' content-type' : ' "content-type"', ''),
      'bad-signature',
    ],
    [
      'the signature, emptied',
      replaced('signature', /[A-Za-z0-9+/]{40,}={0,2}/, ''),
      dialect === 'cavage' ? 'malformed-signature' : 'bad-signature',
    ],
    [
      'one byte of the signature',
      (r) => {
        const text = signature(r).match(/[A-Za-z0-9+/]{40,}={0,2}/)?.[0] ?? '';
        const bytes = Buffer.from(text, 'base64');
        bytes[7] = (bytes[7] ?? 0) ^ 1;
        return replaced('signature', text, bytes.toString('base64'))(r);
      },
      'bad-signature',
    ],
  ];
  test.each(tampered)('fails after a change of %s', async (_name, change, reason) => {
    expect(await decide(change(post(dialect, signer)), signer)).toBe(reason);
  });

  test('fails after a change of the time', async () => {
    const later =
      dialect === 'cavage' ? toHttpDate(new Date(NOW.getTime() + 1000)) : `${NOW.getTime() / 1000 + 1}`;
    const change =
      dialect === 'cavage'
        ? replaced('date', /.*/, later)
        : replaced('signature-input', /(?<=created=)\d+/, later);
    expect(await decide(change(post(dialect, signer)), signer)).toBe('bad-signature');
  });

  test('fails with another key of the same kind', async () => {
    const kind = signer.published.algorithm;
    const other = makeSigner(alice, kind, signer === rsa ? '#main-key' : '#ed25519-key');
    expect(await decide(post(dialect, other), signer)).toBe('bad-signature');
  });

  test('fails with a key of another kind under the same name', async () => {
    const other = { ...(signer === rsa ? ed : rsa).published, keyId: signer.published.keyId };
    const result = await decide(post(dialect, signer), { signing: signer.signing, published: other });
    expect(['bad-signature', 'key-mismatch']).toContain(result);
  });

  test('no random signature verifies', async () => {
    const request = post(dialect, signer);
    const length = signer === rsa ? 256 : 64;
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: length + 1 }), async (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        const changed = replaced('signature', /[A-Za-z0-9+/]{40,}={0,2}/, text)(request);
        expect(await decide(changed, signer)).not.toBe('verified');
      }),
    );
  });
});

describe('draft-cavage: the algorithm follows the key, the header can only narrow it', () => {
  function signAs(
    algorithm: string | null,
    make: (text: Buffer) => Buffer,
    keyId = rsa.signing.keyId,
  ): SignedRequest {
    const headers = { host: 'us.example', date: toHttpDate(NOW), digest: toDigest(body) };
    const text = `(request-target): post /inbox\nhost: us.example\ndate: ${headers.date}\ndigest: ${headers.digest}`;
    const named = algorithm === null ? '' : `algorithm="${algorithm}",`;
    const signature = `keyId="${keyId}",${named}headers="(request-target) host date digest",signature="${make(Buffer.from(text)).toString('base64')}"`;
    return toRequest('POST', 'https://us.example/inbox', { ...headers, signature }, body);
  }
  const rsaWith = (hash: string) => (text: Buffer) => sign(hash, text, rsa.signing.privateKey);
  const edSign = (text: Buffer) => sign(null, text, ed.signing.privateKey);
  const pss = (text: Buffer) =>
    sign('sha512', text, { key: rsa.signing.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING });

  test.each([
    [null, 'sha256', 'verified'],
    ['rsa-sha256', 'sha256', 'verified'],
    ['RSA-SHA256', 'sha256', 'verified'],
    ['hs2019', 'sha256', 'verified'],
    ['hs2019', 'sha512', 'verified'],
    ['rsa-sha512', 'sha512', 'verified'],
    ['rsa-sha256', 'sha512', 'bad-signature'],
    ['rsa-sha512', 'sha256', 'bad-signature'],
    [null, 'sha512', 'bad-signature'],
    ['hs2019', 'sha1', 'bad-signature'],
    ['rsa-sha1', 'sha1', 'unsupported-algorithm'],
    ['rsa-md5', 'md5', 'unsupported-algorithm'],
    ['hmac-sha256', 'sha256', 'unsupported-algorithm'],
    ['none', 'sha256', 'unsupported-algorithm'],
    ['', 'sha256', 'verified'],
    ['constructor', 'sha256', 'unsupported-algorithm'],
    ['ed25519', 'sha256', 'key-mismatch'],
  ])('RSA key, algorithm %p, made with %s: %s', async (algorithm, hash, result) => {
    expect(await decide(signAs(algorithm, rsaWith(hash)))).toBe(result);
  });

  test('RSA-PSS is none of this dialect', async () => {
    expect(await decide(signAs('hs2019', pss))).toBe('bad-signature');
  });

  test.each([
    [null, 'verified'],
    ['hs2019', 'verified'],
    ['ed25519', 'verified'],
    ['ed25519-sha512', 'verified'],
    ['rsa-sha256', 'key-mismatch'],
  ])('Ed25519 key, algorithm %p: %s', async (algorithm, result) => {
    expect(await decide(signAs(algorithm, edSign, ed.signing.keyId), ed)).toBe(result);
  });
});

describe('RFC 9421: algorithms', () => {
  function signAs(alg: string | null, make: (text: Buffer) => Buffer): SignedRequest {
    const created = NOW.getTime() / 1000;
    const parameters = `("@method" "@target-uri");created=${created};keyid="${alice}#main-key"${alg === null ? '' : `;alg="${alg}"`}`;
    const base = `"@method": GET\n"@target-uri": https://us.example/x\n"@signature-params": ${parameters}`;
    const signature = `s=:${make(Buffer.from(base)).toString('base64')}:`;
    return toRequest('GET', 'https://us.example/x', {
      host: 'us.example',
      'signature-input': `s=${parameters}`,
      signature,
    });
  }
  const v15 = (text: Buffer) => sign('sha256', text, rsa.signing.privateKey);
  const pss = (text: Buffer) =>
    sign('sha512', text, {
      key: rsa.signing.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 64,
    });

  test.each([
    ['rsa-v1_5-sha256', v15, 'verified'],
    [null, v15, 'verified'],
    ['rsa-pss-sha512', pss, 'verified'],
    [null, pss, 'verified'],
    ['rsa-v1_5-sha256', pss, 'bad-signature'],
    ['rsa-pss-sha512', v15, 'bad-signature'],
    ['ed25519', v15, 'key-mismatch'],
    ['hmac-sha256', v15, 'unsupported-algorithm'],
    ['ecdsa-p256-sha256', v15, 'unsupported-algorithm'],
    ['none', v15, 'unsupported-algorithm'],
    ['constructor', v15, 'unsupported-algorithm'],
  ])('alg %p: %#', async (alg, make, result) => {
    expect(await decide(signAs(alg, make))).toBe(result);
  });
});

describe('against npm http-signature', () => {
  interface Counterpart {
    sign(request: object, options: object): boolean;
    parseRequest(request: object, options?: object): object;
    verifySignature(parsed: object, pem: string): boolean;
  }
  const counterpart = createRequire(import.meta.url)('http-signature') as Counterpart;
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signer: Signer = {
    signing: { ...rsa.signing, privateKey: key.privateKey },
    published: { ...rsa.published, publicKey: key.publicKey },
  };

  test('what it signs we verify', async () => {
    const sent: Record<string, string> = {
      host: 'us.example',
      date: toHttpDate(NOW),
      digest: toDigest(body),
    };
    const outgoing = {
      method: 'POST',
      path: '/inbox',
      getHeader: (name: string) => sent[name.toLowerCase()],
      setHeader: (name: string, value: string) => void (sent[name.toLowerCase()] = value),
    };
    counterpart.sign(outgoing, {
      key: key.privateKey.export({ type: 'pkcs1', format: 'pem' }),
      keyId: signer.signing.keyId,
      headers: ['(request-target)', 'host', 'date', 'digest'],
    });
    // It uses the Authorization header.
    expect(sent['authorization']).toMatch(/^Signature /);
    expect(await decide(toRequest('POST', 'https://us.example/inbox', sent, body), signer)).toBe('verified');
    const { authorization = '', ...rest } = sent;
    const moved = { ...rest, signature: authorization.slice('Signature '.length) };
    expect(await decide(toRequest('POST', 'https://us.example/inbox', moved, body), signer)).toBe('verified');
  });

  test('what we sign it verifies', () => {
    // It looks at the wall clock and knows no other.
    const now = new Date();
    const headers = signCavage({ method: 'POST', url, body, key: signer.signing, now });
    const incoming = { method: 'POST', url: '/users/bob/inbox?a=1', headers };
    const pem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(counterpart.verifySignature(counterpart.parseRequest(incoming), pem)).toBe(true);
    const forged = { ...incoming, url: '/users/carol/inbox' };
    expect(counterpart.verifySignature(counterpart.parseRequest(forged), pem)).toBe(false);
  });
});

describe('signing', () => {
  test('refuses to sign a line break', () => {
    const input = {
      method: 'POST',
      url,
      body,
      key: rsa.signing,
      now: NOW,
      headers: { 'content-type': 'a\nhost: b' },
    };
    expect(() => signCavage(input)).toThrow(TypeError);
    expect(() => signRfc9421(input)).toThrow(TypeError);
  });

  test('writes the fields of RFC 9421 in the form of the RFC', () => {
    const headers = signRfc9421({ method: 'post', url, body, key: ed.signing, now: NOW });
    expect(headers['signature-input']).toBe(
      `sig1=("@method" "@target-uri" "content-digest");created=${NOW.getTime() / 1000};keyid="${alice}#ed25519-key";alg="ed25519"`,
    );
    expect(headers['signature']).toMatch(/^sig1=:[A-Za-z0-9+/]{86}==:$/);
  });

  test('writes what Mastodon expects of draft-cavage', () => {
    const headers = signCavage({ method: 'POST', url, body, key: rsa.signing, now: NOW });
    expect(headers['signature']).toMatch(
      /^keyId="https:\/\/peer\.example\/users\/alice#main-key",algorithm="rsa-sha256",headers="\(request-target\) host date digest",signature="[A-Za-z0-9+/]{342}=="$/,
    );
  });
});
