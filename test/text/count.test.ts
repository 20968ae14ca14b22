import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { charactersReservedPerUrl, countCharacters, countGraphemes } from '../../src/text/count.js';

describe('countCharacters counts as Mastodon does', () => {
  test.each([
    ['', 0],
    ['hello', 5],
    ['a\r\nb', 3],
    ['https://a.example', 23],
    [`https://a.example/${'x'.repeat(500)}`, 23],
    ['see https://a.example now', 31],
    ['@bob', 4],
    ['@bob@peer.example', 4],
    ['@bob@peer.example hi @carol@very.long.host.example', 14],
    ['👨‍👩‍👧‍👦', 1],
    ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', 1],
    ['🇩🇪🇫🇷', 2],
    ['e\u0301te\u0301', 3],
    ['हिन्दी', 2],
    ['日本語', 3],
    ['각ᄀ', 2],
    ['a👍🏽b', 3],
    ['🧵', 1],
  ])('%j is %d', (text, expected) => {
    expect(countCharacters(text)).toBe(expected);
  });

  test('the content warning counts in full', () => {
    expect(countCharacters('abc', 'de https://a.example/x')).toBe(3 + 22);
  });

  test('a link too long to be a link counts in full', () => {
    expect(countCharacters(`https://a.example/${'x'.repeat(5000)}`)).toBe(5018);
  });

  test('a tower of marks is not one character', () => {
    expect(countCharacters('e' + '\u0301'.repeat(3199))).toBe(100);
  });

  test('the number for links is the one clients are told', () => {
    expect(charactersReservedPerUrl).toBe(23);
  });
});

test('countGraphemes agrees with the segmenter for any text', () => {
  const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const units = fc.constantFrom(
    'a',
    'é',
    'e',
    '\u0301',
    '\u200d',
    '👨',
    '👩',
    '🇩',
    '🇪',
    '漢',
    'か',
    '\u3099',
    '각',
    'ᆨ',
    'ก',
    'ำ',
    '\n',
    '\r',
    '©',
    '\ufe0f',
    '\u0600',
    '\u00ad',
    'ｱ',
    'ﾞ',
    '1',
    '\u20e3',
    'न',
    '्',
    'द',
  );
  fc.assert(
    fc.property(fc.array(units, { maxLength: 40 }), (parts) => {
      const text = parts.join('');
      const clusters = [...segmenter.segment(text.replace(/\r\n?/g, '\n'))];
      expect(countGraphemes(text)).toBe(
        clusters.reduce((sum, { segment }) => sum + Math.ceil(segment.length / 32), 0),
      );
    }),
    { numRuns: 3000 },
  );
});
