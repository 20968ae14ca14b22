import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeHtml, unescapeHtml } from '../../src/text/escape.js';
import { maxHtmlLength, safeHref, sanitiseRemoteHtml, toPlainText } from '../../src/text/sanitise.js';
import { cpuTime } from '../support/cpu.js';

const rel = 'rel="nofollow noopener noreferrer" target="_blank"';

describe('what is kept', () => {
  test.each([
    ['<p>Hello <b>there</b><br>you</p>', '<p>Hello <b>there</b><br />you</p>'],
    [
      '<p>a</p><blockquote><pre><code>x</code></pre></blockquote>',
      '<p>a</p><blockquote><pre><code>x</code></pre></blockquote>',
    ],
    ['<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>', '<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>'],
    ['<h1>Foo</h1><h6>Bar</h6>', '<p><strong>Foo</strong></p><p><strong>Bar</strong></p>'],
    ['<ol start="3" reversed><li value="7">x</li></ol>', '<ol start="3" reversed><li value="7">x</li></ol>'],
    ['<ol start="x1"><li value="1e9">x</li></ol>', '<ol><li>x</li></ol>'],
    ['<p class="quote-inline">RE: x</p>', '<p class="quote-inline">RE: x</p>'],
    ['<span class="h-card x" translate="no">x</span>', '<span class="h-card" translate="no">x</span>'],
    ['<span translate="yes">x</span>', '<span>x</span>'],
    ['<a href="https://a.example/x?y=1&z">x</a>', `<a href="https://a.example/x?y=1&amp;z" ${rel}>x</a>`],
    [
      '<a href="https://a.example/tags/x" class="mention hashtag" rel="tag me">#<span>x</span></a>',
      '<a href="https://a.example/tags/x" class="mention hashtag" rel="tag nofollow noopener noreferrer" target="_blank">#<span>x</span></a>',
    ],
    ['<a href="gemini://a.example/">x</a>', `<a href="gemini://a.example/" ${rel}>x</a>`],
    ['<a href="mailto:x@a.example">x</a>', `<a href="mailto:x@a.example" ${rel}>x</a>`],
    ['a &amp; b &lt;i&gt; &copy; "q"', 'a &amp; b &lt;i&gt; © "q"'],
    ['<div>a<table><tr><td>b</td></tr></table></div>', 'ab'],
    ['<p>no end', '<p>no end</p>'],
    ['', ''],
  ])('%s', (html, expected) => {
    expect(sanitiseRemoteHtml(html)).toBe(expected);
  });
});

test('text in paragraphs, which is not parsed, comes out as what is parsed does', () => {
  const part = fc.constantFrom(
    '<p>',
    '</p>',
    '<br />',
    '<br>',
    '<',
    '>',
    '&amp;',
    'a b',
    '"',
    "'",
    '\n',
    '\t',
    '\r',
    '\0',
    'é',
    '\ud800',
    '<b>',
  );
  const html = fc.oneof(
    fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
    fc
      .array(fc.constantFrom('a "quoted" b', '<br />', '\n', 'ü'), { maxLength: 6 })
      .map((t) => `<p>${t.join('')}</p>`),
  );
  // An element that is dropped whole makes the parser look at everything.
  const parsed = (text: string): string => sanitiseRemoteHtml(`<script></script>${text}`);
  fc.assert(
    fc.property(html, (text) => expect(sanitiseRemoteHtml(text)).toBe(parsed(text))),
    { numRuns: 2000 },
  );
});

