import { describe, expect, test } from '@jest/globals';
import { matchFilters } from '../../src/policy/filters.js';
import type { Filter } from '../../src/model/filters.js';
import { cpuTime } from '../support/cpu.js';

const filter = (keyword: string, wholeWord: boolean): Filter => ({
  _id: '1',
  accountId: '1',
  title: 't',
  contexts: ['home'],
  action: 'warn',
  expiresAt: null,
  keywords: [{ id: '1', keyword, wholeWord }],
  statuses: [],
});
const found = (text: string, keyword: string, wholeWord = true): boolean =>
  matchFilters([filter(keyword, wholeWord)], { text, statusId: '9' }).length > 0;

describe('keywords', () => {
  test.each([
    ['The cat sat', 'cat', true],
    ['CAT', 'cat', true],
    ['concatenate', 'cat', false],
    ['concatenate, cat', 'cat', true],
    ['cat_food', 'cat', false],
    ['Über alles', 'über', true],
    ['Überall', 'über', false],
    ['naïve', 'na', false],
    ['see #cats!', '#cats', true],
    ['see#cats', '#cats', true],
    ['hm :) ok', ':)', true],
    ['a.b*c', '.b*', true],
    ['日本語', '日本', false],
  ])('%j with the whole word %j: %s', (text, keyword, expected) => {
    expect(found(text, keyword)).toBe(expected);
  });

  test('anywhere, when it need not be a whole word', () => {
    expect(found('concatenate', 'cat', false)).toBe(true);
    expect(found('日本語', '日本', false)).toBe(true);
    expect(found('dog', 'cat', false)).toBe(false);
  });

  test('a long text takes no long time', () => {
    const text = 'catx'.repeat(100_000);
    const spent = cpuTime();
    expect(found(text, 'cat')).toBe(false);
    expect(spent()).toBeLessThan(5000);
  });
});
