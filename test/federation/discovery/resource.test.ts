import { describe, expect, test } from '@jest/globals';
import {
  canonicalDomain,
  isSameHandle,
  parseHandle,
  parseResource,
  toAcct,
} from '../../../federation/discovery/resource.js';
import { cpuTime } from '../../support/cpu.js';

const alice = { kind: 'acct', username: 'alice', domain: 'a.example' };

describe('parseResource', () => {
  test.each([
    ['acct:alice@a.example', alice],
    ['ACCT:alice@A.EXAMPLE', alice],
    ['alice@a.example', alice],
    ['@alice@a.example', alice],
    [' @alice@a.example ', alice],
    ['acct:@alice@a.example', alice],
    ['alice@a.example:443', alice],
    ['Alice@a.example', { ...alice, username: 'Alice' }],
    ['alice@localhost:3000', { ...alice, domain: 'localhost:3000' }],
    ['alice@127.0.0.1:3000', { ...alice, domain: '127.0.0.1:3000' }],
    ['alice@bücher.example', { ...alice, domain: 'xn--bcher-kva.example' }],
    ['https://a.example/@alice', { kind: 'url', url: 'https://a.example/@alice' }],
    ['HTTP://localhost:3000/users/alice', { kind: 'url', url: 'HTTP://localhost:3000/users/alice' }],
  ])('%j', (text, expected) => {
    expect(parseResource(text)).toEqual(expected);
  });

  test.each([
    '',
    'alice',
    '@alice',
    'acct:alice',
    'alice@',
    '@@a.example',
    'alice@b@c.example',
    'alice@a.example/x',
    'alice@a.example?x',
    'alice@a.example.',
    'alice@[::1]',
    'alice@a b.example',
    'alice@a.example:99999',
    'alice@%61.example',
    'a/../b@a.example',
    '<b>@a.example',
    'a\u202eb@a.example',
    'a\nb@a.example',
    'mailto:alice@a.example',
    'https://user@a.example/',
    'https://[::',
    'ftp://a.example/',
    `${'x'.repeat(10_000)}@a.example`,
    `alice@${'x.'.repeat(200)}example`,
  ])('WF_SERVE, WF_HANDLE: %j is malformed', (text) => {
    expect(parseResource(text)).toBeNull();
  });

  test('handles are compared without case, and written as acct', () => {
    const [a, b] = [parseHandle('Alice@A.example'), parseHandle('@alice@a.example')];
    if (!a || !b) throw new Error('two handles');
    expect(isSameHandle(a, b)).toBe(true);
    expect(isSameHandle(a, { ...b, domain: 'b.example' })).toBe(false);
    expect(toAcct(a)).toBe('acct:Alice@a.example');
    expect(canonicalDomain('A.example:443')).toBe('a.example');
  });

  test('REDOS: long nonsense is cheap', () => {
    const spent = cpuTime();
    for (const text of [`@${'a.'.repeat(50_000)}`, `${'a-'.repeat(50_000)}!`, `a@${'a-'.repeat(50_000)}!`]) {
      expect(parseResource(text)).toBeNull();
    }
    expect(spent()).toBeLessThan(2000);
  });
});
