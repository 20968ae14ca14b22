import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startInstance, type Instance } from '../support/instance.js';
import { password } from './support.js';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);

/** The script, the content security policy and a ceremony as a browser performs it, with an authenticator of its own. */
(executablePath === undefined ? describe.skip : describe)('passkeys in a browser', () => {
  let instance: Instance;
  let browser: Browser;
  beforeAll(async () => {
    instance = await startInstance({ testMode: false });
    await instance.createUser('alice', { password });
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await instance?.close();
  });

  const passwordStep = async (page: Page): Promise<void> => {
    await page.goto(`${instance.url}/auth/sign_in?continue=%2Fauth%2Fsettings`);
    await page.fill('[name=username]', 'alice');
    await page.fill('[name=password]', password);
    await page.click('button[type=submit]');
  };

  async function withAuthenticator(page: Page) {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const options = {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    } as const;
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
    return { cdp, authenticatorId };
  }

  test('added, asked for, refused when its owner is not verified, and removed', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    const complaints: string[] = [];
    page.on('console', (message) => {
      // Advice about forms is no complaint.
      if (!message.text().startsWith('[DOM]')) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    const { cdp, authenticatorId } = await withAuthenticator(page);
    await passwordStep(page);
    await page.click('a[href="/auth/settings/passkeys"]');
    await page.fill('[name=name]', 'Laptop');
    await page.fill('[name=password]', password);
    await page.click('button[data-passkey=create]');
    await page.waitForSelector('h1:has-text("Your recovery codes")');
    expect(await page.locator('code.code').count()).toBe(10);
    const recovery = (await page.locator('code.code').first().textContent()) ?? '';

    await page.click('a[href="/auth/settings"]');
    await page.click('button:has-text("Sign out") >> nth=0');
    await passwordStep(page);
    await page.waitForSelector('h1:has-text("One more step")');
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await page.click('button[data-passkey=get]');
    await page.waitForSelector('[data-passkey-problem]:visible');
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    await page.click('button[data-passkey=get]');
    await page.waitForSelector('h1:has-text("Your account")');
    expect(await page.textContent('main')).toContain('1 passkey can sign in.');

    const plain = await browser.newContext({ javaScriptEnabled: false });
    const scriptless = await plain.newPage();
    scriptless.setDefaultTimeout(120_000);
    await passwordStep(scriptless);
    expect(await scriptless.locator('button[data-passkey]').isVisible()).toBe(false);
    await scriptless.fill('[name=code]', recovery);
    await scriptless.click('button[type=submit]');
    await scriptless.waitForSelector('h1:has-text("Your account")');
    await plain.close();

    await page.click('a[href="/auth/settings/passkeys"]');
    await page.click('a:has-text("Remove")');
    await page.fill('[name=password]', password);
    await page.click('button[data-passkey=get]');
    await page.waitForSelector('text=You have none yet.');
    expect(await instance.ctx.db.passkeys.countDocuments({})).toBe(0);
    // A refused ceremony is no fault of the page; anything else that the browser says would be.
    expect(complaints).toEqual([]);
    await context.close();
  });
});
