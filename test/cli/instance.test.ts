import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { loadSettings } from '../../src/config/load.js';
import { createContext } from '../../src/context.js';
import { localEmojis } from '../../src/domain/compose.js';
import { getInstance } from '../../src/domain/instance.js';
import { silentLogger } from '../../src/log.js';
import { textPage } from '../../src/web/pages/text.js';
import { createCli, type Cli } from './support.js';

let cli: Cli;
beforeAll(async () => {
  // The process that decodes pictures runs what was built, not these sources.
  cli = await createCli({ LANDFALL_IMAGE_PROCESS: 'false' });
});
afterAll(() => cli.remove());

test('an instance says what it was told, and keeps what was not named', async () => {
  await cli.run(['account', 'create', 'alice', '--role', 'owner']);
  await cli.run(['instance', 'set', '--title', 'Harbour', '--rule', 'Be kind.', 'No spam.']);
  const { code, json } = await cli.run([
    'instance',
    'set',
    '--short',
    'Lights on',
    '--email',
    'hello@example.org',
    '--json',
  ]);
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    title: 'Harbour',
    short: 'Lights on',
    email: 'hello@example.org',
    contact: 'alice',
    rules: ['Be kind.', 'No spam.'],
  });
  expect((await cli.run(['instance', 'show'])).out).toContain('Rule 2');
});

test.each([
  ['nothing to change', ['instance', 'set'], 2],
  ['no e-mail address', ['instance', 'set', '--email', 'nonsense'], 1],
  ['an account that is not there', ['instance', 'set', '--contact', 'nobody'], 1],
])('%s is refused', async (_name, args, expected) => {
  const { code, err } = await cli.run(args);
  expect({ code, said: err !== '' }).toEqual({ code: expected, said: true });
});

test('longer texts come from files, are shown to people and apps, and can be taken away', async () => {
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(cli.data, name);
    await writeFile(path, text);
    return path;
  };
  const set = async (...args: string[]) => (await cli.run(['instance', 'set', ...args])).code;
  expect(await set('--privacy-file', '/nowhere.txt')).toBe(2);
  const privacy = await file('privacy.txt', 'We keep little.\n\n<script>1</script>\n');
  expect(await set('--privacy-file', privacy, '--terms-file', await file('terms.txt', 'Be good.'))).toBe(0);
  const ctx = await createContext(loadSettings(cli.env), { mode: 'command', log: silentLogger });
  const [page, terms] = [await textPage(ctx, 'privacyPolicy'), await textPage(ctx, 'terms')];
  const { privacyPolicy, updatedAt } = await getInstance(ctx);
  await ctx.close();
  expect(page).toContain('<p>We keep little.</p>');
  expect(page).toContain('&lt;script&gt;');
  expect(terms).toContain('Be good.');
  expect(privacyPolicy).toEqual({ text: 'We keep little.\n\n<script>1</script>', updatedAt });
  expect(await set('--privacy-file', await file('empty.txt', ''))).toBe(0);
  const shown = await cli.run(['instance', 'show', '--json']);
  expect(shown.json()).toMatchObject({ privacy_policy: '', terms: 'Be good.' });
});

test('emojis are added from a picture, listed and removed', async () => {
  const picture = join(cli.data, 'cat.png');
  const png = sharp({ create: { width: 32, height: 32, channels: 4, background: 'orange' } }).png();
  await png.toFile(picture);
  expect((await cli.run(['emoji', 'add', 'blobcat', picture, '--category', 'Cats'])).code).toBe(0);
  expect(await cli.run(['emoji', 'add', 'blobcat', picture])).toMatchObject({ code: 1 });
  expect(await cli.run(['emoji', 'add', 'no-name', picture])).toMatchObject({ code: 1 });
  expect(await cli.run(['emoji', 'add', 'text', join(cli.data, 'terms.txt')])).toMatchObject({ code: 1 });
  expect(await cli.run(['emoji', 'add', 'none', '/nowhere.png'])).toMatchObject({ code: 2 });
  const listed = await cli.run(['emoji', 'list', '--json']);
  expect(listed.json()).toEqual([{ shortcode: 'blobcat', category: 'Cats' }]);
  const ctx = await createContext(loadSettings(cli.env), { mode: 'command', log: silentLogger });
  const [emoji] = await localEmojis(ctx, 'a :blobcat:');
  await ctx.close();
  expect(emoji).toMatchObject({
    shortcode: 'blobcat',
    url: expect.stringContaining('http://localhost:4999/'),
  });
  expect((await cli.run(['emoji', 'remove', 'blobcat'])).code).toBe(0);
  expect((await cli.run(['emoji', 'list'])).out).toBe('No emojis.');
});
