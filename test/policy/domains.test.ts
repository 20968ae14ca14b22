import { describe, expect, test } from '@jest/globals';
import type { DomainRule } from '../../src/model/work.js';
import { isAllowed, isShutOut, isSuspended, type DomainPolicy } from '../../src/policy/domains.js';

const rule = (domain: string, severity: DomainRule['severity']): [string, DomainRule] => [
  domain,
  {
    _id: domain,
    domain,
    severity,
    rejectMedia: false,
    rejectReports: false,
    privateComment: null,
    publicComment: null,
    obfuscate: false,
    createdAt: '',
  },
];
const rules = new Map([
  rule('bad.example', 'suspend'),
  rule('ok.bad.example', 'noop'),
  rule('mute.example', 'silence'),
]);
const open: DomainPolicy = { rules, allows: null };
const limited: DomainPolicy = { rules, allows: new Set(['friend.example', 'bad.example', 'localhost:3001']) };

describe('with whom nothing is exchanged', () => {
  test.each([
    ['good.example', false, true],
    ['friend.example', false, false],
    ['FRIEND.example.', false, false],
    ['friend.example:8443', false, false],
    ['sub.friend.example', false, true],
    ['friend.example.evil.example', false, true],
    ['localhost:3001', false, false],
    ['localhost:3002', false, true],
    ['bad.example', true, true],
    ['a.bad.example', true, true],
    ['ok.bad.example', false, true],
    ['mute.example', false, true],
  ])('%s: in the open %s, where federation is limited %s', (host, inTheOpen, whereLimited) => {
    expect([isSuspended(open, host), isSuspended(limited, host)]).toEqual([inTheOpen, whereLimited]);
  });

  test('everybody is allowed where nothing is limited, nobody where nobody was named', () => {
    expect(isAllowed(open, 'any.example')).toBe(true);
    expect(isAllowed({ allows: new Set() }, 'any.example')).toBe(false);
  });
});

test('an account goes with the server of its handle, and with that on which it lives', () => {
  const account = (domain: string | null, host: string) => ({ domain, uri: `https://${host}/users/x` });
  expect(isShutOut(open, account('bad.example', 'good.example'))).toBe(true);
  expect(isShutOut(open, account('good.example', 'social.bad.example'))).toBe(true);
  expect(isShutOut(open, account('good.example', 'social.good.example'))).toBe(false);
  expect(isShutOut(limited, account('friend.example', 'social.example'))).toBe(true);
  expect(isShutOut(limited, account('friend.example', 'friend.example'))).toBe(false);
  expect(isShutOut(limited, account(null, 'here.example'))).toBe(false);
});
