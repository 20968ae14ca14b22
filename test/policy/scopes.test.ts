import { describe, expect, test } from '@jest/globals';
import {
  grantableScopes,
  hasAllScopes,
  hasAnyScope,
  impliesScope,
  isKnownScope,
  knownScopes,
  parseScopes,
} from '../../src/policy/scopes.js';

describe('implication', () => {
  test.each([
    ['read', 'read', true],
    ['read', 'read:statuses', true],
    ['read:statuses', 'read', false],
    ['read:statuses', 'read:accounts', false],
    ['read', 'write', false],
    ['read', 'readx', false],
    ['read', 'admin:read', false],
    ['admin:read', 'admin:read:accounts', true],
    ['admin:read:accounts', 'admin:read', false],
    ['admin:read', 'admin:write:accounts', false],
    ['follow', 'write:follows', true],
    ['follow', 'read:mutes', true],
    ['follow', 'write:statuses', false],
    ['follow', 'write', false],
    ['read', 'profile', false],
    ['profile', 'read:accounts', false],
    ['write', 'write:statuses:backdate', false],
    ['write:statuses', 'write:statuses:backdate', false],
    ['write:statuses:backdate', 'write:statuses:backdate', true],
    ['write:statuses:backdate', 'write:statuses', false],
  ])('%s includes %s: %s', (granted, wanted, expected) => {
    expect(impliesScope(granted, wanted)).toBe(expected);
  });

  test('any of, all of', () => {
    expect(hasAnyScope(['write:statuses'], ['write', 'write:statuses'])).toBe(true);
    expect(hasAnyScope(['push'], ['write', 'write:statuses'])).toBe(false);
    expect(hasAnyScope([], [])).toBe(true);
    expect(hasAllScopes(['read', 'push'], ['read:lists', 'push'])).toBe(true);
    expect(hasAllScopes(['read'], ['read:lists', 'push'])).toBe(false);
  });
});

test('names', () => {
  for (const scope of [
    'read',
    'write',
    'follow',
    'push',
    'profile',
    'read:search',
    'write:media',
    'admin:write:ip_blocks',
  ])
    expect(isKnownScope(scope)).toBe(true);
  for (const scope of ['', 'admin', 'crypto', 'read:media', 'READ', 'read:*'])
    expect(isKnownScope(scope)).toBe(false);
  expect(new Set(knownScopes).size).toBe(knownScopes.length);
});

test('reading lists', () => {
  expect(parseScopes('read  write\nread+push')).toEqual(['read', 'write', 'push']);
  expect(parseScopes(['read write', 'push'])).toEqual(['read', 'write', 'push']);
  expect(parseScopes(undefined)).toEqual([]);
  expect(parseScopes({ a: 1 })).toEqual([]);
});

test('admin scopes are for staff, backdating for whom the owner allows it', () => {
  const wanted = ['read', 'admin:read', 'admin:write:reports', 'write:statuses:backdate'];
  const by = (isStaff: boolean, mayBackdate: boolean) => grantableScopes(wanted, { isStaff, mayBackdate });
  expect(by(false, false)).toEqual(['read']);
  expect(by(true, false)).toEqual(['read', 'admin:read', 'admin:write:reports']);
  expect(by(false, true)).toEqual(['read', 'write:statuses:backdate']);
  expect(by(true, true)).toEqual(wanted);
});
