import { expect, test } from '@jest/globals';
import { parseQuery, toTerms } from '../../src/store/text-terms.js';
import { cpuTime } from '../support/cpu.js';

test('words of scripts with and without spaces, lower case, in order', () => {
  expect(toTerms("Don't panic: ÜBER-große Wörter, ok")).toEqual([
    "don't",
    'panic',
    'über',
    'große',
    'wörter',
    'ok',
  ]);
  expect(toTerms('東京は大きい')).toContain('東京');
  expect(parseQuery('"two words" three')).toEqual([['two', 'words'], ['three']]);
});

test('a text without spaces takes no longer than one with them (ATTACKS 161)', () => {
  for (const text of ['a-'.repeat(50_000), 'ab'.repeat(50_000), '東京'.repeat(50_000), 'a '.repeat(50_000)]) {
    const spent = cpuTime();
    toTerms(text);
    expect([text.slice(0, 4), spent() < 6000]).toEqual([text.slice(0, 4), true]);
  }
});
