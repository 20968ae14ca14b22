import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import request from 'supertest';
import { suspendAccount, unsuspendAccount } from '../../src/domain/staff.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';

const clock = createTestClock();
let instance: Instance;
let alice: TestUser;
let url: string;

beforeAll(async () => {
  instance = await startInstance({ clock });
  alice = await instance.createUser('alice');
  url = await upload(alice, '#0b6b57');
});
afterAll(() => instance?.close());

async function picture(background: string): Promise<Blob> {
  const png = await sharp({ create: { width: 40, height: 30, channels: 3, background } })
    .png()
    .toBuffer();
  return new Blob([new Uint8Array(png)], { type: 'image/png' });
}

async function send<T>(who: TestUser, [method, path]: [string, string], file: [string, Blob]): Promise<T> {
  const form = new FormData();
  form.set(...file, 'a.png');
  const headers = { authorization: `Bearer ${who.token}` };
  const answer = await fetch(`${instance.url}${path}`, { method, headers, body: form });
  return (await answer.json()) as T;
}

/** @returns the URL of the file */
async function upload(who: TestUser, color: string): Promise<string> {
  const made = await send<{ url: string }>(who, ['POST', '/api/v2/media'], ['file', await picture(color)]);
  return made.url;
}

describe('GET /media', () => {
  test('serves what was uploaded, as what its bytes are, and nothing in it can run', async () => {
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain('sandbox');
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect((await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).width).toBe(40);
  });

  test('parts of it', async () => {
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
    const part = await fetch(url, { headers: { range: 'bytes=2-5' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 2-5/${whole.length}`);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(2, 6));
    expect((await fetch(url, { headers: { range: `bytes=${whole.length}-` } })).status).toBe(416);
  });

  test('not again when it is known', async () => {
    const etag = (await fetch(url)).headers.get('etag') ?? '';
    // Not with fetch, which asks past every cache when it sees a condition.
    await request(instance.app).get(new URL(url).pathname).set('If-None-Match', etag).expect(304);
  });

  test.each([
    '/media/nothing.png',
    '/media/..%2f..%2fsecrets.json',
    '/media/../secrets.json',
    '/media/%00.png',
    '/media/a/b',
  ])('%s is not there', async (path) => {
    expect((await fetch(`${instance.url}${path}`)).status).toBe(404);
  });
});

describe('files of suspended accounts', () => {
  const suspend = async (who: TestUser): Promise<void> => {
    await suspendAccount(instance.ctx, 'cli', who.account);
    clock.advance({ seconds: 11 });
  };
  const unsuspend = async (who: TestUser): Promise<void> => {
    const account = await instance.ctx.db.accounts.findOne({ _id: who.account._id });
    if (account) await unsuspendAccount(instance.ctx, 'cli', account);
    clock.advance({ seconds: 11 });
  };
  const statusesOf = (urls: string[]): Promise<number[]> =>
    Promise.all(urls.map(async (each) => (await fetch(each)).status));

  test('are not to be had while they are suspended: uploads, previews, avatars, headers, parts, unchanged ones', async () => {
    const bob = await instance.createUser('bob');
    const media = await send<{ url: string; preview_url: string }>(
      bob,
      ['POST', '/api/v2/media'],
      ['file', await picture('#112233')],
    );
    type Profile = Record<'avatar' | 'avatar_static' | 'header' | 'header_static', string>;
    const update: [string, string] = ['PATCH', '/api/v1/accounts/update_credentials'];
    await send(bob, update, ['avatar', await picture('#223344')]);
    const profile = await send<Profile>(bob, update, ['header', await picture('#334455')]);
    const urls = [...new Set([media.url, media.preview_url, profile.avatar, profile.header])];
    for (const each of urls) expect(each).toContain('/media/');
    expect(await statusesOf(urls)).toEqual(urls.map(() => 200));
    const etag = (await fetch(media.url)).headers.get('etag') ?? '';

    await suspend(bob);
    expect(await statusesOf(urls)).toEqual(urls.map(() => 404));
    const gone = await fetch(media.url, { headers: { range: 'bytes=0-3' } });
    expect([gone.status, gone.headers.get('cache-control')]).toEqual([404, 'no-store']);
    await request(instance.app).get(new URL(media.url).pathname).set('If-None-Match', etag).expect(404);
    await request(instance.app).head(new URL(media.url).pathname).expect(404);
    expect(await statusesOf([url])).toEqual([200]);

    await unsuspend(bob);
    expect(await statusesOf(urls)).toEqual(urls.map(() => 200));
  });

  test('stay where somebody else, or the instance, has the same picture', async () => {
    const [carol, dave, erin] = [
      await instance.createUser('carol'),
      await instance.createUser('dave'),
      await instance.createUser('erin'),
    ];
    const shared = await upload(carol, '#445566');
    expect(await upload(dave, '#445566')).toBe(shared);
    await suspend(carol);
    expect(await statusesOf([shared])).toEqual([200]);
    await suspend(dave);
    expect(await statusesOf([shared])).toEqual([404]);
    // A file that comes again is there again, for whoever brought it.
    expect(await upload(erin, '#445566')).toBe(shared);
    clock.advance({ seconds: 11 });
    expect(await statusesOf([shared])).toEqual([200]);
    await suspend(erin);
    const path = new URL(shared).pathname.replace('/media/', '');
    await instance.ctx.db.customEmojis.insertOne({
      _id: instance.ctx.ids.next(),
      key: 'same',
      shortcode: 'same',
      domain: null,
      path,
    } as never);
    clock.advance({ seconds: 11 });
    expect(await statusesOf([shared])).toEqual([200]);
  });
});
