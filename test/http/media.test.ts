import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import request from 'supertest';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';

let instance: Instance;
let alice: TestUser;
let url: string;

beforeAll(async () => {
  instance = await startInstance();
  alice = await instance.createUser('alice');
  const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#0b6b57' } })
    .png()
    .toBuffer();
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(png)], { type: 'image/png' }), 'a.png');
  const answer = await fetch(`${instance.url}/api/v2/media`, {
    method: 'POST',
    headers: { authorization: `Bearer ${alice.token}` },
    body: form,
  });
  url = ((await answer.json()) as { url: string }).url;
});
afterAll(() => instance?.close());

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
