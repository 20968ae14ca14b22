import { describe, expect, test } from '@jest/globals';
import { plainToHtml, toStatusContent } from '../../src/text/remote.js';
import { sanitiseRemoteHtml } from '../../src/text/sanitise.js';

const link = (url: string): string =>
  `<p><a href="${url}" target="_blank" rel="nofollow noopener noreferrer" translate="no">`;

describe('Notes and Questions are their content', () => {
  test('HTML is sanitised, title and summary are not part of it', () => {
    expect(
      toStatusContent({
        type: 'Note',
        name: 'T',
        summary: 'CW',
        content: '<p>x<script>1</script></p>',
        url: 'https://a.example',
      }),
    ).toBe('<p>x</p>');
  });

  test('markdown and plain text are escaped, with line breaks and links', () => {
    const content = '# Hi <b>\nsee https://a.example/x\n\n[y](javascript:1)';
    for (const mediaType of ['text/markdown', 'text/plain; charset=utf-8', 'TEXT/X.MisskeyMarkdown']) {
      const html = toStatusContent({ type: 'Note', content, mediaType });
      expect(html).toMatch(/^<p># Hi &lt;b&gt;<br \/>see <a href="https:\/\/a\.example\/x" /);
      expect(html).toMatch(/<\/a><\/p><p>\[y\]\(javascript:1\)<\/p>$/);
    }
  });

  test('text/html with parameters is HTML', () => {
    expect(
      toStatusContent({ type: 'Note', content: '<b>x</b>', mediaType: 'text/html; charset=utf-8' }),
    ).toBe('<b>x</b>');
  });

  test('without content the name is shown, as text', () => {
    expect(toStatusContent({ type: 'Note', name: '<i>Hi</i>' })).toBe('<p>&lt;i&gt;Hi&lt;/i&gt;</p>');
    expect(toStatusContent({ type: 'Note' })).toBe('');
  });
});

describe('titled objects', () => {
  test('title, content, link', () => {
    const html = toStatusContent({
      type: 'Article',
      name: 'A <title>\nof two lines',
      summary: 'short',
      content: '<h2>Part</h2>',
      url: 'https://blog.example/1',
    });
    expect(
      html.startsWith('<p><strong>A &lt;title&gt; of two lines</strong></p><p><strong>Part</strong></p>'),
    ).toBe(true);
    expect(html).toContain(link('https://blog.example/1'));
    expect(html).not.toContain('short');
  });

  test('a very long article is represented by its summary', () => {
    const parts = { type: 'Article', name: 'T', summary: 'short', url: 'https://blog.example/1' };
    const html = toStatusContent({ ...parts, content: `<p>${'x'.repeat(30_000)}</p>` });
    expect(html.startsWith('<p><strong>T</strong></p><p>short</p><p><a')).toBe(true);
    expect(html.length).toBeLessThan(500);
  });

  test("a PeerTube video's description is text", () => {
    const html = toStatusContent({
      type: 'Video',
      name: 'My video',
      content: '**bold** <b>',
      mediaType: 'text/markdown',
      url: 'https://tube.example/w/1',
    });
    expect(
      html.startsWith(
        '<p><strong>My video</strong></p><p>**bold** &lt;b&gt;</p><p><a href="https://tube.example/w/1"',
      ),
    ).toBe(true);
  });

  test.each([['javascript:alert(1)'], ['data:text/html,x'], [null], ['']])(
    'a link to %j is left out',
    (url) => {
      expect(toStatusContent({ type: 'Event', name: 'Party', url })).toBe('<p><strong>Party</strong></p>');
    },
  );

  test('the result is settled for the sanitiser, but for the rel and class order of links', () => {
    const html = toStatusContent({
      type: 'Page',
      name: 'T & T',
      summary: 'S',
      content: '<li>x',
      mediaType: 'text/html',
    });
    expect(sanitiseRemoteHtml(html)).toBe(html);
  });
});

test('plainToHtml of nothing is nothing', () => {
  expect(plainToHtml(' \n')).toBe('');
});
