import { describe, expect, test } from '@jest/globals';
import { isShortcode, scanShortcodes } from '../../src/text/emoji.js';

describe('scanShortcodes', () => {
  test.each<[string, string[]]>([
    [':blob:', ['blob']],
    ['a :blob: :Blob_2: :blob:', ['blob', 'Blob_2']],
    ['(:blob:)', ['blob']],
    ['x:blob:', []],
    [':blob:x', []],
    [':blob::cat:', []],
    [':a:', []],
    ['10:30:45', []],
    [':bl ob: :bl-ob:', []],
    [':"><img src=x onerror=1>:', []],
    [`:${'a'.repeat(3000)}:`, []],
    ['\n:blob:\n', ['blob']],
  ])('%j', (text, expected) => {
    expect(scanShortcodes(text)).toEqual(expected);
  });

  test('stops at the limit', () => {
    const text = Array.from({ length: 500 }, (_, i) => `:emoji${i}:`).join(' ');
    expect(scanShortcodes(text, 3)).toEqual(['emoji0', 'emoji1', 'emoji2']);
  });
});

test.each([
  ['blob', true],
  ['a', false],
  ['', false],
  ['bl ob', false],
  ['<b>', false],
  ['.*', false],
  [':blob:', false],
  ['a'.repeat(2049), false],
  [null, false],
])('isShortcode(%j) is %s', (value, expected) => {
  expect(isShortcode(value)).toBe(expected);
});
