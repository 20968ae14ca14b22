import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium, type Browser } from 'playwright-core';
import { clientOf, ok, post } from '../api/support.js';
import type { Instance, TestUser } from '../support/instance.js';
import { chromiumArgs, password, recordCalls, startTown, tell, type Recorder } from './kit.js';

const executablePath = '/usr/bin/chromium';
const isInstalled = existsSync(executablePath);
if (!isInstalled) tell(`SKIPPED: ${executablePath} is not installed (apt-get install chromium)`);

/** Where the client's popup ends: it hands the answer to the page that opened it. */
const callbackPage = `<!doctype html><title>Back</title><script>
  const { code, state } = Object.fromEntries(new URLSearchParams(location.search));
  window.opener.postMessage({ code, state }, location.origin);
  window.close();
</script>`;

(isInstalled ? describe : describe.skip)('a web client on another origin', () => {
  let instance: Instance;
  let people: Record<'alice' | 'bob', TestUser>;
  let recorder: Recorder;
  let site: Server;
  let browser: Browser;
  let origin: string;

  beforeAll(async () => {
    ({ instance, people } = await startTown(['alice', 'bob']));
    recorder = recordCalls(instance);
    await ok(clientOf(instance, people.alice).post(`/api/v1/accounts/${people.bob.account._id}/follow`));
    await instance.idle();
    const client = await readFile(new URL('web-client.html', import.meta.url), 'utf8');
    site = createServer((req, res) => {
      res.setHeader('Content-Type', 'text/html; charset=utf-8');
      res.end(req.url?.startsWith('/callback') ? callbackPage : client);
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath, args: chromiumArgs });
  });
  afterAll(async () => {
    await browser.close();
    site.closeAllConnections();
    await new Promise((resolve) => site.close(resolve));
    await instance.close();
    recorder.stop();
  });

  test('signs in through a popup, uses the API across origins, and hears a post as it happens', async () => {
    const page = await browser.newPage();
    page.context().setDefaultTimeout(120_000);
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${origin}/?server=${encodeURIComponent(instance.url)}`);

    const opened = page.waitForEvent('popup');
    await page.click('#sign-in');
    const popup = await opened;
    await popup.fill('[name=username]', 'alice');
    await popup.fill('[name=password]', password);
    await popup.click('button[type=submit]');
    await popup.waitForSelector('button[value=allow]');
    expect(await popup.textContent('h1')).toMatch('Tiny web client');
    const closed = popup.waitForEvent('close');
    await popup.click('button[value=allow]');
    await closed;

    await page.waitForFunction(`document.querySelector('#state').textContent !== 'signed out'`);
    expect(await page.textContent('#state')).toBe('listening as @alice');
    await post(clientOf(instance, people.bob), 'Seen across origins');
    await page.waitForSelector('#feed li');
    expect(await page.textContent('#feed li')).toBe('Seen across origins');
    expect(complaints).toEqual([]);
    expect(recorder.failures()).toEqual([]);
    await page.close();
  });
});
