import { sign, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAccount } from '../../src/domain/accounts.js';
import { createKeyStore } from '../../src/domain/keys.js';
import { createPasswords } from '../../src/domain/passwords.js';
import { startInstance, type Instance } from '../support/instance.js';
import { until } from '../support/until.js';

let instance: Instance;
beforeAll(async () => {
  instance = await startInstance();
});
afterAll(() => instance.close());

let people = 0;
async function newAccountId(): Promise<string> {
  people += 1;
  return (await createAccount(instance.ctx, { username: `person${people}` })).account._id;
}

/** Another process over the same store. */
function otherStore(options: { instanceKey?: Uint8Array; ahead?: boolean } = {}) {
  const { db, ids, clock } = instance.ctx;
  return createKeyStore({ db, ids, clock, instanceKey: new Uint8Array(32), ahead: false, ...options });
}

describe('keys', () => {
  test('are made at first use, and what is signed with the one verifies with the other', async () => {
    const id = await newAccountId();
    expect(await instance.ctx.db.keyPairs.countDocuments({ accountId: id })).toBe(0);
    const published = await instance.ctx.keys.publicKeys(id);
    for (const type of ['rsa', 'ed25519'] as const) {
      const key = await instance.ctx.keys.signingKey(id, type);
      expect(key?.keyId).toBe(published?.[type].keyId);
      const data = Buffer.from('text');
      const hash = type === 'rsa' ? 'sha256' : null;
      expect(verify(hash, data, published?.[type].publicPem ?? '', sign(hash, data, key!.privateKey))).toBe(
        true,
      );
    }
  });

  test('are the same for everybody who needs them at once, in several processes', async () => {
    const id = await newAccountId();
    const stores = [otherStore(), otherStore()];
    const asked = await Promise.all([...stores, ...stores, ...stores].map((store) => store.publicKeys(id)));
    expect(new Set(asked.map((keys) => JSON.stringify(keys?.rsa.publicPem))).size).toBe(1);
    expect(await instance.ctx.db.keyPairs.countDocuments({ accountId: id })).toBe(2);
  });

  test('lie sealed: neither the clear key nor another instance key opens them', async () => {
    const id = await newAccountId();
    await otherStore().publicKeys(id);
    const stored = await instance.ctx.db.keyPairs.findOne({ accountId: id, type: 'rsa' });
    expect(stored?.sealedPrivateKey).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    const thief = otherStore({ instanceKey: new Uint8Array(32).fill(1) });
    await expect(thief.signingKey(id, 'rsa')).rejects.toThrow('cannot be unsealed');
  });

  test('cannot be passed off as those of somebody else', async () => {
    const [mallory, victim] = [await newAccountId(), await newAccountId()];
    const store = otherStore();
    await Promise.all([store.publicKeys(mallory), store.publicKeys(victim)]);
    const { db } = instance.ctx;
    const own = await db.keyPairs.findOne({ accountId: mallory, type: 'rsa' });
    const moved = { sealedPrivateKey: own?.sealedPrivateKey };
    await db.keyPairs.updateOne({ accountId: victim, type: 'rsa' }, { $set: moved });
    await expect(otherStore().signingKey(victim, 'rsa')).rejects.toThrow('is not that of');
  });

  test('of nobody, or of somebody on another server, are null', async () => {
    const id = await newAccountId();
    await instance.ctx.db.accounts.updateOne({ _id: id }, { $set: { domain: 'remote.example' } });
    expect(await otherStore().publicKeys(id)).toBeNull();
    expect(await otherStore().signingKey('404', 'ed25519')).toBeNull();
  });

  test('are made ahead in a server', async () => {
    const id = await newAccountId();
    const store = otherStore({ ahead: true });
    await store.create(id);
    await until(async () => (await instance.ctx.db.keyPairs.countDocuments({ accountId: id })) === 2);
    store.stop();
  });
});

describe('passwords', () => {
  const passwords = createPasswords();

  test('verify against their hash only, however their letters are composed', async () => {
    const hash = await passwords.hash('caf\u00e9 racer');
    expect(hash).toMatch(/^\$argon2id\$/);
    expect(await passwords.verify(hash, 'cafe\u0301 racer')).toBe(true);
    expect(await passwords.verify(hash, 'cafe racer')).toBe(false);
  });

  test('a damaged hash and an endless password are no match', async () => {
    const hash = await passwords.hash('x'.repeat(1024));
    expect(await passwords.verify('damaged', 'x')).toBe(false);
    expect(await passwords.verify(hash, 'x'.repeat(1025))).toBe(false);
  });
});
