import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance } from '../support/instance.js';
import { expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client } from './support.js';

let instance: Instance;
let asAlice: Client, asNobody: Client;

beforeAll(async () => {
  instance = await startInstance();
  asAlice = clientOf(instance, await instance.createUser('alice'));
  asNobody = clientOf(instance);
});
afterAll(() => instance.close());

describe('the profile as it is edited', () => {
  test('has texts as typed, and no picture where there is none', async () => {
    await ok(asAlice.patch('/api/v1/accounts/update_credentials', { note: 'Hi <b>', display_name: 'Al' }));
    const profile = await ok(asAlice.get('/api/v1/profile'));
    expectEntity(profile, 'Profile');
    expect(profile).toMatchObject({
      display_name: 'Al',
      note: 'Hi <b>',
      formatted_note: '<p>Hi &lt;b&gt;</p>',
      avatar: null,
      show_media: true,
    });
  });

  test('is changed with PATCH and PUT', async () => {
    expect(await ok(asAlice.patch('/api/v1/profile', { show_media: false, note: 'New' }))).toMatchObject({
      note: 'New',
      show_media: false,
      show_featured: true,
      display_name: 'Al',
    });
    expect(await ok(asAlice.get('/api/v1/accounts/verify_credentials'))).toMatchObject({ show_media: false });
    await refused(asNobody.get('/api/v1/profile'), 401);
  });
});

describe('oEmbed', () => {
  test('quotes a public post for other sites', async () => {
    const status = await post(asAlice, 'Embed <me>');
    const embed = await ok<{ html: string }>(asNobody.get('/api/oembed', { url: status['url'] }));
    expectEntity(embed, 'OEmbed');
    expect(embed.html).toContain('Embed &lt;me&gt;');
    const secret = await post(asAlice, { status: 'No', visibility: 'private' });
    await refused(asNobody.get('/api/oembed', { url: secret['url'] }), 404);
    await refused(asNobody.get('/api/oembed', { url: 'https://elsewhere.example/@a/1' }), 404);
    await refused(asNobody.get('/api/oembed'), 400);
  });
});

test('peers are found by a part of their name', async () => {
  expect(await ok(asNobody.get('/api/v1/peers/search', { q: 'exa' }))).toEqual([]);
  await refused(asNobody.get('/api/v1/peers/search'), 400);
});

test('whether the e-mail address is confirmed is a bare boolean', async () => {
  expect(await ok(asAlice.get('/api/v1/emails/check_confirmation'))).toBe(true);
});
