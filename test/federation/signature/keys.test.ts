import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseBase58, toBase58 } from '../../../federation/signature/base58.js';
import {
  createKeyParser,
  parseJwk,
  parseMultikey,
  parsePem,
  parsePublicKey,
  toMultikey,
  toPublicKeyPem,
} from '../../../federation/signature/keys.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject, type: 'spki' | 'pkcs1' = 'spki') =>
  key.export({ type, format: 'pem' }).toString();
const spki = pem(rsa.publicKey);
/** The example of FEP-521a and of W3C Controlled Identifiers. */
const KNOWN_MULTIKEY = 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';

describe('PEM', () => {
  test.each([
    ['SPKI RSA', spki],
    ['PKCS#1 RSA', pem(rsa.publicKey, 'pkcs1')],
    ['CRLF', spki.replaceAll('\n', '\r\n')],
    ['no final newline', spki.trim()],
    ['one long line', spki.replace(/(.)\n(?!-)/g, '$1')],
    ['blank around', `\n\n ${spki} \n`],
  ])('%s', (_, text) => {
    const parsed = parsePem(text);
    expect(parsed?.algorithm).toBe('rsa');
    expect(parsed?.publicKey.equals(rsa.publicKey)).toBe(true);
  });

  test('Ed25519', () => {
    const parsed = parsePem(pem(ed.publicKey));
    expect(parsed?.algorithm).toBe('ed25519');
    expect(parsed?.publicKey.equals(ed.publicKey)).toBe(true);
  });

  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  test.each([
    ['empty', ''],
    ['a private key', privatePem],
    ['a private key in PKCS#1', rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['a private key in public armour', privatePem.replaceAll('PRIVATE', 'PUBLIC')],
    ['RSA of 1024 bits', pem(weak)],
    ['an EC key', pem(ec.publicKey)],
    ['text before', `x${spki}`],
    ['text behind', `${spki}x`],
    ['two keys', spki + spki],
    ['a certificate label', spki.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['mixed labels', spki.replace('BEGIN PUBLIC', 'BEGIN RSA PUBLIC')],
    ['NUL inside', spki.replace('MIIB', 'MI\0IB')],
    ['cut short', `${spki.slice(0, 200)}\n-----END PUBLIC KEY-----`],
    ['armour only', '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----'],
    ['half an armour', '-----BEGIN PUBLIC KEY-----'],
    ['a megabyte', `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(1_000_000)}\n-----END PUBLIC KEY-----`],
  ])('refuses %s', (_, text) => {
    expect(parsePublicKey(text)).toBeNull();
    expect(parsePem(text)).toBeNull();
  });
});

describe('JWK', () => {
  const jwk = rsa.publicKey.export({ format: 'jwk' });
  test('RSA and Ed25519, as value and as text', () => {
    expect(parseJwk(jwk)?.publicKey.equals(rsa.publicKey)).toBe(true);
    expect(parseJwk(ed.publicKey.export({ format: 'jwk' }))?.publicKey.equals(ed.publicKey)).toBe(true);
    expect(parsePublicKey(JSON.stringify(jwk))?.publicKey.equals(rsa.publicKey)).toBe(true);
  });

  const modulus = (bytes: number) => Buffer.alloc(bytes, 0xff).toString('base64url');
  test.each([
    ['null', null],
    ['a list', [jwk]],
    ['a string', 'x'],
    ['a private part', rsa.privateKey.export({ format: 'jwk' })],
    ['a shared secret', { kty: 'oct', k: 'AAAA' }],
    ['an EC key', ec.publicKey.export({ format: 'jwk' })],
    ['X25519', generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })],
    ['Ed25519 of 31 bytes', { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(31).toString('base64url') }],
    ['exponent 1', { ...jwk, e: 'AQ' }],
    ['exponent 2', { ...jwk, e: 'Ag' }],
    ['an even exponent', { ...jwk, e: 'BA' }],
    ['a huge exponent', { ...jwk, e: modulus(64) }],
    ['8200 bits', { ...jwk, n: modulus(1025) }],
    ['64 Kbit', { ...jwk, n: modulus(8192) }],
    ['numbers for text', { kty: 'RSA', n: 1, e: 2 }],
  ])('refuses %s', (_, value) => {
    expect(parseJwk(value)).toBeNull();
  });

  test('8192 bits is the most', () => {
    expect(parseJwk({ ...jwk, n: modulus(1024) })?.publicKey.asymmetricKeyDetails?.modulusLength).toBe(8192);
  });
});

