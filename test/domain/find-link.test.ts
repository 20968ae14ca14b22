import { describe, expect, test } from '@jest/globals';
import { findFirstLink } from '../../src/domain/cards/find-link.js';

describe('the link that gets a card', () => {
  test.each([
    ['<p><a href="https://a.example/?x=1&amp;y=2" rel="nofollow">a</a></p>', 'https://a.example/?x=1&y=2'],
    [
      '<a href="https://b.example/@bob" class="u-url mention">@bob</a> <a href="https://c.example/">c</a>',
      'https://c.example/',
    ],
    ['<a href="https://d.example/tags/x" class="mention hashtag" rel="tag">#x</a>', null],
    ['<p class="quote-inline">RE: <a href="https://e.example/1">e</a></p>', null],
    ['<a href="gemini://f.example/">f</a>', null],
    ['no link', null],
  ])('%s', (html, expected) => {
    expect(findFirstLink(html)).toBe(expected);
  });
});
