import { describe, expect, test } from '@jest/globals';
import type { Role } from '../../src/model/account.js';
import type { Circle } from '../../src/policy/circles.js';
import { canonicalEmail, canonicalEmailHash, emailDomains } from '../../src/policy/emails.js';
import { hasPermission, outranks, permissionBits } from '../../src/policy/permissions.js';
import { judgeSignUp } from '../../src/policy/sign-up.js';

describe('addresses of mail', () => {
  test.each([
    ['Some.One+tag@Box.example', 'someone@box.example'],
    ['a@b.example', 'a@b.example'],
    ['+x@b.example', '@b.example'],
  ])('%j comes down to %j', (email, canonical) => {
    expect(canonicalEmail(email)).toBe(canonical);
  });

  test('are known by the SHA-256 of that', () => {
    // printf 'test@example.com' | sha256sum
    const hash = '973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b';
    expect(canonicalEmailHash('te.st+x@example.com')).toBe(hash);
  });

  test('belong to their domain and its parents', () => {
    expect(emailDomains('x@a.B.example')).toEqual(['a.b.example', 'b.example', 'example']);
    expect(emailDomains('')).toEqual([]);
  });
});

describe('signing up', () => {
  const nothing = { ipBlock: null, emailDomainBlock: null, canonicalBlock: null };
  test.each([
    [{}, 'welcome'],
    [{ ipBlock: { severity: 'no_access' } }, 'address_blocked'],
    [{ ipBlock: { severity: 'sign_up_block' } }, 'address_blocked'],
    [{ ipBlock: { severity: 'sign_up_requires_approval' } }, 'approval'],
    [{ emailDomainBlock: { allowWithApproval: false } }, 'email_blocked'],
    [{ emailDomainBlock: { allowWithApproval: true } }, 'approval'],
    [{ canonicalBlock: { _id: '1' } }, 'email_taken'],
    [{ canonicalBlock: { _id: '1' }, emailDomainBlock: { allowWithApproval: true } }, 'email_taken'],
  ] as const)('%j is %s', (facts, verdict) => {
    expect(judgeSignUp({ ...nothing, ...facts })).toBe(verdict);
  });
});

describe('permissions', () => {
  test('grow with the rank', () => {
    expect(hasPermission('user', 'viewDashboard')).toBe(false);
    expect(hasPermission('moderator', 'manageReports')).toBe(true);
    expect(hasPermission('moderator', 'manageBlocks')).toBe(false);
    expect(hasPermission('admin', 'manageBlocks')).toBe(true);
    expect(hasPermission('admin', 'manageRoles')).toBe(false);
    expect(hasPermission('owner', 'manageRoles')).toBe(true);
  });

  test('are the bits that clients know', () => {
    const bits = (role: Role, invites: Circle, emailSubscriptions: Circle = 'nobody') =>
      permissionBits(role, { invites, emailSubscriptions });
    expect(bits('user', 'staff')).toBe('0');
    expect(bits('user', 'everyone')).toBe(String(2 ** 16));
    expect(bits('user', 'everyone', 'everyone')).toBe(String(2 ** 16 + 2 ** 22));
    expect(bits('user', 'nobody', 'staff')).toBe('0');
    const moderator = 2 ** 3 + 2 ** 4 + 2 ** 8 + 2 ** 10;
    expect(bits('moderator', 'staff')).toBe(String(moderator + 2 ** 16));
    expect(bits('moderator', 'nobody')).toBe(String(moderator));
    expect(BigInt(bits('owner', 'everyone')) & 1n).toBe(1n);
  });

  test('nobody outranks equals', () => {
    expect(outranks('admin', 'moderator')).toBe(true);
    expect(outranks('admin', 'admin')).toBe(false);
    expect(outranks('moderator', 'owner')).toBe(false);
  });
});
