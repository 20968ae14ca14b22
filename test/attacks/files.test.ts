import { mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { deleteAccount } from '../../src/domain/deletion.js';
import { createSteps, sweepOnce } from '../../src/jobs/sweep.js';
import { createClient } from '../support/client.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { raw, startHost, type Answer } from './kit.js';

/** Files as they lie on the disk and are served: what cannot be asked for, and what happens where the disk fails. */

const clock = createTestClock();
/** Where the sweep of files that nobody has begins: tests say. */
let random = 0.5;
let us: Instance;
let bob: TestUser;
beforeAll(async () => {
  us = await startInstance({ clock, random: () => random });
  bob = await us.createUser('bob');
});
afterAll(() => us?.close());

interface Uploaded {
  id: string;
  url: string;
  preview_url: string;
}

/** One of a kind each time: files are named by their content. */
let shade = 0;
const picture = (): Promise<Buffer> =>
  sharp({ create: { width: 40, height: 30, channels: 3, background: { r: (shade += 1), g: 9, b: 99 } } })
    .png()
    .toBuffer();

async function send(file: Buffer, { who = bob, query = '' } = {}): Promise<Response> {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(file)], { type: 'image/png' }), 'a.png');
  const headers = { authorization: `Bearer ${who.token}` };
  return fetch(`${us.url}/api/v2/media${query}`, { method: 'POST', headers, body: form });
}
const upload = async (who = bob): Promise<Uploaded> =>
  (await (await send(await picture(), { who })).json()) as Uploaded;
const read = (path: string, lines: [string, string][] = []): Promise<Answer> =>
  raw({ us }, { method: 'GET', path, lines });
