import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium, type Browser } from 'playwright-core';
import { personOf, startBase, type Base } from '../http/support.js';
import { until } from '../support/until.js';
import { oauthApp, password, pkce, register, request } from './support.js';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);

/** A real browser applies CSP to the redirect after a form, cookies and origins as no HTTP library does. */
(executablePath === undefined ? describe.skip : describe)('in a browser', () => {
  let base: Base;
  let browser: Browser;
  let server: Server;
  let client: Server;
  let received: (url: URL) => void = () => undefined;
  const portOf = (of: Server) => (of.address() as AddressInfo).port;
  const listening = (of: Server) =>
    new Promise((resolve) => of.listen(0, '127.0.0.1', () => resolve(undefined)));

  beforeAll(async () => {
    base = await startBase({ url: 'http://localhost:3000' });
    await personOf(base.ctx, { username: 'alice', password });
    server = createServer(oauthApp(base.ctx));
    client = createServer((req, res) => {
      received(new URL(req.url ?? '/', 'http://client'));
      res.setHeader('Content-Type', 'text/html');
      res.end('<title>client</title>');
    });
    await Promise.all([listening(server), listening(client)]);
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser.close();
    for (const open of [server, client]) {
      open.closeAllConnections();
      await new Promise((resolve) => open.close(resolve));
    }
    await base.close();
  });

  test('sign-in and consent lead to another origin, on a phone and without script', async () => {
    const origin = `http://localhost:${portOf(server)}`;
    const callback = `http://127.0.0.1:${portOf(client)}/callback`;
    const { client_id, client_secret } = await register(oauthApp(base.ctx), { redirect_uris: callback });
    const { verifier, challenge } = pkce();
    const query = new URLSearchParams({
      response_type: 'code',
      client_id,
      redirect_uri: callback,
      scope: 'read write',
      state: 'kept',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const context = await browser.newContext({
      viewport: { width: 360, height: 640 },
      javaScriptEnabled: false,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(`${origin}/oauth/authorize?${query.toString()}`);
    await page.fill('[name=username]', 'alice');
    await page.fill('[name=password]', password);
    await page.click('button[type=submit]');
    await page.waitForSelector('button[value=allow]');
    const box = await page.locator('main').boundingBox();
    expect(box!.x + box!.width).toBeLessThanOrEqual(360);
    expect(await page.evaluate('getComputedStyle(document.body).display')).toBe('flex');
    const arrived = new Promise<URL>((resolve) => (received = resolve));
    await page.click('button[value=allow]');
    const { pathname, searchParams } = await arrived;
    expect(pathname).toBe('/callback');
    expect(searchParams.get('state')).toBe('kept');
    expect(complaints.filter((text) => /Content Security Policy|Refused/.test(text))).toEqual([]);
    const res = await request(server)
      .post('/oauth/token')
      .send({
        grant_type: 'authorization_code',
        code: searchParams.get('code'),
        redirect_uri: callback,
        client_id,
        client_secret,
        code_verifier: verifier,
      })
      .expect(200);
    expect(res.body.scope).toBe('read write');
    await context.close();
  });

  test('a page of another origin cannot frame the consent', async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    const refused: string[] = [];
    page.on('console', (message) => refused.push(message.text()));
    await page.goto(`http://127.0.0.1:${portOf(client)}/`);
    await page.setContent(`<iframe src="http://localhost:${portOf(server)}/auth/sign_in"></iframe>`);
    await page.waitForLoadState('load');
    const frame = page.frames().find((f) => f !== page.mainFrame());
    expect(await frame?.locator('form').count()).toBe(0);
    await until(() => /frame-ancestors|X-Frame-Options/i.test(refused.join('\n')), 'the browser says why');
    await page.close();
  });
});
