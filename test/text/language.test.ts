import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseLanguage, supportedLanguages } from '../../src/text/language.js';

describe('parseLanguage', () => {
  test.each([
    ['en', 'en'],
    ['EN', 'en'],
    ['en-US', 'en'],
    ['pt_BR', 'pt'],
    ['de-Latn-DE-1996', 'de'],
    ['zh', 'zh'],
    ['zh-tw', 'zh-TW'],
    ['zh-Hant', 'zh'],
    ['zh-yue', 'zh-YUE'],
    ['eng', 'en'],
    ['deu', 'de'],
    ['iw', 'he'],
    ['tok', 'tok'],
    ['tl', 'tl'],
    ['nb', 'nb'],
    [' fr ', 'fr'],
    ['und', null],
    ['mul', null],
    ['xx', null],
    ['qqq', null],
    ['english', null],
    ['', null],
    ['e', null],
    ['en<script>', null],
    ['en-', null],
    ['__proto__', null],
    ['constructor', null],
    [null, null],
    [42, null],
    [['en'], null],
    ['en-' + 'a-'.repeat(1000), null],
  ])('%j is %j', (value, expected) => {
    expect(parseLanguage(value)).toBe(expected);
  });

  test('never throws, and its results are its own fixed points', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 12 }),
          fc.stringMatching(/^[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{1,8}){0,3}$/),
        ),
        (tag) => {
          const code = parseLanguage(tag);
          if (code !== null) expect(parseLanguage(code)).toBe(code);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('every listed language is accepted as it is and has a name', () => {
  const languages = supportedLanguages();
  expect(languages.length).toBeGreaterThan(190);
  expect(languages).toContainEqual({ code: 'de', name: 'German' });
  for (const { code, name } of languages) {
    expect(parseLanguage(code)).toBe(code);
    expect(name).not.toBe('');
  }
});