describe('what is removed (ATTACKS.md, H)', () => {
  test.each([
    ['script', '<script>alert(1)</script>x', 'x'],
    ['img', '<img src=x onerror=alert(1)>x', 'x'],
    ['svg', '<svg onload=alert(1)></svg>x', 'x'],
    ['handler', '<b onmouseover=alert(1)>x</b>', '<b>x</b>'],
    [
      'handler on a link',
      '<a href="https://a.example" onclick="x()">x</a>',
      `<a href="https://a.example" ${rel}>x</a>`,
    ],
    ['details', '<details open ontoggle=alert(1)>x</details>', 'x'],
    ['form', '<form action="https://evil"><input value=y><button>x</button></form>', 'x'],
    [
      'meta, base, link',
      '<meta http-equiv=refresh content=0><base href=//evil><link rel=stylesheet href=//evil>x',
      'x',
    ],
    ['style', '<style>*{display:none}</style><p style="position:fixed" id="mastodon">x</p>', '<p>x</p>'],
    [
      'classes',
      '<p class="modal-root">x</p><span class="fa fa-x invisible">y</span>',
      '<p>x</p><span class="invisible">y</span>',
    ],
    [
      'frames',
      '<iframe srcdoc="<script>1</script>">y</iframe><embed src=x><object data=x>z</object><video src=x></video>x',
      'zx',
    ],
    ['xmp', '<xmp><script>alert(1)</script></xmp>x', 'x'],
    ['noscript', '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', ''],
    ['textarea', '<textarea><script>alert(1)</script></textarea>x', 'x'],
    ['title', '<title><img src=x onerror=1></title>x', 'x'],
    ['plaintext', 'x<plaintext><script>1</script>', 'x'],
    ['option', '<select><option>&lt;script&gt;alert(1)&lt;/script&gt;</option></select>x', 'x'],
    ['comment', 'a<!-- <script>1</script> -->b<![CDATA[<b>]]>c<?php x ?>d', 'abcd'],
    ['cut tag', 'x<img src="y', 'x'],
  ])('%s', (_, html, expected) => {
    expect(sanitiseRemoteHtml(html)).toBe(expected);
  });

  test.each([
    ['javascript:alert(1)'],
    ['JaVaScRiPt:alert(1)'],
    ['java\tscript:alert(1)'],
    ['java\nscript:alert(1)'],
    ['&#106;avascript:alert(1)'],
    ['&#x6A&#x61vascript&colon;alert(1)'],
    ['\u0001javascript:alert(1)'],
    [' \u00a0javascript:alert(1)'],
    ['data:text/html,<script>alert(1)</script>'],
    ['vbscript:x'],
    ['blob:https://a.example/x'],
    ['file:///etc/passwd'],
    ['//evil.example/x'],
    ['/relative'],
    ['#anchor'],
    ['https:evil'],
    ['https:/\\evil.example'],
    ['https://good.example\\@evil.example'],
    ['http://'],
    ['relative:x'],
    [''],
  ])('a link to %j keeps its text only', (href) => {
    expect(sanitiseRemoteHtml(`<p><a href="${href}">x <b>y</b></a></p>`)).toBe('<p>x <b>y</b></p>');
  });

  test.each([
    ['<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">'],
    [
      '<math><mtext><h1><a><h6></a></h6><mglyph><svg><mtext><style><a title="</style><img src onerror=alert(1)>">',
    ],
    ['<math><semantics><annotation>x</annotation></semantics></math>'],
    ['<annotation class="foo">'],
    ['<b>'.repeat(10_000)],
    ['<p><a><b><i><u>'.repeat(2000)],
    ['</p></a></b>'.repeat(2000)],
    ['<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>'],
    ['<a href="https://x"<script>alert(1)</script>>y</a>'],
    ['<p\u0000 onclick=x>y<\u0000script>z</script>'],
  ])('%#: mutation and crash vectors give settled markup', (html) => {
    const safe = sanitiseRemoteHtml(html);
    expectSafe(safe);
    expect(sanitiseRemoteHtml(safe)).toBe(safe);
  });
});

