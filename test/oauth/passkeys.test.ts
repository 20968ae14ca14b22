import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { resetFactors } from '../../src/domain/second-factor/factors.js';
import { cbor, createAuthenticator, type Bent } from '../support/authenticator.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance } from '../support/instance.js';
import { attributeOf, optionsOf, passkeyKit, type PasskeyKit } from './passkey-kit.js';
import { formOf, password } from './support.js';

const clock = createTestClock();
let instance: Instance;
let kit: PasskeyKit;

beforeAll(async () => {
  instance = await startInstance({ testMode: false, clock });
  kit = passkeyKit(instance);
});
afterAll(() => instance?.close());
// Each test finds the counters of addresses as good as new.
beforeEach(() => clock.advance({ minutes: 10 }));

const settings = '/auth/settings/passkeys';
const stored = (userId: string) => instance.ctx.db.passkeys.find({ userId }).toArray();

describe('adding a passkey', () => {
  test('takes the password and a ceremony, and gives recovery codes the first time', async () => {
    const { user } = await instance.createUser('alice', { password });
    const agent = await kit.signedIn('alice');
    const page = await agent.get(settings).expect(200);
    const options = JSON.parse(optionsOf(page.text, 'create')) as Record<string, unknown>;
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: expect.stringMatching(/^alice@localhost/) },
      attestation: 'none',
      authenticatorSelection: { userVerification: 'required' },
    });
    const key = createAuthenticator(instance.url);
    const added = await kit.add(agent, key, { name: '  My\n phone ' });
    expect(added.text.match(/<code class="code">[a-z0-9]{4}(-[a-z0-9]{4}){3}</g)).toHaveLength(10);
    const [passkey] = await stored(user._id);
    expect(passkey).toMatchObject({
      name: 'My phone',
      credentialId: key.credentialId,
      rpId: 'localhost',
      counter: 1,
    });
    const second = createAuthenticator(instance.url);
    expect((await kit.add(agent, second, { name: 'Key ring' })).status).toBe(302);
    const list = await agent.get(settings);
    expect(list.text).toContain('My phone');
    expect(list.text).toContain('Key ring');
    const known = JSON.parse(optionsOf(list.text, 'create')) as { excludeCredentials: { id: string }[] };
    expect(known.excludeCredentials.map((c) => c.id)).toEqual([key.credentialId, second.credentialId]);
    expect((await agent.get('/auth/settings')).text).toContain('2 passkeys can sign in. 10 recovery codes');
  });

  test('refuses what is bent, and stores nothing', async () => {
    const { user } = await instance.createUser('bella', { password });
    const agent = await kit.signedIn('bella');
    const x5c: Bent['attestation'] = {
      format: 'packed',
      statement: cbor.map([[cbor.text('x5c'), cbor.map([])]]),
    };
    const bends: Bent[] = [
      { origin: 'https://evil.example' },
      { origin: instance.url.replace('localhost', '127.0.0.1') },
      { rpId: 'evil.example' },
      { challenge: Buffer.alloc(32).toString('base64url') },
      { type: 'webauthn.get' },
      { flags: 64 },
      { flags: 64 | 1 },
      { flags: 64 | 4 },
      { crossOrigin: true },
      { algorithm: -65535 },
      { algorithm: -47 },
      { attestation: x5c },
      { attestation: { format: 'fido-u2f', statement: cbor.map([]) } },
    ];
    for (const bent of bends) {
      const res = await kit.add(agent, createAuthenticator(instance.url), { bent });
      expect([bent, res.status]).toEqual([bent, 422]);
    }
    for (const passkey of [
      '',
      '{}',
      'null',
      '[1]',
      '{"id":"a","rawId":"a","type":"public-key","response":{}}',
    ])
      expect((await kit.add(agent, null, { passkey })).status).toBe(422);
    expect((await kit.add(agent, createAuthenticator(instance.url), { given: 'wrong' })).status).toBe(422);
    expect(await stored(user._id)).toEqual([]);
    expect((await agent.get('/auth/settings')).text).toContain('Only your password');
  });

  test('a challenge works once, in its own session, for ten minutes', async () => {
    const { user } = await instance.createUser('clara', { password });
    const [first, second] = [await kit.signedIn('clara'), await kit.signedIn('clara')];
    const page = (await first.get(settings)).text;
    const other = (await second.get(settings)).text;
    const stolen = createAuthenticator(instance.url).create(optionsOf(page, 'create'));
    expect((await kit.send(second, other, { passkey: stolen, password, name: 'x' })).status).toBe(422);
    const key = createAuthenticator(instance.url);
    const answer = key.create(optionsOf(page, 'create'));
    const sent = await Promise.all([1, 2].map(() => kit.send(first, page, { passkey: answer, password })));
    expect(sent.map((res) => res.status).sort()).toEqual([200, 422]);
    const late = (await first.get(settings)).text;
    clock.advance({ minutes: 10, seconds: 1 });
    const tooLate = createAuthenticator(instance.url).create(optionsOf(late, 'create'));
    expect((await kit.send(first, late, { passkey: tooLate, password })).status).toBe(422);
    expect(await stored(user._id)).toHaveLength(1);
  });
});

