import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createFollowersDigest, followersDigest } from '../../../federation/followers/digest.js';
import { formatSummary, readSummary } from '../../../federation/followers/header.js';
import { signRequest } from '../../../federation/signature/sign.js';
import { readSignedRequest } from '../../../federation/signature/verify.js';

/** The example of FEP-8fcf. */
const [one, two] = ['https://testing.example.org/users/1', 'https://testing.example.org/users/2'];
const both = 'c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f';
const summary = {
  collectionId: 'https://example.org/users/1/followers',
  url: 'https://example.org/users/1/followers_synchronization',
  digest: both,
};
const name = 'collection-synchronization';

describe('digest', () => {
  test('the example of the FEP', () => {
    expect(followersDigest([one])).toBe('3a06e99569547f444c352ab7f52e4bab207abec5ca6f07b0045cfdc9723f8fa9');
    expect(followersDigest([two])).toBe('f939a1585d4a8f02ee339210dbe7315d7003476663d6095f7d996fc4bc7a49b6');
    expect(followersDigest([one, two])).toBe(both);
    expect(followersDigest([two, one, two])).toBe(both);
  });

  test('of nobody', () => expect(followersDigest([])).toBe('0'.repeat(64)));

  test('step by step', () => {
    const digest = createFollowersDigest();
    digest.add(one);
    digest.add(two);
    expect(digest.hex()).toBe(both);
  });
});

describe('header', () => {
  const read = (value: string, covered = [name]) => readSummary({ [name]: value }, covered);

  test('the example of the FEP, and our own', () => {
    const example =
      'collectionId="https://example.org/users/1/followers", ' +
      'url="https://example.org/users/1/followers_synchronization", ' +
      `digest="${both}"`;
    expect(read(example)).toEqual(summary);
    expect(read(formatSummary(summary))).toEqual(summary);
    expect(read(formatSummary({ ...summary, digest: both.toUpperCase() }))).toEqual(summary);
  });

  test('unsigned, it says nothing', () => {
    expect(read(formatSummary(summary), ['date', 'digest'])).toBeNull();
    expect(readSummary({}, [name])).toBeNull();
  });

  test.each([
    '',
    'x',
    'collectionId="https://example.org/f"',
    formatSummary({ ...summary, digest: '00' }),
    formatSummary({ ...summary, digest: `${both}00` }),
    formatSummary({ ...summary, url: 'file:///etc/passwd' }),
    formatSummary({ ...summary, url: 'https://a@example.org/' }),
    formatSummary({ ...summary, collectionId: '' }),
    `${formatSummary(summary)}, ${formatSummary(summary)}`,
    `${formatSummary(summary)},`,
    formatSummary({ ...summary, collectionId: `https://example.org/${'x'.repeat(7000)}` }),
  ])('malformed: %s', (value) => expect(read(value)).toBeNull());

  test('twice in one request is malformed', () => {
    const value = formatSummary(summary);
    expect(readSummary({ [name]: [value, value] }, [name])).toBeNull();
  });

  test.each(['cavage', 'rfc9421'] as const)('it is signed with %s', (dialect) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const body = Buffer.from('{}');
    const headers = signRequest(dialect, {
      method: 'POST',
      url: 'https://peer.example/inbox',
      headers: { [name]: formatSummary(summary) },
      body,
      key: { keyId: 'https://us.example/users/bob#main-key', algorithm: 'rsa-sha256', privateKey },
      now: new Date(),
    });
    const claims = readSignedRequest({
      method: 'POST',
      url: '/inbox',
      hosts: ['peer.example'],
      headers,
      body,
    });
    if ('outcome' in claims) throw new Error(claims.reason);
    expect(readSummary(headers, claims[0]?.covers ?? [])).toEqual(summary);
  });
});
