import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compose } from '../../src/text/compose.js';
import { countCharacters } from '../../src/text/count.js';
import { scanShortcodes } from '../../src/text/emoji.js';
import { mentionKey, normaliseHashtag, parseHashtag, scan } from '../../src/text/scan.js';
import { cpuTime } from '../support/cpu.js';

const mentionsOf = (text: string): string[] => scan(text).mentions.map(mentionKey);
const tagsOf = (text: string): string[] => scan(text).hashtags.map((t) => t.name);
const urlsOf = (text: string): string[] => scan(text).urls.map((u) => u.url);

describe('mentions', () => {
  test.each<[string, string[]]>([
    ['@bob', ['bob']],
    ['hi @Bob@Peer.EXAMPLE!', ['bob@peer.example']],
    ['(@bob)', ['bob']],
    ['.@bob.', ['bob']],
    ['@bob, @carol: @dave\n@erin', ['bob', 'carol', 'dave', 'erin']],
    ['@bob-', ['bob']],
    ['@bo.b-c@a-b.example.', ['bo.b-c@a-b.example']],
    ['@bob@127.0.0.1:40123', ['bob@127.0.0.1:40123']],
    ['@bob@localhost:3000/', ['bob@localhost:3000']],
    ["@bob@peer.example:12 o'clock", ['bob@peer.example']],
    ['@bob@peer.example:123456', ['bob@peer.example']],
    ['@bob@münchen.example', ['bob@xn--mnchen-3ya.example']],
    ['日本@bob', []],
    ['bob@peer.example', []],
    ['mail me: first.last+x@peer.example', []],
    ['https://peer.example/@bob', []],
    ['https://peer.example/@bob@other.example/1', []],
    ['/@bob =@bob', []],
    ['@bob@', []],
    ['@bob@peer.example@evil.example', []],
    ['@ bob @@bob', ['bob']],
    ['@bob://x', []],
    [`@${'a'.repeat(500)}`, []],
    [`@bob@${'a.'.repeat(200)}example`, []],
    ['@ſmith', []],
  ])('%j', (text, expected) => {
    expect(mentionsOf(text)).toEqual(expected);
  });
});