describe('links that pretend', () => {
  test.each([
    ['<a href="https://evil.example/x">https://bank.example/x</a>', 'https://bank.example/x [evil.example]'],
    ['<a href="https://evil.example/x">www.bank.example</a>', 'www.bank.example [evil.example]'],
    [
      '<a href="https://evil.example/">https://bank.example@other</a>',
      'https://bank.example@other [evil.example]',
    ],
    [
      '<a href="https://evil.example/"><span class="invisible">https://evil.example?</span>https://bank.example</a>',
      '<span class="invisible">https://evil.example?</span>https://bank.example [evil.example]',
    ],
    [
      '<a href="https://evil.example/"><span class="invisible">https://evil.example?</span>bank.example/login</a>',
      '<span class="invisible">https://evil.example?</span>bank.example/login [evil.example]',
    ],
    [
      '<a href="https://evil.example/">https://bank.example<span class="invisible"><b>x</b> [evil.example]</span></a>',
      'https://bank.example<span class="invisible"><b>x</b> [evil.example]</span> [evil.example]',
    ],
    [
      '<a href="https://bank.example/a/b"><span class="invisible">https://</span><span class="ellipsis">bank.example/a</span><span class="invisible">/b</span></a>',
      '<span class="invisible">https://</span><span class="ellipsis">bank.example/a</span><span class="invisible">/b</span>',
    ],
    [
      '<a href="https://bank.example/x"><span class="invisible">https://</span>bank.example/…</a>',
      '<span class="invisible">https://</span>bank.example/…',
    ],
    ['<a href="https://www.bank.example/x">http://bank.example</a>', 'http://bank.example'],
    [
      '<a href="https://bank.example/x">HTTPS://BANK.example/y and more</a>',
      'HTTPS://BANK.example/y and more',
    ],
    ['<a href="https://xn--mnchen-3ya.example/">https://münchen.example</a>', 'https://münchen.example'],
    ['<a href="https://evil.example/">click here</a>', 'click here'],
    [
      '<a href="https://a-very-long-host-name.peer.example"><span class="invisible">https://</span><span class="ellipsis">a-very-long-host-name.peer.exa</span><span class="invisible">mple</span></a>',
      '<span class="invisible">https://</span><span class="ellipsis">a-very-long-host-name.peer.exa</span><span class="invisible">mple</span>',
    ],
    ['<a href="mailto:x@evil.example">https://bank.example</a>', 'https://bank.example'],
  ])('%s', (html, inner) => {
    expect(/^<a [^>]*>(.*)<\/a>$/.exec(sanitiseRemoteHtml(html))?.[1]).toBe(inner);
  });

  test('links within links are taken apart', () => {
    expect(sanitiseRemoteHtml('<a href="https://a.example">x<a href="https://b.example">y</a>z</a>')).toBe(
      `<a href="https://a.example" ${rel}>xyz</a>`,
    );
  });

  test('a mention without a tag becomes an ordinary link', () => {
    const html = '<a href="https://evil.example/@x" class="u-url mention">@alice@peer.example</a>';
    const tagged = new Set(['https://evil.example/@x']);
    expect(sanitiseRemoteHtml(html, { mentionUrls: new Set() })).toBe(
      `<a href="https://evil.example/@x" ${rel}>@alice@peer.example</a>`,
    );
    expect(sanitiseRemoteHtml(html, { mentionUrls: tagged })).toContain('class="u-url mention"');
    expect(sanitiseRemoteHtml(html)).toContain('class="u-url mention"');
    const tag = '<a href="https://x.example/tags/a" class="mention hashtag">#a</a>';
    expect(sanitiseRemoteHtml(tag, { mentionUrls: new Set() })).toContain('class="mention hashtag"');
  });
});