describe('signing in with a passkey', () => {
  test('takes the password first, then a signature, and the counter is kept', async () => {
    const { user, key } = await kit.enrolled('dina');
    const step = await kit.asked('dina');
    expect(step.text).toContain('Use your passkey');
    expect(JSON.parse(optionsOf(step.text, 'get'))).toMatchObject({
      rpId: 'localhost',
      userVerification: 'required',
      allowCredentials: [{ id: key.credentialId }],
    });
    const done = await kit.send(step.agent, step.text, { passkey: key.get(optionsOf(step.text, 'get')) });
    expect(done.status).toBe(302);
    expect((await step.agent.get('/auth/settings')).status).toBe(200);
    const [passkey] = await stored(user._id);
    expect(passkey).toMatchObject({ counter: 2, lastUsedAt: clock.now().toISOString() });
  });

  test('the page allows its script by a nonce, and nothing else', async () => {
    await kit.enrolled('emma');
    const step = await kit.asked('emma');
    const policy = String(step.headers['content-security-policy']);
    const nonce = /script-src 'nonce-([\w-]{22})'$/.exec(policy)?.[1];
    expect(policy).toContain("default-src 'none'");
    expect(attributeOf(step.text, 'script', 'nonce')).toBe(nonce);
    const script = await step.agent.get(attributeOf(step.text, 'script', 'src')).expect(200);
    expect(script.headers['content-type']).toMatch(/^(text|application)\/javascript/);
    const again = await kit.asked('emma');
    expect(attributeOf(again.text, 'script', 'nonce')).not.toBe(nonce);
    const plain = await step.agent.get('/auth/sign_in');
    expect(plain.headers['content-security-policy']).not.toContain('script-src');
  });

  test('a key of before the server had this name is not asked for, and recovery codes help', async () => {
    const { user, recovery } = await kit.enrolled('flora');
    await instance.ctx.db.passkeys.updateMany({ userId: user._id }, { $set: { rpId: 'old.example' } });
    const step = await kit.asked('flora');
    expect(step.text).not.toContain('data-passkey="get"');
    expect((await kit.send(step.agent, step.text, { code: recovery[0]! })).status).toBe(302);
    expect((await step.agent.get(settings)).text).toContain('for old.example only');
  });

  test('codes of an app that were never proven are worth nothing beside it', async () => {
    const { agent } = await kit.enrolled('gina');
    await agent.get('/auth/settings/second_factor').expect(200);
    const step = await kit.asked('gina');
    expect(step.text).toContain('one of your recovery codes');
    expect((await kit.send(step.agent, step.text, { code: '000000' })).status).toBe(401);
  });
});

describe('removing a passkey', () => {
  test('takes the password and a second factor; without the last one the password is enough', async () => {
    const { user, key, agent, recovery } = await kit.enrolled('hanna');
    const [passkey] = await stored(user._id);
    const path = `${settings}/${passkey!._id}`;
    const { text } = await agent.get(path).expect(200);
    const refusals = [
      { password, code: '' },
      { password, code: 'aaaa-bbbb-cccc-dddd' },
      { password: 'wrong', code: recovery[0]! },
      { password, passkey: key.get(optionsOf(text, 'get'), { origin: 'https://evil.example' }) },
    ];
    for (const fields of refusals) expect((await kit.send(agent, text, fields)).status).toBe(422);
    const fresh = (await agent.get(path)).text;
    const sent = await kit.send(agent, fresh, { password, passkey: key.get(optionsOf(fresh, 'get')) });
    expect(sent.headers['location']).toBe(settings);
    expect(await stored(user._id)).toEqual([]);
    expect(await instance.ctx.db.secondFactors.findOne({ userId: user._id })).toBeNull();
    await kit.signedIn('hanna');
  });

  test('of somebody else is not there', async () => {
    const { user } = await kit.enrolled('ida');
    const { agent, recovery } = await kit.enrolled('jana');
    const [passkey] = await stored(user._id);
    await agent.get(`${settings}/${passkey!._id}`).expect(404);
    const { fields } = formOf((await agent.get(settings)).text);
    await agent
      .post(`${settings}/${passkey!._id}`)
      .type('form')
      .send({ ...fields, password, code: recovery[0] })
      .expect(404);
    expect(await stored(user._id)).toHaveLength(1);
  });

  test('the staff can, for those who lost all: everything ends, and it is on record', async () => {
    const { user, account, agent } = await kit.enrolled('kira');
    const had = await resetFactors(instance.ctx, 'console:test', { account, user });
    expect(had).toEqual({ codes: false, passkeys: 1 });
    const [entry] = await instance.ctx.db.audit.find({}).sort({ sequence: -1 }).limit(1).toArray();
    expect(entry).toMatchObject({
      action: 'account.second_factor_reset',
      actor: 'console:test',
      target: 'kira',
    });
    await agent.get(settings).expect(302);
    await kit.signedIn('kira');
  });
});

test('another key than the one that was registered signs nothing', async () => {
  const { key } = await kit.enrolled('lena');
  const step = await kit.asked('lena');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const forged = key.get(optionsOf(step.text, 'get'), { key: other });
  expect((await kit.send(step.agent, step.text, { passkey: forged })).status).toBe(401);
});
