import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  checkContentDigest,
  checkDigest,
  toContentDigest,
  toDigest,
} from '../../../federation/signature/digest.js';

const body = Buffer.from('{"type":"Create"}');
const b64 = (algorithm: string, bytes: Uint8Array = body) =>
  createHash(algorithm).update(bytes).digest('base64');
const sha256 = b64('sha256');
const sha512 = b64('sha512');
const other = b64('sha256', Buffer.from('another'));

describe('Digest', () => {
  test.each([
    ['own', toDigest(body), 'match'],
    ['lower case name', `sha-256=${sha256}`, 'match'],
    ['mixed case name', `Sha-256=${sha256}`, 'match'],
    ['SHA-512 alone', `SHA-512=${sha512}`, 'match'],
    ['both strong ones, spaces', `SHA-512=${sha512} , SHA-256=${sha256}`, 'match'],
    ['a weak one beside a strong one', `MD5=AAAA,SHA-256=${sha256}`, 'match'],
    ['an unknown one beside a strong one', `unixsum=30637,SHA-256=${sha256}`, 'match'],
    ['another body', `SHA-256=${other}`, 'mismatch'],
    ['good SHA-256, bad SHA-512', `SHA-256=${sha256},SHA-512=${b64('sha512', Buffer.from('x'))}`, 'mismatch'],
    ['bad then good', `SHA-256=${other},SHA-256=${sha256}`, 'malformed'],
    ['good then good', `SHA-256=${sha256},sha-256=${sha256}`, 'malformed'],
    ['only MD5', `MD5=${b64('md5')}`, 'weak'],
    ['only SHA-1', `SHA=${b64('sha1')}`, 'weak'],
    ['a name from the prototype', `constructor=${sha256}`, 'weak'],
    ['31 bytes', `SHA-256=${Buffer.alloc(31).toString('base64')}`, 'malformed'],
    ['no base64', 'SHA-256=not base64', 'malformed'],
    ['base64url', `SHA-256=${Buffer.alloc(32, 0xff).toString('base64url')}`, 'malformed'],
    ['without padding', `SHA-256=${sha256.replace('=', '')}`, 'malformed'],
    ['empty value', 'SHA-256=', 'malformed'],
    ['empty', '', 'malformed'],
    ['no equals sign', 'SHA-256', 'malformed'],
    ['huge', `SHA-256=${'A'.repeat(5000)}`, 'malformed'],
  ])('%s', (_, field, verdict) => {
    expect(checkDigest(field, body)).toBe(verdict);
  });
});

describe('Content-Digest (RFC 9530)', () => {
  test.each([
    ['own', toContentDigest(body), 'match'],
    ['sha-512', `sha-512=:${sha512}:`, 'match'],
    ['both', `sha-256=:${sha256}:, sha-512=:${sha512}:`, 'match'],
    ['unknown beside it', `id-sha-256=:AAAA:, sha-256=:${sha256}:`, 'match'],
    ['one of two is wrong', `sha-256=:${sha256}:, sha-512=:${b64('sha512', Buffer.from('x'))}:`, 'mismatch'],
    ['another body', `sha-256=:${other}:`, 'mismatch'],
    ['upper case key', `SHA-256=:${sha256}:`, 'malformed'],
    ['old form', `sha-256=${sha256}`, 'malformed'],
    ['a string', `sha-256="${sha256}"`, 'malformed'],
    ['twice', `sha-256=:${other}:, sha-256=:${sha256}:`, 'malformed'],
    ['short', `sha-256=:AAAA:`, 'malformed'],
    ['trailing comma', `sha-256=:${sha256}:,`, 'malformed'],
    ['only md5', 'md5=:AAAA:', 'weak'],
    ['empty', '', 'weak'],
  ])('%s', (_, field, verdict) => {
    expect(checkContentDigest(field, body)).toBe(verdict);
  });
});

describe('for any body', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  test('its own digests match, and after any change they do not', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, two) => {
        const same = Buffer.from(one).equals(Buffer.from(two));
        expect(checkDigest(toDigest(one), two)).toBe(same ? 'match' : 'mismatch');
        expect(checkContentDigest(toContentDigest(one), two)).toBe(same ? 'match' : 'mismatch');
        expect(checkDigest(toDigest(one), one)).toBe('match');
        expect(checkContentDigest(toContentDigest(one), one)).toBe('match');
      }),
    );
  });

  test('no made-up field matches, and none throws', () => {
    const pieces = fc.constantFrom(
      'SHA-256',
      'sha-256',
      'sha-512',
      '=',
      ':',
      ',',
      ' ',
      ';',
      other,
      '"',
      'MD5',
      '?1',
    );
    const field = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 12 }).map((p) => p.join('')),
    );
    fc.assert(
      fc.property(field, (text) => {
        expect(checkDigest(text, body)).not.toBe('match');
        expect(checkContentDigest(text, body)).not.toBe('match');
      }),
      { numRuns: 500 },
    );
  });
});