const allowedTag =
  /^<(?:\/?(?:p|span|a|del|s|pre|blockquote|code|b|strong|u|i|em|ul|ol|li|ruby|rt|rp)|br \/|(?:p|span|a|ol|li)(?: (?:reversed|(?:class|href|rel|target|translate|start|value)="[^"<>]*"))+)>$/;

/** Every tag is known, well nested, without handlers; every link goes to an allowed scheme. */
function expectSafe(html: string): void {
  const open: string[] = [];
  expect(html.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
  for (const [tag] of html.matchAll(/<[^<>]*>/g)) {
    expect(tag).toMatch(allowedTag);
    const name = /^<\/?([a-z]+)/.exec(tag)?.[1] ?? '';
    if (name === 'br') continue;
    if (tag.startsWith('</')) expect(open.pop()).toBe(name);
    else open.push(name);
    if (name === 'a' && !tag.startsWith('</')) {
      expect(tag).toMatch(
        / href="(?:https?:\/\/|(?:mailto|xmpp|magnet|gemini|dat|dweb|ipfs|ipns|ssb|gopher):)/i,
      );
      expect(tag).toMatch(/ rel="(?:tag )?nofollow noopener noreferrer" target="_blank"/);
    }
  }
  expect(open).toEqual([]);
}

describe('for any input', () => {
  const fragments = fc.constantFrom(
    '<p>',
    '</p>',
    '<b>',
    '</b>',
    '<a href="https://a.example/">',
    '<a href=javascript:1>',
    '</a>',
    '<div>',
    '</div>',
    '<h2>',
    '</h2>',
    '<ul>',
    '<li>',
    '</li>',
    '</ul>',
    '<blockquote>',
    '<pre>',
    '<svg>',
    '</svg>',
    '<math>',
    '<style>',
    '</style>',
    '<script>',
    '</script>',
    '<title>',
    '</title>',
    '<span class="mention h-x y">',
    '</span>',
    '<br>',
    '</br>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<',
    '>',
    '"',
    "'",
    '&',
    '&lt;',
    '&amp;lt;',
    '&#60;',
    '&lt',
    ' onerror=1 ',
    '=',
    'https://b.example',
    'www.c.example',
    '<x y="',
    '<rt>',
    '<rp>',
    '<ruby>',
    '\n',
    '\u0000',
    '<font>',
    '</font>',
    '<table>',
    '<td>',
    '<option>',
    '<noscript>',
    '<xmp>',
    '<plaintext>',
    '<ol start="1" reversed>',
    '<img src=x onerror=1>',
    '/',
  );
  const hostile = fc.oneof(
    { weight: 4, arbitrary: fc.array(fragments, { maxLength: 40 }).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  );

  test('the result is safe, and sanitising again changes nothing', () => {
    fc.assert(
      fc.property(hostile, (html) => {
        const safe = sanitiseRemoteHtml(html);
        expectSafe(safe);
        expect(sanitiseRemoteHtml(safe)).toBe(safe);
      }),
      { numRuns: 3000 },
    );
  });

  test('plain text has no markup left: escaped and sanitised it is itself', () => {
    fc.assert(
      fc.property(hostile, (html) => {
        const text = toPlainText(html);
        const shown = sanitiseRemoteHtml(escapeHtml(text));
        expect(unescapeHtml(shown)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['<b>', '</i>'],
    ['<', ''],
    ['&', ''],
    ['<p><x>', ''],
    ['<h1>', ''],
    ['<a href="https://a.b/">https://x.y</a>', ''],
    ['<p class="quote-inline">', ''],
    ['<!--', ''],
    ['&#x3c;', ''],
    ['<a x=1 ', ''],
    ['\u0000', ''],
    [' ', ''],
  ])('1 MB of %j%j is bounded in time and size', (unit, second) => {
    const half = second === '' ? 1_000_000 : 500_000;
    const html = unit.repeat(half / unit.length) + (second === '' ? '' : second.repeat(half / second.length));
    const spent = cpuTime();
    const safe = sanitiseRemoteHtml(html);
    toPlainText(html);
    // Generous for a busy machine; anything quadratic takes minutes.
    expect(spent()).toBeLessThan(15_000);
    expect(safe.length).toBeLessThan(maxHtmlLength * 1.1);
    expect(sanitiseRemoteHtml(safe)).toBe(safe);
  });
});

describe('toPlainText', () => {
  test.each([
    ['<p>a<br>b</p><p>c &amp; &lt;d&gt; &#39;e&#39;</p>', "a\nb\n\nc & <d> 'e'"],
    ['<ul><li>a</li><li>b</li></ul>c', 'a\nb\n\nc'],
    ['<p class="quote-inline">RE: <a href="https://a.example">x</a></p><p>b</p>', 'b'],
    [
      '<a href="https://a.example/x"><span class="invisible">https://</span><span class="ellipsis">a.example/</span><span class="invisible">x</span></a>',
      'https://a.example/x',
    ],
    ['<a href="https://b.example/">https://a.example/</a>', 'https://a.example/'],
    ['<script>x</script>', ''],
    ['a\nb', 'a b'],
    ['&amp;lt;b&amp;gt;', '&lt;b&gt;'],
  ])('%s', (html, text) => {
    expect(toPlainText(html)).toBe(text);
  });
});

describe('safeHref', () => {
  test.each<[unknown, string | null]>([
    ['https://a.example/x', 'https://a.example/x'],
    [' https://a.example ', 'https://a.example'],
    ['HTTPS://a.example', 'HTTPS://a.example'],
    ['javascript:alert(1)', null],
    ['https://a.example/' + 'x'.repeat(10_000), null],
    ['https://exa mple/', null],
    [{ href: 'x' }, null],
    [null, null],
  ])('%j', (value, expected) => {
    expect(safeHref(value)).toBe(expected);
  });
});
