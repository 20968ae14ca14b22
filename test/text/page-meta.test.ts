import { describe, expect, test } from '@jest/globals';
import { readPageMeta } from '../../src/text/page-meta.js';
import { cpuTime } from '../support/cpu.js';

const base = 'https://news.example/2025/story';

describe('what a page says of itself', () => {
  test('Open Graph first', () => {
    const html = `<!doctype html><html lang="de-DE"><head>
      <title>Plain &amp; simple</title>
      <meta property="og:title" content="A &quot;big&quot; story">
      <meta property='og:description' content='It   happened.
      Here.'>
      <meta property="og:site_name" content="The News">
      <meta property="og:image" content="/pictures/1.jpg">
      <meta property="og:image:alt" content="A boat">
      <meta name="author" content="Ann Author">
      <meta property="article:published_time" content="2025-01-31T10:00:00+01:00">
      </head><body><meta property="og:title" content="Not this"></body></html>`;
    expect(readPageMeta(html, base)).toEqual({
      title: 'A "big" story',
      description: 'It happened. Here.',
      siteName: 'The News',
      author: 'Ann Author',
      language: 'de',
      publishedAt: '2025-01-31T09:00:00.000Z',
      imageUrl: 'https://news.example/pictures/1.jpg',
      imageDescription: 'A boat',
    });
  });

  test('plain HTML where there is nothing else', () => {
    const html = '<title> Hello &lt;b&gt; &amp; all </title><meta name="Description" content="x">';
    expect(readPageMeta(html, base)).toMatchObject({
      title: 'Hello <b> & all',
      description: 'x',
      imageUrl: null,
      language: null,
      publishedAt: null,
    });
  });

  test.each([
    '',
    '<p>no title</p>',
    '<title></title>',
    '<svg><title>in a picture</title></svg>',
    'just text',
  ])('nothing for %j', (html) => {
    expect(readPageMeta(html, base)).toBeNull();
  });

  test.each(['javascript:alert(1)', 'data:image/png;base64,AAAA', 'http://[bad', 'file:///etc/passwd'])(
    'no picture from %j',
    (image) => {
      const html = `<title>t</title><meta property="og:image" content="${image}">`;
      expect(readPageMeta(html, base)?.imageUrl).toBeNull();
    },
  );

  test('hostile markup is bounded in size and time', () => {
    const spent = cpuTime();
    const html = `<title>${'x'.repeat(100_000)}</title>${'<meta name="a" content="b">'.repeat(20_000)}${'<div>'.repeat(50_000)}`;
    expect([...(readPageMeta(html, base)?.title ?? '')].length).toBeLessThanOrEqual(300);
    expect(spent()).toBeLessThan(6000);
  });
});
