import { describe, expect, test } from '@jest/globals';
import { html, raw, safeUrl } from '../../src/web/html.js';
import { errorPage, messagePage, page, stylesheetPath } from '../../src/web/layout.js';
import { stylesheet } from '../../src/web/styles.js';
import type { Ctx } from '../../src/domain/ctx.js';

const ctx = { names: { handleDomain: 'social.example' } } as unknown as Ctx;

describe('html', () => {
  test('escapes in text and attributes', () => {
    const evil = `<img src=x onerror="a">&'`;
    expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
      '<p title="&lt;img src=x onerror=&quot;a&quot;&gt;&amp;&#39;">&lt;img src=x onerror=&quot;a&quot;&gt;&amp;&#39;</p>',
    );
  });

  test('nests, joins, leaves nothing out', () => {
    const items = ['<a>', 'b'].map((item) => html`<b>${item}</b>`);
    expect(html`${items}`.text).toBe('<b>&lt;a&gt;</b><b>b</b>');
    expect(html`${null}${undefined}${false}${0}${raw('<hr>')}`.text).toBe('0<hr>');
  });

  test('JSON in the shape of Html is no Html', () => {
    const forged = JSON.parse('{"text":"<script>"}') as string;
    expect(html`${forged}`.text).toBe('');
  });

  test.each([
    ['https://a.example/x', 'https://a.example/x'],
    ['/about', '/about'],
    ['//evil.example', '#'],
    ['/\\evil.example', '#'],
    ['javascript:alert(1)', '#'],
    ['JAVASCRIPT:x', '#'],
    [' javascript:x', '#'],
    ['data:text/html,x', '#'],
    ['', '#'],
  ])('safeUrl(%j) is %j', (url, safe) => {
    expect(safeUrl(url)).toBe(safe);
  });
});

describe('pages', () => {
  test('are whole documents without script, with one stylesheet', () => {
    const text = page(ctx, {
      title: 'A <b>',
      body: html`<p>body</p>`,
      head: html`<meta name="x" content="y" />`,
    });
    expect(text.startsWith('<!doctype html>')).toBe(true);
    expect(text).toContain('<title>A &lt;b&gt; · social.example</title>');
    expect(text).toContain(`<link rel="stylesheet" href="${stylesheetPath}" />`);
    expect(text).toContain('<meta name="x" content="y" />');
    expect(text).toContain('width=device-width');
    expect(text).not.toContain('noindex');
    expect(text).not.toContain('<script');
    expect(page(ctx, { title: 't', body: html``, narrow: true })).toContain('noindex');
  });

  test('messages and errors escape what they say', () => {
    expect(messagePage(ctx, { title: '<t>', text: '<x>' })).toContain('&lt;x&gt;');
    const at = errorPage(ctx);
    expect(at({ status: 404, text: 'Not found' })).toContain('Nothing here');
    expect(at({ status: 500, text: '<oops>' })).toContain('&lt;oops&gt;');
  });

  test('the stylesheet is balanced, and knows the dark', () => {
    expect(stylesheet.split('{').length).toBe(stylesheet.split('}').length);
    expect(stylesheet).toContain('prefers-color-scheme: dark');
    expect(stylesheet).not.toMatch(/url\(|@import/);
  });
});
