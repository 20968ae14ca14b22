import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import {
  activityOf,
  createOf,
  deliver,
  nextId,
  noteOf,
  post,
  Public,
  startHost,
  startScene,
  unchanged,
  untouched,
  type Scene,
  type Status,
} from './kit.js';

let s: Scene;
let own: Status;
beforeAll(async () => {
  s = await startScene();
  own = await s.bob.client.post<Status>('/api/v1/statuses', { status: 'Boosted' });
  await deliver(s, { type: 'Announce', object: own.uri, to: [Public] }, { by: s.alice });
});
afterAll(() => s?.close());

const signature = (creator: string): JsonObject => ({
  type: 'RsaSignature2017',
  creator,
  created: new Date().toISOString(),
  signatureValue: Buffer.alloc(256, 1).toString('base64'),
});
const send = (by: Scene['alice'], document: JsonObject) =>
  post(
    s,
    by,
    {},
    {
      body: JSON.stringify({
        '@context': ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'],
        ...document,
      }),
    },
  );
const undo = (): JsonObject => ({
  id: `${s.peer.origin}/undo/${nextId()}`,
  type: 'Undo',
  actor: s.alice.uri,
  object: { type: 'Announce', actor: s.alice.uri, object: own.uri },
});
const top = (): JsonObject => ({
  id: `${s.evil.origin}/a/${nextId()}`,
  type: 'Frobnicate',
  actor: s.mallory.uri,
  signature: signature(s.alice.keyId),
});

test('#95 LD_GRAPH', () =>
  unchanged(s, async () => {
    await send(s.mallory, { ...top(), '@graph': [undo()] });
    await send(s.mallory, { '@graph': [undo()], signature: signature(s.alice.keyId) });
    await send(s.mallory, { ...undo(), signature: signature(s.alice.keyId) });
  }));

test('#96 LD_INCLUDED', () =>
  unchanged(s, async () => {
    await send(s.mallory, { ...top(), '@included': [undo()] });
    await send(s.mallory, { ...top(), '@reverse': { object: undo() } });
    await send(s.mallory, { ...top(), object: { '@included': [undo()] } });
    await send(s.mallory, {
      ...top(),
      '@context': ['https://www.w3.org/ns/activitystreams', { inc: '@included', rev: '@reverse' }],
      inc: [undo()],
      rev: { object: undo() },
    });
  }));

test('#97 LD_ALIAS', async () => {
  const aliases = {
    object2: 'as:object',
    actor: 'https://x.example/ns#other',
    actor2: 'as:actor',
    type2: '@type',
  };
  await unchanged(s, async () => {
    const aliased = {
      ...top(),
      '@context': ['https://www.w3.org/ns/activitystreams', aliases],
      actor2: s.alice.uri,
      type: 'Undo',
      object2: undo()['object'] ?? null,
    };
    await send(s.mallory, aliased);
    await send(s.mallory, {
      ...aliased,
      '@context': [{ id: 'https://x.example/other', alias: '@id' }, 'https://www.w3.org/ns/activitystreams'],
      alias: s.alice.uri,
    });
  });
});

test('#98 LD_CREATOR, #99 LD_PROOF', () =>
  unchanged(s, async () => {
    for (const creator of [s.mallory.keyId, s.alice.keyId])
      await send(s.mallory, { ...undo(), signature: signature(creator) });
    const proof = {
      type: 'DataIntegrityProof',
      cryptosuite: 'eddsa-jcs-2022',
      verificationMethod: `${s.mallory.uri}#ed`,
      proofPurpose: 'assertionMethod',
      proofValue: 'z1',
    };
    await send(s.mallory, { ...undo(), proof });
  }));

