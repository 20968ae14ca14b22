import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  compose,
  prepareText,
  render,
  renderInline,
  type ComposeFacts,
  type ResolvedMention,
} from '../../src/text/compose.js';
import { sanitiseRemoteHtml, toPlainText } from '../../src/text/sanitise.js';
import { mentionKey } from '../../src/text/scan.js';

function factsFor(...accounts: ResolvedMention[]): ComposeFacts {
  return {
    mentions: new Map(accounts.map((a) => [mentionKey(a), a])),
    tagUrl: (key) => `https://here.example/tags/${encodeURIComponent(key)}`,
  };
}

const bob = { username: 'bob', domain: null, url: 'https://here.example/@bob' };
const remoteBob = { username: 'bob', domain: 'peer.example', url: 'https://peer.example/@bob' };
const none = factsFor();

describe('compose writes the HTML that Mastodon clients expect', () => {
  test.each([
    ['', ''],
    ['  \n ', ''],
    ['hello', '<p>hello</p>'],
    ['a\nb\n\n\nc', '<p>a<br />b</p><p>c</p>'],
    ['a\r\nb\r\rc', '<p>a<br />b</p><p>c</p>'],
    ['1 < 2 & "x" \'y\'', '<p>1 &lt; 2 &amp; &quot;x&quot; &#39;y&#39;</p>'],
    ['<script>alert(1)</script>', '<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>'],
    ['a\u0000b\u001b[31m', '<p>ab[31m</p>'],
    ['half \ud83d end', '<p>half \ufffd end</p>'],
    ['[x](javascript:1)', '<p>[x](javascript:1)</p>'],
  ])('%j', (text, html) => {
    expect(render(text, none)).toBe(html);
  });

  test('a link hides its scheme and what is longer than 30 characters', () => {
    expect(render('https://www.example.com/a/very/long/path/that/goes/on?x=1&y=2', none)).toBe(
      '<p><a href="https://www.example.com/a/very/long/path/that/goes/on?x=1&amp;y=2" target="_blank" ' +
        'rel="nofollow noopener noreferrer" translate="no"><span class="invisible">https://www.</span>' +
        '<span class="ellipsis">example.com/a/very/long/path/t</span>' +
        '<span class="invisible">hat/goes/on?x=1&amp;y=2</span></a></p>',
    );
  });

  test('a link that is one character too long is shown whole', () => {
    const html = render('https://example.com/' + 'x'.repeat(19), none);
    expect(html).toContain(
      `<span class="">example.com/${'x'.repeat(19)}</span><span class="invisible"></span>`,
    );
  });

  test('mentions and hashtags', () => {
    const result = compose('@bob and #Café, @nobody', factsFor(bob));
    expect(result.html).toBe(
      '<p><span class="h-card" translate="no"><a href="https://here.example/@bob" class="u-url mention">' +
        '@<span>bob</span></a></span> and ' +
        '<a href="https://here.example/tags/caf%C3%A9" class="mention hashtag" rel="tag">#<span>Café</span></a>, ' +
        '@nobody</p>',
    );
    expect(result.mentions).toEqual([bob]);
    expect(result.hashtags).toEqual([{ name: 'Café', key: 'café' }]);
  });

  test('two accounts of one name are shown with the host of the remote one', () => {
    const { html, mentions } = compose('@bob @bob@peer.example @BOB', factsFor(bob, remoteBob));
    expect(html).toContain('>@<span>bob@peer.example</span>');
    expect(html).toContain('>@<span>bob</span>');
    expect(mentions).toEqual([bob, remoteBob]);
  });

  test('a handle that resolved to a local account by its host is shown without host', () => {
    const facts = { ...none, mentions: new Map([['bob@here.example', bob]]) };
    expect(render('@bob@here.example', facts)).toContain('>@<span>bob</span></a>');
  });

  test('everything once: links, mentions, hashtags', () => {
    const text = 'https://a.example #One #ONE @bob https://a.example @bob gemini://b.example';
    const result = compose(text, factsFor(bob));
    expect(result.links).toEqual(['https://a.example']);
    expect(result.hashtags).toEqual([{ name: 'One', key: 'one' }]);
    expect(result.mentions).toEqual([bob]);
  });

  test('URLs from facts are escaped too', () => {
    const facts = factsFor({ ...bob, url: 'https://x.example/"><script>' });
    expect(render('@bob', facts)).toContain('href="https://x.example/&quot;&gt;&lt;script&gt;"');
  });

  test('renderInline stays on one line', () => {
    expect(renderInline('a\nb', none)).toBe('a b');
  });
});

describe('compose, for any text', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .array(
        fc.constantFrom(
          '@',
          'bob',
          '@bob',
          '#',
          'tag',
          '://',
          'https://',
          'a.example',
          '/',
          '<',
          '>',
          '"',
          "'",
          '&',
          ' ',
          '\n',
          '(',
          ')',
          '.',
          '_',
          '·',
          '1',
          'javascript:',
          '漢',
          '\u202e',
          '😀',
          'x'.repeat(40),
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join('')),
  );

  test('only the four elements it knows, well nested, and no attribute from the text', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const html = render(text, factsFor(bob, remoteBob));
        for (const tag of html.match(/<[^>]*>/g) ?? []) {
          expect(tag).toMatch(
            /^<(?:\/(?:p|a|span)|p|br \/|span(?: class="(?:invisible|ellipsis|h-card)?")?(?: translate="no")?|a href="[a-z]+:[^"]*" (?:class="(?:u-url mention|mention hashtag)"|target="_blank")(?: rel="[a-z ]+")?(?: translate="no")?)>$/,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('no character of the text is lost', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const squash = (s: string): string => s.replace(/\s+/g, '');
        expect(squash(toPlainText(render(text, none)))).toBe(squash(prepareText(text)));
      }),
      { numRuns: 500 },
    );
  });

  test('our own HTML survives our own sanitiser as far as words and links go', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const html = render(text, factsFor(bob));
        const hrefs = (s: string): string[] => [...s.matchAll(/href="([^"]*)"/g)].map((m) => m[1] ?? '');
        expect(hrefs(sanitiseRemoteHtml(html)).map((h) => h.replaceAll('&#39;', "'"))).toEqual(
          hrefs(html).map((h) => h.replaceAll('&#39;', "'")),
        );
      }),
    );
  });
});
