import { describe, expect, test } from '@jest/globals';
import { defaultNotificationRules, judgeSender, type SenderFacts } from '../../src/policy/notifications.js';

const now = new Date('2025-06-15T12:00:00.000Z');
const daysAgo = (n: number): Date => new Date(now.getTime() - n * 86_400_000);
const stranger: SenderFacts = {
  followed: false,
  followerSince: null,
  createdAt: daysAgo(400),
  limited: false,
  unaskedPrivateMention: false,
  now,
};

describe('who may disturb', () => {
  test.each([
    ['a stranger, by default', {}, {}, 'accept'],
    ['a stranger, where one must be followed', {}, { forNotFollowing: 'filter' }, 'filter'],
    ['somebody followed', { followed: true }, { forNotFollowing: 'drop' }, 'accept'],
    ['an old follower', { followerSince: daysAgo(4) }, { forNotFollowers: 'drop' }, 'accept'],
    ['a follower since yesterday', { followerSince: daysAgo(1) }, { forNotFollowers: 'drop' }, 'drop'],
    ['a new account', { createdAt: daysAgo(29) }, { forNewAccounts: 'filter' }, 'filter'],
    ['no longer a new account', { createdAt: daysAgo(31) }, { forNewAccounts: 'filter' }, 'accept'],
    ['an unasked private mention', { unaskedPrivateMention: true }, {}, 'filter'],
    ['a private mention of a friend', { unaskedPrivateMention: true, followed: true }, {}, 'accept'],
    ['a limited account', { limited: true }, {}, 'filter'],
    ['the hardest rule', { limited: true }, { forNotFollowing: 'drop' }, 'drop'],
  ] as const)('%s', (_name, facts, rules, verdict) => {
    expect(judgeSender({ ...defaultNotificationRules, ...rules }, { ...stranger, ...facts })).toBe(verdict);
  });
});
