import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Bent } from '../support/authenticator.js';
import { optionsOf } from '../oauth/passkey-kit.js';
import { openDoor, type Door } from './door-kit.js';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door?.close());
beforeEach(() => door.clock.advance({ hours: 2 }));

test('#258 WEBAUTHN', async () => {
  const { user, key } = await door.withPasskey('wanda');
  const { key: foreign } = await door.withPasskey('mallory');
  const stored = () => door.us.ctx.db.passkeys.findOne({ credentialId: key.credentialId });
  const sessions = () => door.us.ctx.db.webSessions.countDocuments({ userId: user._id });
  const [before, signedIn] = [await stored(), await sessions()];
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const { port } = new URL(door.us.url);
  const bends: Bent[] = [
    { origin: 'https://evil.example' },
    { origin: 'http://localhost' },
    { origin: `http://localhost.evil.example:${port}` },
    { origin: `https://localhost:${port}` },
    { rpId: 'evil.example' },
    { challenge: Buffer.alloc(32, 1).toString('base64url') },
    { type: 'webauthn.create' },
    { flags: 0 },
    { flags: 1 },
    { flags: 4 },
    { counter: 1 },
    { counter: 0 },
    { key: other },
    { credentialId: foreign.credentialId },
    { credentialId: 'AAAA' },
    { userHandle: Buffer.from('1').toString('base64url') },
    { crossOrigin: true },
  ];
  const agent = door.browser();
  let page = (await door.attempt(agent, 'wanda')).text;
  for (const bent of bends) {
    // Each with a challenge of its own, and waiting as a patient guesser would.
    door.clock.advance({ hours: 1 });
    page = (await door.attempt(agent, 'wanda')).text;
    const answer = await door.send(agent, page, { passkey: key.get(optionsOf(page, 'get'), bent) });
    expect([bent, answer.status]).toEqual([bent, 401]);
  }
  // The passkey of another person signs for this one, with a challenge that is still good.
  door.clock.advance({ hours: 1 });
  page = (await door.attempt(agent, 'wanda')).text;
  const theirs = foreign.get(optionsOf(page, 'get'), { userHandle: null });
  expect((await door.send(agent, page, { passkey: theirs })).status).toBe(401);
  for (const passkey of ['{', '[]', '{"id":{}}', JSON.stringify({ id: 'x'.repeat(15_000) })])
    expect((await door.send(agent, page, { passkey })).status).toBe(401);
  expect(await stored()).toEqual(before);
  expect(await sessions()).toBe(signedIn);

  // A challenge of one browser is worth nothing in another, works once, and not for long.
  door.clock.advance({ hours: 2 });
  page = (await door.attempt(agent, 'wanda')).text;
  const elsewhere = door.browser();
  const theirPage = (await door.attempt(elsewhere, 'wanda')).text;
  const answer = key.get(optionsOf(page, 'get'));
  expect((await door.send(elsewhere, theirPage, { passkey: answer })).status).toBe(401);
  const twice = await Promise.all([1, 2].map(() => door.send(agent, page, { passkey: answer })));
  expect(twice.map((res) => res.status).sort()).toEqual([302, 401]);
  expect((await door.send(agent, page, { passkey: answer })).status).toBe(401);
  const used = await stored();
  expect([used?.counter === before?.counter, used?.lastUsedAt]).toEqual([
    false,
    door.clock.now().toISOString(),
  ]);
  page = (await door.attempt(elsewhere, 'wanda')).text;
  door.clock.advance({ minutes: 10, seconds: 1 });
  const entered = await sessions();
  const late = await door.send(elsewhere, page, { passkey: key.get(optionsOf(page, 'get')) });
  expect([late.headers['location'], await sessions()]).toEqual(['/auth/sign_in', entered]);
});
