import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client } from './support.js';

let instance: Instance;
let asNobody: Client;

beforeAll(async () => {
  instance = await startInstance();
  const owner = await instance.createUser('owner', { role: 'owner' });
  await post(clientOf(instance, owner), 'First');
  asNobody = clientOf(instance);
});
afterAll(() => instance.close());

describe('the instance', () => {
  test('describes itself in the new form', async () => {
    const v2 = await ok<Record<string, unknown>>(asNobody.get('/api/v2/instance'));
    expectEntity(v2, 'Instance');
    expect(v2).toMatchObject({
      domain: new URL(instance.url).host,
      version: expect.stringMatching(/^4\.5\.\d+ \(compatible; Landfall \d+\.\d+\.\d+\)$/),
      configuration: {
        urls: { streaming: instance.url.replace('http', 'ws') },
        statuses: { max_characters: 5000, max_media_attachments: 4, characters_reserved_per_url: 23 },
      },
      registrations: { enabled: true, approval_required: false },
      contact: { email: '', account: { acct: 'owner' } },
      usage: { users: { active_month: 1 } },
    });
    const { url } = v2['thumbnail'] as { url: string };
    expect((await asNobody.get(new URL(url).pathname)).type).toBe('image/png');
    for (const { src } of v2['icon'] as { src: string }[])
      expect((await asNobody.get(new URL(src).pathname)).status).toBe(200);
  });

  test('and in the old one', async () => {
    const v1 = await ok(asNobody.get('/api/v1/instance'));
    expectEntity(v1, 'V1::Instance');
    expect(v1).toMatchObject({
      uri: new URL(instance.url).host,
      stats: { user_count: 1, status_count: 1, domain_count: 0 },
      registrations: true,
    });
  });

  test('rules, contact and limits are the operator’s', async () => {
    const rules = [{ id: '1', text: 'Be kind', hint: '' }];
    await instance.ctx.db.instance.updateOne({ _id: '1' }, { $set: { rules, title: 'Harbour' } });
    expectEntities(await ok(asNobody.get('/api/v1/instance/rules')), 'Rule');
    expect(await ok(asNobody.get('/api/v2/instance'))).toMatchObject({
      title: 'Harbour',
      rules: [{ id: '1', text: 'Be kind' }],
    });
  });

  test('blocked domains are named as the operator wants', async () => {
    const { db } = instance.ctx;
    const rule = {
      rejectMedia: false,
      rejectReports: false,
      privateComment: 'x',
      createdAt: '2025-01-01T00:00:00.000Z',
    };
    await db.domainRules.insertMany([
      {
        ...rule,
        _id: '1',
        domain: 'spam.example',
        severity: 'suspend',
        publicComment: 'Spam',
        obfuscate: true,
      },
      {
        ...rule,
        _id: '2',
        domain: 'loud.example',
        severity: 'silence',
        publicComment: null,
        obfuscate: false,
      },
      { ...rule, _id: '3', domain: 'fine.example', severity: 'noop', publicComment: null, obfuscate: false },
    ]);
    const blocks = await ok<{ domain: string }[]>(asNobody.get('/api/v1/instance/domain_blocks'));
    expectEntities(blocks, 'DomainBlock', 2);
    expect(blocks.map((b) => b.domain).sort()).toEqual(['loud.example', 's*a*.*x*m*l*']);
    expect(JSON.stringify(blocks)).not.toContain('"x"');
  });

  test('the rest of what clients ask at start', async () => {
    expectEntities(await ok(asNobody.get('/api/v1/instance/languages')), 'Language', 100);
    expectEntities(await ok(asNobody.get('/api/v1/instance/activity')), 'InstanceActivityWeek', 12);
    expect(await ok(asNobody.get('/api/v1/instance/peers'))).toEqual([]);
    expectEntity(await ok(asNobody.get('/api/v1/instance/extended_description')), 'ExtendedDescription');
    expectEntity(await ok(asNobody.get('/api/v1/instance/translation_languages')), 'TranslationLanguages');
    expect(await ok(asNobody.get('/api/v1/custom_emojis'))).toEqual([]);
  });

  test('texts that nobody wrote are not there, until somebody does', async () => {
    for (const name of ['privacy_policy', 'terms_of_service'])
      await refused(asNobody.get(`/api/v1/instance/${name}`), 404);
    const text = { text: 'We keep little.', updatedAt: '2025-02-03T04:05:06.000Z' };
    await instance.ctx.db.instance.updateOne({ _id: '1' }, { $set: { privacyPolicy: text, terms: text } });
    const policy = await ok(asNobody.get('/api/v1/instance/privacy_policy'));
    expectEntity(policy, 'PrivacyPolicy');
    expect(policy).toMatchObject({ content: '<p>We keep little.</p>' });
    expectEntity(await ok(asNobody.get('/api/v1/instance/terms_of_service')), 'TermsOfService');
    expectEntity(await ok(asNobody.get('/api/v1/instance/terms_of_service/2025-02-03')), 'TermsOfService');
    await refused(asNobody.get('/api/v1/instance/terms_of_service/2020-01-01'), 404);
  });

  test('custom emojis are for the picker', async () => {
    await instance.ctx.db.customEmojis.insertOne({
      _id: '1',
      shortcode: 'wave',
      domain: null,
      key: 'wave',
      path: 'aa/bb/wave.png',
      staticPath: null,
      remoteUrl: null,
      category: 'Sea',
      visibleInPicker: true,
      disabled: false,
      updatedAt: '2025-01-01T00:00:00.000Z',
    });
    const emojis = await ok(asNobody.get('/api/v1/custom_emojis'));
    expectEntities(emojis, 'CustomEmoji');
    expect(emojis).toMatchObject([
      { shortcode: 'wave', category: 'Sea', url: `${instance.url}/media/aa/bb/wave.png` },
    ]);
  });

  test('what is not there is 404 in JSON, for clients fall back on it', async () => {
    await refused(asNobody.get('/api/v1/annual_reports'), 404);
    await refused(asNobody.get('/api/v9/nothing').set('Accept', 'text/html'), 404);
  });
});