const pathOf = (url: string): string => new URL(url).pathname;
const diskPathOf = (url: string): string =>
  join(us.settings.data, 'media', pathOf(url).replace(/^\/media\//, ''));
const stored = async (): Promise<string[]> =>
  (await readdir(join(us.settings.data, 'media'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();

test('#231 MED_PROXY', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const other = await startHost((req, res) => {
    seen.push(req.headers);
    if (req.url === '/a.png') return void picture().then((file) => res.writeHead(200).end(file));
    res
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<title>x</title><meta property="og:image" content="${other.origin}/a.png">`);
  });
  try {
    // Nothing here fetches what a stranger names.
    const target = encodeURIComponent(`${other.origin}/secret.png`);
    for (const path of [
      `/proxy?url=${target}`,
      `/media_proxy/1/original?url=${target}`,
      `/proxy/${target}`,
      `/media/${target}`,
      `/media/remote/media/1-abc`,
      `/media/?url=${target}`,
      `/files/proxy/image.webp?url=${target}`,
      `/api/v1/media_proxy/${Buffer.from(`${other.origin}/x`).toString('base64url')}`,
      `/api/v1/proxy?url=${target}`,
    ]) {
      const { status, headers } = await read(path);
      // `/proxy` is a POST of those who have an account here, to read documents.
      expect([path, [404, 405].includes(status), headers['location']]).toEqual([path, true, undefined]);
    }
    expect(other.asked).toEqual([]);
    // Whose picture is fetched, by the server and for all, hears nothing of the client that caused it.
    const secrets = {
      cookie: 'landfall=clientcookie',
      'user-agent': 'client-agent',
      referer: 'http://client.example/',
    };
    const headers = { ...secrets, 'x-forwarded-for': '203.0.113.77', authorization: `Bearer ${bob.token}` };
    const body = JSON.stringify({ status: `Look: ${other.origin}/page` });
    const json = { 'content-type': 'application/json' };
    await fetch(`${us.url}/api/v1/statuses`, { method: 'POST', headers: { ...headers, ...json }, body });
    await us.idle();
    expect(other.asked).toEqual(['/page', '/a.png']);
    for (const given of seen)
      for (const word of ['clientcookie', 'client-agent', 'client.example', '203.0.113.77', bob.token])
        expect([word, JSON.stringify(given).includes(word)]).toEqual([word, false]);
  } finally {
    await other.close();
  }
  // Parts: one, or the whole; never a thousand.
  const media = pathOf((await upload()).url);
  const whole = await read(media);
  for (const range of [
    `bytes=${'0-,'.repeat(1000)}0-`,
    'bytes=0-1,3-4',
    'bytes=a-b',
    'bits=0-1',
    `bytes=0-${'9'.repeat(400)}`,
  ]) {
    const { status, body, headers } = await read(media, [['Range', range]]);
    expect([range.slice(0, 20), [200, 206].includes(status), body]).toEqual([
      range.slice(0, 20),
      true,
      whole.body,
    ]);
    expect(headers['content-type']).toBe('image/png');
  }
  expect((await read(media, [['Range', 'bytes=999999-']])).status).toBe(416);
  expect(whole.headers).toMatchObject({
    'content-security-policy': expect.stringContaining('sandbox'),
    'x-content-type-options': 'nosniff',
  });
});

test('#232 MED_PARAM', async () => {
  const { url } = await upload();
  const whole = await read(pathOf(url));
  const before = await stored();
  for (const query of [
    'size=1e9',
    'width=100000&height=100000',
    'format=../../x',
    'format=svg',
    'file_type=jpg&url=http://169.254.169.254/',
    'thumbnail=1&process=rm%20-rf',
    'quality=-1',
    'w[]=1&w[]=2',
    'Content-Type=text/html',
    'response-content-type=text/html&response-content-disposition=attachment',
  ]) {
    const { status, body, headers } = await read(`${pathOf(url)}?${query}`);
    expect([query, status, headers['content-type'], body === whole.body]).toEqual([
      query,
      200,
      'image/png',
      true,
    ]);
  }
  for (const path of [
    `${pathOf(url)};size=9`,
    `${pathOf(url)}/resize/100`,
    `${pathOf(url)}@2x`,
    pathOf(url).replace('/media/', '/media/small/'),
    pathOf(url).replace('.png', '.webp'),
    pathOf(url).replace('.png', '.html'),
  ])
    expect([path, (await read(path)).status]).toEqual([path, 404]);
  // Nor where it is made: the variants are ours to choose.
  const file = await picture();
  const bent = (await (
    await send(file, { query: '?size=1e9&format=../../x&file_type=svg&preview=999999' })
  ).json()) as Uploaded & { meta: { original: { width: number } } };
  expect([bent.url.endsWith('.png'), bent.meta.original.width]).toEqual([true, 40]);
  for (const name of await stored())
    expect([name, /^[0-9a-f]{64}\.(png|webp|jpg)$/.test(name)]).toEqual([name, true]);
  expect(before.every((name) => /^[0-9a-f]{64}\./.test(name))).toBe(true);
});

test('#369 S_MEDIA_DOWN', async () => {
  const { db, files } = us.ctx;
  const folder = join(us.settings.data, 'media');
  const client = createClient(us.url, bob.token);
  const kept = await upload();
  const status = await client.post<{ id: string }>('/api/v1/statuses', { status: 'x', media_ids: [kept.id] });
  const before = await db.media.countDocuments({});
  // The disk with the files is gone, then there is something else in its place.
  await rename(folder, `${folder}-away`);
  for (const inItsPlace of [async () => undefined, () => writeFile(folder, 'no folder')]) {
    await inItsPlace();
    for (let i = 0; i < 2; i++) expect((await send(await picture())).status).toBeGreaterThanOrEqual(500);
    expect((await read(pathOf(kept.url))).status).toBe(404);
    // Words go on.
    expect(await client.statusOf(`/api/v1/statuses/${status.id}`)).toBe(200);
    await client.post('/api/v1/statuses', { status: 'Without a picture' });
  }
  await rm(folder);
  await rename(`${folder}-away`, folder);
  clock.advance({ seconds: 11 });
  expect(await db.media.countDocuments({})).toBe(before);
  expect((await read(pathOf(kept.url))).status).toBe(200);
  expect((await send(await picture())).status).toBe(200);

  // A write that breaks off after some of it: nothing is told, nothing is kept, whatever part of the upload it was.
  const { put } = files;
  for (const failing of [1, 2]) {
    let writes = 0;
    files.put = async (path, data) => {
      if ((writes += 1) === failing) throw Object.assign(new Error('i/o error'), { code: 'EIO' });
      return put(path, data);
    };
    const large = await sharp({
      create: { width: 1200, height: 900, channels: 3, background: { r: failing, g: 1, b: 1 } },
    })
      .png()
      .toBuffer();
    const answer = await send(large);
    files.put = put;
    expect([failing, answer.status, await db.media.countDocuments({ bytes: large.length })]).toEqual([
      failing,
      503,
      0,
    ]);
    // It can be sent again.
    expect([failing, (await send(large)).status]).toEqual([failing, 200]);
  }

  // What could not be removed is not shown, and removed later.
  const leaver = await us.createUser('leaver');
  const theirs = await upload(leaver);
  const { remove } = files;
  files.remove = async () => {
    throw Object.assign(new Error('i/o error'), { code: 'EIO' });
  };
  await deleteAccount(us.ctx, leaver.account);
  await us.idle();
  expect(await db.media.countDocuments({ accountId: leaver.account._id })).toBe(0);
  files.remove = remove;
  clock.advance({ seconds: 11 });
  expect((await read(pathOf(theirs.url))).status).toBe(404);
  const name = diskPathOf(theirs.url).split('/').at(-1) ?? '';
  expect(await stored()).toContain(name);
  // Files that came to no document, of this and of another folder.
  const folders = [pathOf(theirs.url), pathOf(kept.url)].map((path) => dirname(path).replace('/media/', ''));
  const lost = `${folders[0]}/${'0'.repeat(64)}.png`;
  await mkdir(join(folder, folders[0] ?? ''), { recursive: true });
  await writeFile(join(folder, lost), 'half an upload');
  const sweepAt = async (at = ''): Promise<void> => {
    random = (parseInt(at.replace('/', ''), 16) + 0.5) / 0x1_0000;
    await sweepOnce(us.ctx, createSteps());
  };
  for (const at of folders) await sweepAt(at);
  // Whoever stores one may not have said yet what it belongs to.
  expect(await stored()).toEqual(expect.arrayContaining([name, `${'0'.repeat(64)}.png`]));
  const longAgo = new Date(Date.now() - 2 * 86_400_000);
  for (const path of [diskPathOf(theirs.url), diskPathOf(kept.url), join(folder, lost)])
    await utimes(path, longAgo, longAgo);
  for (const at of folders) await sweepAt(at);
  const left = await stored();
  expect([left.includes(name), left.includes(`${'0'.repeat(64)}.png`)]).toEqual([false, false]);
  expect((await read(pathOf(kept.url))).status).toBe(200);
});