test('#100 LD_CTX_FETCH', async () => {
  const host = await startHost(
    (_req, res) => void res.writeHead(200, { 'content-type': 'application/ld+json' }).end('{"@context":{}}'),
  );
  const contexts: JsonObject['x'][] = [
    `${host.origin}/c`,
    'http://169.254.169.254/c',
    Array.from({ length: 500 }, (_, i) => `${host.origin}/c${i}`),
    { '@import': `${host.origin}/i` },
    { '@vocab': host.origin, x: { '@context': `${host.origin}/n` } },
  ];
  for (const context of contexts)
    for (const aliased of [{}, { 'as:summary': 'x' }]) {
      const note = noteOf(s.alice);
      await send(s.alice, {
        ...activityOf(s.alice, createOf(note)),
        '@context': ['https://www.w3.org/ns/activitystreams', context ?? null],
        ...aliased,
      });
      await s.us.idle();
    }
  expect(host.asked).toEqual([]);
  await host.close();
});

test('#101 LD_ATKEYS', async () => {
  await untouched(s, async () => {
    const mixed = { ...activityOf(s.mallory, createOf(noteOf(s.mallory))), '@id': `${s.peer.origin}/a/1` };
    expect((await send(s.mallory, mixed)).status).toBe(400);
    expect(
      (await send(s.mallory, { ...activityOf(s.mallory, {}), type: 'Create', '@type': 'Delete' })).status,
    ).toBe(400);
  });
  for (const type of ['https://www.w3.org/ns/activitystreams#Create', 'as:Create']) {
    const note = noteOf(s.alice);
    await send(s.alice, { ...activityOf(s.alice, createOf(note)), type });
    await s.us.idle();
    expect(await s.us.ctx.db.statuses.findOne({ uri: note.id })).not.toBeNull();
  }
});

test('#102 LD_PUBLIC', async () => {
  const spellings: [unknown, string][] = [
    [Public, 'public'],
    ['as:Public', 'public'],
    ['Public', 'public'],
    [{ id: Public }, 'public'],
    ['public', 'direct'],
    ['as:public', 'direct'],
    [Public.toLowerCase(), 'direct'],
  ];
  for (const [to, visibility] of spellings)
    for (const form of [to, [to]]) {
      const note = noteOf(s.alice, { to: form as string, cc: [s.bob.account.uri] });
      await send(s.alice, activityOf(s.alice, createOf(note)));
      await s.us.idle();
      expect([form, (await s.us.ctx.db.statuses.findOne({ uri: note.id }))?.visibility]).toEqual([
        form,
        visibility,
      ]);
    }
});

test('#103 LD_PROTO, #104 LD_MAPS', async () => {
  const contentMap = {
    ...Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`l${i}`, i % 2 ? 'x' : 5])),
    en: '<script>alert(1)</script>hello',
  };
  const body = JSON.stringify(
    activityOf(s.alice, createOf(noteOf(s.alice, { content: null, contentMap: contentMap as JsonObject }))),
  ).replace('"en":', '"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"en":');
  expect((await post(s, s.alice, {}, { body })).status).toBe(202);
  await s.us.idle();
  expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  const [last] = await s.us.ctx.db.statuses.find({}).sort({ _id: -1 }).limit(1).toArray();
  expect(last?.content).not.toContain('<script');
});

test('#87 ATTRIB_DOMAIN', async () => {
  const attributionDomains = [{ '@id': 'bank.example' }, 7, 'https://bank.example/', 'good.example'];
  await deliver(s, { type: 'Update', object: { ...s.alice.document, attributionDomains } }, { by: s.alice });
  expect((await s.us.ctx.db.accounts.findOne({ uri: s.alice.uri }))?.attributionDomains ?? []).not.toContain(
    'bank.example',
  );
});

test('#90 EMOJI_OTHER', async () => {
  const tag = [
    {
      type: 'Emoji',
      id: `${s.peer.origin}/emojis/1`,
      name: ':blob:',
      icon: { type: 'Image', url: `${s.evil.origin}/evil.png` },
    },
  ];
  const before = await s.us.ctx.db.customEmojis.find({}).toArray();
  await deliver(s, createOf(noteOf(s.mallory, { tag, cc: [s.bob.account.uri], content: ':blob:' })), {
    by: s.mallory,
  });
  expect(await s.us.ctx.db.customEmojis.find({}).toArray()).toEqual(before);
});