describe('Multikey', () => {
  test('there and back', () => {
    expect(toMultikey(ed.publicKey)).toMatch(/^z6Mk/);
    expect(parseMultikey(toMultikey(ed.publicKey))?.publicKey.equals(ed.publicKey)).toBe(true);
    const known = parsePublicKey(KNOWN_MULTIKEY);
    expect(known && toMultikey(known.publicKey)).toBe(KNOWN_MULTIKEY);
  });

  test.each([
    ['', 'z', 'z6Mk', KNOWN_MULTIKEY.slice(1), `${KNOWN_MULTIKEY}1`, KNOWN_MULTIKEY.replace('h', '0')],
    [`z${'1'.repeat(5000)}`, `z${toBase58(Buffer.from([0x80, 0x24, ...Buffer.alloc(33, 2)]))}`],
  ])('refuses damaged or foreign ones', (...texts) => {
    for (const text of texts) expect(parsePublicKey(text)).toBeNull();
  });

  test('is not made of an RSA key', () => {
    expect(() => toMultikey(rsa.publicKey)).toThrow(TypeError);
  });

  test('base58 is its own inverse, zeros in front included', () => {
    expect(toBase58(Buffer.from('Hello World!'))).toBe('2NEpo7TZRRrLZSi2U');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(parseBase58(toBase58(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
    expect(parseBase58('0')).toBeNull();
    expect(parseBase58('l')).toBeNull();
  });
});

describe('text to key and back', () => {
  test('PEM out is PEM in', () => {
    expect(createPublicKey(toPublicKeyPem(rsa.publicKey)).equals(rsa.publicKey)).toBe(true);
    expect(parsePem(toPublicKeyPem(ed.publicKey))?.publicKey.equals(ed.publicKey)).toBe(true);
  });

  test('no text makes it throw', () => {
    const text = fc.oneof(
      fc.string(),
      fc.base64String().map((b) => `-----BEGIN PUBLIC KEY-----\n${b}\n-----END PUBLIC KEY-----`),
      fc.json(),
      fc.string().map((s) => `z${s}`),
    );
    fc.assert(
      fc.property(text, (t) => void parsePublicKey(t)),
      { numRuns: 500 },
    );
  });
});

describe('the remembering parser', () => {
  const texts = Array.from({ length: 3 }, () => pem(generateKeyPairSync('ed25519').publicKey));

  test('parses a text once', () => {
    const parse = createKeyParser();
    expect(parse(spki)).not.toBeNull();
    expect(parse(spki)).toBe(parse(spki));
  });

  test('keeps no more than it may, the oldest goes first', () => {
    const parse = createKeyParser({ max: 2 });
    const [first, second, third] = texts.map((t) => parse(t));
    expect(parse(texts[2]!)).toBe(third);
    expect(parse(texts[1]!)).toBe(second);
    expect(parse(texts[0]!)).not.toBe(first);
  });

  test('garbage drives nothing out', () => {
    const parse = createKeyParser({ max: 2 });
    const kept = parse(texts[0]!);
    for (let i = 0; i < 10; i++) expect(parse(`garbage ${i}`)).toBeNull();
    expect(parse(texts[0]!)).toBe(kept);
  });

  test('two parsers share nothing', () => {
    expect(createKeyParser()(spki)).not.toBe(createKeyParser()(spki));
  });
});