describe('hashtags', () => {
  test.each<[string, string[]]>([
    ['#tag', ['tag']],
    ['#Tag_2 (#x)', ['Tag_2', 'x']],
    ['#1', []],
    ['#2024', []],
    ['#1st', ['1st']],
    ['#_', []],
    ['#a·b', ['a·b']],
    ['#a·', ['a']],
    ['#日本語タグ', ['日本語タグ']],
    ['#ハッシュ・タグ', ['ハッシュ・タグ']],
    ['#हिन्दी', ['हिन्दी']],
    ['#été.', ['été']],
    ['#a-b', ['a']],
    ["#it's", ['it']],
    ['#a#b', ['a']],
    ['a#b', []],
    ['/#b', []],
    ['https://peer.example/#frag', []],
    ['https://peer.example/x#frag #tag', ['tag']],
    ['#http://x.example', []],
    ['&#x27; &#39;', ['x27']],
    [`#${'x'.repeat(201)}`, []],
    ['#😀', []],
  ])('%j', (text, expected) => {
    expect(tagsOf(text)).toEqual(expected);
  });

  test.each([
    ['Tag', 'tag'],
    ['ＦＵＬＬ', 'full'],
    ['ﬁsh', 'fish'],
    ['ÉTÉ', 'été'],
    ['ﷺ', 'صلىاللهعليهوسلم'],
  ])('normalises %s to %s', (name, key) => {
    expect(normaliseHashtag(name)).toBe(key);
  });

  test('normalising twice is normalising once, for every character', () => {
    for (let c = 0; c < 0x110000; c++) {
      if (c >= 0xd800 && c < 0xe000) continue;
      const key = normaliseHashtag(`a${String.fromCodePoint(c)}\u0307`);
      if (normaliseHashtag(key) !== key) throw new Error(`U+${c.toString(16)}`);
    }
  });

  test('normalising twice is normalising once, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const key = normaliseHashtag(name);
        expect(normaliseHashtag(key)).toBe(key);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([[null], [7], [''], ['#'], ['##a'], ['a b'], ['123'], ['<b>'], ['#' + 'a'.repeat(500)]])(
    'parseHashtag refuses %j',
    (value) => {
      expect(parseHashtag(value)).toBeNull();
    },
  );

  test('parseHashtag reads both spellings', () => {
    expect(parseHashtag('#Tag')).toEqual({ name: 'Tag', key: 'tag' });
    expect(parseHashtag('Tag')).toEqual({ name: 'Tag', key: 'tag' });
  });
});

describe('links', () => {
  test('a letter of Latin-1 is still a letter after many calls (Node 20, URL.canParse)', () => {
    for (let i = 0; i < 20_000; i++) expect(urlsOf('https://münchen.example/ä')).toHaveLength(1);
  });

  test.each<[string, string[]]>([
    ['https://example.com', ['https://example.com']],
    ['see https://example.com/a?b=c#d.', ['https://example.com/a?b=c#d']],
    ['(https://en.example/wiki/Foo_(bar))', ['https://en.example/wiki/Foo_(bar)']],
    ['[https://a.example/x]', ['https://a.example/x']],
    ['<https://a.example/x>', ['https://a.example/x']],
    ['"https://a.example/x"', ['https://a.example/x']],
    ['「https://a.example/日本」', ['https://a.example/日本']],
    ['看https://a.example/。', ['https://a.example/']],
    ['HTTPS://A.example', ['HTTPS://A.example']],
    ['https://münchen.example/ä', ['https://münchen.example/ä']],
    ['http://localhost:3000/x http://[::1]:8080/', ['http://localhost:3000/x', 'http://[::1]:8080/']],
    ['https://a.example:99999/', []],
    ['https://user@evil.example/', []],
    ['https://user.name:pw@evil.example/', []],
    ['https://nodots/', []],
    ['https:///x http:// https://', []],
    ['xhttps://a.example', []],
    ['@https://a.example', []],
    ['javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd', []],
    ['gemini://a.example/x', ['gemini://a.example/x']],
    ['magnet:?xt=urn:btih:abc', ['magnet:?xt=urn:btih:abc']],
    ['xmpp:room@muc.example?join', ['xmpp:room@muc.example?join']],
    ['example.com www.example.com', []],
    ['https://a.example/\u202egnp.exe', ['https://a.example/']],
    ['https://a.example/' + 'x'.repeat(5000), []],
    ['https://a.example/x?y=@bob&z=#tag', ['https://a.example/x?y=@bob&z=#tag']],
  ])('%j', (text, expected) => {
    expect(urlsOf(text)).toEqual(expected);
  });
});

describe('for any text', () => {
  const pieces = fc.array(
    fc.constantFrom(
      '@',
      'a',
      '#',
      'b1',
      '://',
      'http',
      's',
      'a.example',
      '/',
      ' ',
      '(',
      ')',
      '·',
      ':',
      '3000',
      '漢',
      '\n',
    ),
    { maxLength: 80 },
  );

  test('spans hold what they say, in order, and none overlaps another', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map((p) => p.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const { urls, mentions, hashtags } = scan(text);
          for (const u of urls) expect(text.slice(u.start, u.end)).toBe(u.url);
          for (const t of hashtags) expect(text.slice(t.start, t.end)).toBe(`#${t.name}`);
          for (const m of mentions)
            expect(text.slice(m.start, m.end).startsWith(`@${m.username}`)).toBe(true);
          const spans = [...urls, ...mentions, ...hashtags].sort((a, b) => a.start - b.start);
          spans.forEach((span, i) => expect(span.start).toBeGreaterThanOrEqual(spans[i - 1]?.end ?? 0));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['@'],
    ['@a'],
    ['@a@a.'],
    ['@a.'],
    ['#'],
    ['#a'],
    ['#a·'],
    ['http://'],
    ['https://a.b'],
    ['https://a.b '],
    ['('],
    ['https://a.b/('],
    ['xmpp:a@'],
    [':aa'],
    ['<&>'],
    ['a.'],
    ['\n'],
    ['👨‍👩‍👧‍👦'],
    ['e\u0301'],
    ['漢'],
    ['ก'],
  ])('100 kB of %j takes no more than linear time', (unit) => {
    const text = unit.repeat(Math.ceil(100_000 / unit.length));
    const spent = cpuTime();
    compose(text, { mentions: new Map(), tagUrl: (key) => key });
    countCharacters(text, text);
    scanShortcodes(text);
    // Generous for a busy machine; anything quadratic takes minutes.
    expect(spent()).toBeLessThan(6000);
  });
});
