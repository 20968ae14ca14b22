import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import { storeKeys } from '../../src/domain/remote/actor-keys.js';
import { ingestActor } from '../../src/domain/remote/actors.js';
import { parseActor } from '../../federation/vocabulary/actor.js';
import { startInstance, type Instance } from '../support/instance.js';

let home: Instance;
beforeAll(async () => {
  home = await startInstance();
});
afterAll(() => home.close());

const pem = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString();

function actorOf(name: string, keyName: string): JsonObject {
  const id = `https://away.example/users/${name}`;
  return {
    id,
    type: 'Person',
    preferredUsername: name,
    inbox: `${id}/inbox`,
    publicKey: { id: `${id}#${keyName}`, owner: id, publicKeyPem: pem() },
  };
}

const namesOf = async (owner: unknown): Promise<(string | undefined)[]> =>
  (await home.ctx.db.remoteKeys.find({ owner: String(owner) }).toArray()).map(
    (key) => key.keyId.split('#')[1],
  );

test('a key that an actor no longer lists is forgotten', async () => {
  const { id } = actorOf('ann', 'first');
  expect(await ingestActor(home.ctx, actorOf('ann', 'first'))).not.toBeNull();
  expect(await namesOf(id)).toEqual(['first']);
  await ingestActor(home.ctx, actorOf('ann', 'second'));
  expect(await namesOf(id)).toEqual(['second']);
});

test('so is one that was left over when an actor is met for the first time', async () => {
  const before = parseActor(actorOf('bea', 'old'));
  if ('invalid' in before) throw new Error(before.invalid);
  await storeKeys(home.ctx, before);
  await ingestActor(home.ctx, actorOf('bea', 'new'));
  expect(await namesOf(before.id)).toEqual(['new']);
});
