import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { startInstance, type Instance } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, linksOf, ok, post, type Client, type StatusJson } from './support.js';

let instance: Instance;
let asAlice: Client, asBob: Client, asNobody: Client;
let site: Server;
let origin: string;
let asked = 0;

beforeAll(async () => {
  instance = await startInstance();
  asAlice = clientOf(instance, await instance.createUser('alice'));
  asBob = clientOf(instance, await instance.createUser('bob'));
  asNobody = clientOf(instance);
  const picture = await sharp({ create: { width: 40, height: 20, channels: 3, background: 'navy' } })
    .png()
    .toBuffer();
  site = createServer((req, res) => {
    if (req.url === '/picture.png')
      return void res.writeHead(200, { 'content-type': 'image/png' }).end(picture);
    if (req.url === '/empty')
      return void res.writeHead(200, { 'content-type': 'text/html' }).end('<p>nothing</p>');
    if (req.url === '/file') return void res.writeHead(200, { 'content-type': 'application/zip' }).end('PK');
    asked += 1;
    res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    res.end(
      '<html lang="en"><title>Story</title><meta property="og:description" content="Words">' +
        '<meta property="og:image" content="/picture.png"><meta property="og:image:alt" content="Blue"></html>',
    );
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await instance.close();
  await new Promise((resolve) => site.close(resolve));
});

const read = (status: StatusJson): Promise<StatusJson> => ok(asNobody.get(`/api/v1/statuses/${status.id}`));

describe('cards', () => {
  test('show what the page behind a link says, with a copy of its picture', async () => {
    const status = await post(asAlice, `Read ${origin}/story`);
    expect(status['card']).toBeNull();
    await instance.idle();
    const seen = await read(status);
    expectEntity(seen, 'Status');
    expect(seen['card']).toMatchObject({
      url: `${origin}/story`,
      title: 'Story',
      description: 'Words',
      type: 'link',
      provider_name: '127.0.0.1',
      image: expect.stringMatching(new RegExp(`^${instance.url}/media/`)),
      image_description: 'Blue',
      width: 40,
      height: 20,
    });
  });

  test('ask a page once, however many post it', async () => {
    const before = asked;
    const status = await post(asBob, `Also ${origin}/story`);
    await instance.idle();
    expect((await read(status))['card']).toMatchObject({ title: 'Story' });
    expect(asked).toBe(before);
  });

  test.each(['/empty', '/file'])('are not there for %j', async (path) => {
    const status = await post(asAlice, `See ${origin}${path}`);
    await instance.idle();
    expect((await read(status))['card']).toBeNull();
  });

  test('are not there for what is shared with few: their links are not followed', async () => {
    const before = asked;
    const visibilities = ['private', 'direct'];
    for (const visibility of visibilities) {
      const status = await post(asAlice, { status: `@alice ${origin}/secret-${visibility}`, visibility });
      await instance.idle();
      const seen = await ok<StatusJson>(asAlice.get(`/api/v1/statuses/${status.id}`));
      expect(seen['card']).toBeNull();
    }
    expect(asked).toBe(before);
  });

  test('go with their link', async () => {
    const status = await post(asAlice, `Read ${origin}/story`);
    await instance.idle();
    await ok(asAlice.put(`/api/v1/statuses/${status.id}`, { status: 'No link' }));
    await instance.idle();
    expect((await read(status))['card']).toBeNull();
  });
});

describe('trends', () => {
  test('hashtags that more than one person uses', async () => {
    for (const client of [asAlice, asBob]) await post(client, '#Regatta today');
    await post(asAlice, '#alone #alone');
    await instance.idle();
    for (const path of ['/api/v1/trends', '/api/v1/trends/tags']) {
      const tags = await ok<{ name: string }[]>(asNobody.get(path));
      expectEntities(tags, 'Tag');
      expect(tags.map((t) => t.name)).toEqual(['regatta']);
    }
    expect(await ok(asAlice.get('/api/v1/trends/tags'))).toMatchObject([{ following: false }]);
  });

  test('links that more than one person posts, and those posts', async () => {
    const links = await ok<{ url: string; history: { accounts: string }[] }[]>(
      asNobody.get('/api/v1/trends/links'),
    );
    expectEntities(links, 'Trends::Link');
    expect(links).toMatchObject([
      { url: `${origin}/story`, history: [{ accounts: '2' }, {}, {}, {}, {}, {}, {}] },
    ]);
    const posts = await ok(asNobody.get('/api/v1/timelines/link', { url: `${origin}/story` }));
    expectEntities(posts, 'Status', 2);
  });

  test('posts that several people took up, by offset', async () => {
    const [first, second] = [await post(asAlice, 'Good'), await post(asAlice, 'Better')];
    for (const client of [asAlice, asBob]) {
      await ok(client.post(`/api/v1/statuses/${first.id}/favourite`));
      await ok(client.post(`/api/v1/statuses/${second.id}/favourite`));
    }
    await ok(asBob.post(`/api/v1/statuses/${second.id}/reblog`));
    await instance.idle();
    const page = await asNobody.get('/api/v1/trends/statuses', { limit: 1 });
    expectEntities(page.body, 'Status');
    expect(page.body).toMatchObject([{ id: second.id }]);
    expect(linksOf(page)['next']?.get('offset')).toBe('1');
    expect(await ok(asNobody.get('/api/v1/trends/statuses', { limit: 1, offset: 1 }))).toMatchObject([
      { id: first.id },
    ]);
    const me = await ok<{ id: string }>(asAlice.get('/api/v1/accounts/verify_credentials'));
    await ok(asBob.post(`/api/v1/accounts/${me.id}/mute`));
    expect(await ok(asBob.get('/api/v1/trends/statuses'))).toEqual([]);
    await ok(asAlice.patch('/api/v1/accounts/update_credentials', { discoverable: false }));
    expect(await ok(asNobody.get('/api/v1/trends/statuses'))).toEqual([]);
  });
});
