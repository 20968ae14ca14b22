import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCavageHeader } from '../../../federation/signature/cavage-header.js';

const minimal = 'keyId="https://a.example/u#k",signature="AQID"';

describe('the Signature field of draft-cavage', () => {
  test('all parameters, in any order, spaces after commas', () => {
    expect(
      parseCavageHeader(
        'signature="AQID", headers="(request-target) Host DATE",\tkeyId="https://a.example/u#k",algorithm="RSA-SHA256",created=1402170695,expires="1402170699.5",foo="bar"',
      ),
    ).toEqual({
      keyId: 'https://a.example/u#k',
      algorithm: 'rsa-sha256',
      headers: ['(request-target)', 'host', 'date'],
      createdText: '1402170695',
      expiresText: '1402170699.5',
      signature: Buffer.from([1, 2, 3]),
    });
  });

  test('without a list the Date alone is signed', () => {
    expect(parseCavageHeader(minimal)).toMatchObject({
      headers: ['date'],
      algorithm: null,
      createdText: null,
    });
  });

  test.each([
    '',
    'keyId=',
    'keyId="a',
    'keyId="a"',
    'signature="AQID"',
    'keyId="",signature="AQID"',
    'keyId="a",signature=""',
    'keyId="a",signature="***"',
    'keyId="a",signature="AQI"',
    'keyId="a",keyId="b",signature="AQID"',
    `${minimal},signature="AQID"`,
    `${minimal},`,
    `,${minimal}`,
    `${minimal} foo="bar"`,
    `${minimal},headers=""`,
    `${minimal},headers="date  host"`,
    `${minimal},headers="${'a '.repeat(70)}b"`,
    `${minimal},created="abc"`,
    `${minimal},created=12.5`,
    `${minimal},created=-1`,
    `${minimal},created=1e9`,
    `${minimal},expires=`,
    `${minimal},x="a\\"b"`,
    `${minimal},x="a\\b"`,
    `${minimal},x-y="a"`,
    `${minimal},__proto__="a"`,
    `${minimal},foo=bar`,
    `Signature ${minimal}`,
    'a'.repeat(60_000),
    ','.repeat(10_000),
    'keyId="'.repeat(1000),
    Array.from({ length: 30 }, (_, i) => `${'abcdefghijklmnopqrstuvwxyzABCDEFG'[i]}="1"`).join(','),
  ])('refuses %#', (field) => {
    expect(parseCavageHeader(field)).toBeNull();
  });

  test('a name from the prototype is only an unknown parameter', () => {
    expect(parseCavageHeader(`${minimal},constructor="a",toString="b"`)).toMatchObject({ algorithm: null });
  });

  test('never throws, and what it reads is there', () => {
    const pieces = fc.constantFrom(
      'keyId',
      'signature',
      'headers',
      'created',
      '=',
      '"',
      ',',
      ' ',
      '\\',
      'AQID',
      '12',
      '(',
      minimal,
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 25 }).map((p) => p.join('')),
    );
    fc.assert(
      fc.property(text, (field) => {
        const read = parseCavageHeader(field);
        if (read) expect(field).toContain(`keyId="${read.keyId}"`);
      }),
      { numRuns: 1000 },
    );
  });
});
