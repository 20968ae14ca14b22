import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parseActor } from '../../../federation/vocabulary/actor.js';
import { parseMultikey } from '../../../federation/signature/keys.js';
import { toActor, toActorStub } from '../../../src/outbox/objects/actor.js';
import { toWire } from '../../../src/outbox/wire.js';
import { factsOf, localAccount, names } from './samples.js';

const pem = (type: 'rsa' | 'ed25519'): string => {
  const { publicKey } =
    type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
};
const uri = 'https://social.example/users/alice';
const keys = {
  rsa: { keyId: `${uri}#main-key`, publicPem: pem('rsa') },
  ed25519: { keyId: `${uri}#ed25519-key`, publicPem: pem('ed25519') },
};

describe('toActor', () => {
  test('has the shape of a Mastodon actor, field by field', () => {
    const actor = toActor(names, factsOf(localAccount('alice', { displayName: 'Alice' })), keys);
    const { assertionMethod, ...rest } = actor;
    expect(rest).toEqual({
      id: uri,
      type: 'Person',
      inbox: `${uri}/inbox`,
      outbox: `${uri}/outbox`,
      followers: `${uri}/followers`,
      following: `${uri}/following`,
      featured: `${uri}/collections/featured`,
      featuredTags: `${uri}/collections/tags`,
      preferredUsername: 'alice',
      name: 'Alice',
      summary: '',
      url: 'https://social.example/@alice',
      webfinger: 'alice@example',
      manuallyApprovesFollowers: false,
      discoverable: true,
      indexable: false,
      memorial: false,
      published: '2026-03-04T00:00:00Z',
      tag: [],
      attachment: [],
      publicKey: { id: `${uri}#main-key`, owner: uri, publicKeyPem: keys.rsa.publicPem },
      endpoints: {
        sharedInbox: 'https://social.example/inbox',
        oauthAuthorizationEndpoint: 'https://social.example/oauth/authorize',
        oauthTokenEndpoint: 'https://social.example/oauth/token',
        proxyUrl: 'https://social.example/proxy',
        uploadMedia: 'https://social.example/api/c2s/uploadMedia',
      },
    });
    expect(assertionMethod).toEqual([
      {
        id: `${uri}#ed25519-key`,
        type: 'Multikey',
        controller: uri,
        publicKeyMultibase: expect.stringMatching(/^z6Mk/),
      },
    ]);
  });

  test('the Multikey is the same key as the PEM', () => {
    const actor = toActor(names, factsOf(localAccount('alice')), keys);
    const [key] = actor['assertionMethod'] as { publicKeyMultibase: string }[];
    const parsed = parseMultikey(key?.publicKeyMultibase ?? '');
    expect(parsed?.publicKey.export({ type: 'spki', format: 'pem' })).toBe(keys.ed25519.publicPem);
  });

  test('shows what the owner wrote: pictures, fields, hashtags and emojis of the bio', () => {
    const account = localAccount('alice', {
      note: 'I like #Cats and :blob:',
      avatar: { path: 'a/b.png', staticPath: null, remoteUrl: null, description: 'Me' },
      header: { path: 'a/h.webp', staticPath: null, remoteUrl: null, description: '' },
      emojis: [{ shortcode: 'blob', url: 'https://social.example/media/e.gif', staticUrl: '' }],
      locked: true,
      attributionDomains: ['news.example'],
    });
    const facts = factsOf(account, {
      note: '<p>I like cats</p>',
      fields: [{ name: 'Site', value: '<a href="https://a.example">a</a>', verifiedAt: null }],
    });
    expect(toActor(names, facts, keys)).toMatchObject({
      summary: '<p>I like cats</p>',
      manuallyApprovesFollowers: true,
      icon: {
        type: 'Image',
        mediaType: 'image/png',
        url: 'https://social.example/media/a/b.png',
        name: 'Me',
      },
      image: { type: 'Image', mediaType: 'image/webp', url: 'https://social.example/media/a/h.webp' },
      attachment: [{ type: 'PropertyValue', name: 'Site', value: '<a href="https://a.example">a</a>' }],
      tag: [
        { type: 'Hashtag', href: 'https://social.example/tags/cats', name: '#Cats' },
        { type: 'Emoji', name: ':blob:', icon: { mediaType: 'image/gif' } },
      ],
      attributionDomains: ['news.example'],
    });
  });

  test('a bot is a Service, the instance an Application without followers', () => {
    expect(toActor(names, factsOf(localAccount('bot', { bot: true })), keys)).toMatchObject({
      type: 'Service',
    });
    const instance = localAccount('example', {
      actorType: 'Application',
      uri: 'https://social.example/actor',
      bot: true,
    });
    const actor = toActor(names, factsOf(instance), keys);
    expect(actor).toMatchObject({
      type: 'Application',
      inbox: 'https://social.example/actor/inbox',
      outbox: 'https://social.example/actor/outbox',
      preferredUsername: 'example',
      webfinger: 'example@example',
      endpoints: { sharedInbox: 'https://social.example/inbox' },
    });
    expect(actor).not.toHaveProperty('followers');
    expect(actor['endpoints']).not.toHaveProperty('proxyUrl');
  });

  test('names where it came from and where it went', () => {
    const account = localAccount('alice', {
      alsoKnownAs: ['https://old.example/users/alice'],
      movedToId: '9',
    });
    const moved = factsOf(localAccount('anna'));
    expect(toActor(names, factsOf(account, { moved }), keys)).toMatchObject({
      alsoKnownAs: ['https://old.example/users/alice'],
      movedTo: 'https://social.example/users/anna',
    });
  });

  test('a suspended one shows nothing that its owner wrote, and keeps its keys', () => {
    const account = localAccount('alice', {
      displayName: 'Secret',
      suspendedAt: '2026-01-01T00:00:00Z',
      avatar: { path: 'a.png', staticPath: null, remoteUrl: null, description: '' },
    });
    const actor = toActor(names, factsOf(account, { note: '<p>Secret</p>' }), keys);
    expect(actor).toMatchObject({ suspended: true, name: '', summary: '', publicKey: { owner: uri } });
    expect(JSON.stringify(actor)).not.toMatch(/Secret|a\.png/);
  });

  test('born on a former host, it keeps all its URLs there', () => {
    const account = localAccount('alice', { uri: 'https://old.example/users/alice' });
    const actor = toActor(names, factsOf(account), keys);
    expect(actor).toMatchObject({
      inbox: 'https://old.example/users/alice/inbox',
      endpoints: { sharedInbox: 'https://old.example/inbox' },
    });
  });
});

test('our own reader understands what we write, keys included', () => {
  const actor = toWire(toActor(names, factsOf(localAccount('alice', { displayName: 'Alice' })), keys));
  const read = parseActor(JSON.parse(JSON.stringify(actor)));
  expect(read).toMatchObject({
    id: uri,
    type: 'Person',
    name: 'Alice',
    inbox: `${uri}/inbox`,
    sharedInbox: 'https://social.example/inbox',
    featured: `${uri}/collections/featured`,
    discoverable: true,
  });
  expect(read).toMatchObject({
    publicKeys: [{ id: `${uri}#main-key` }],
    assertionMethods: [{ id: `${uri}#ed25519-key` }],
  });
});

test('a stub is enough to check a signature, and says no more', () => {
  const stub = toActorStub(localAccount('alice', { displayName: 'Alice' }), keys);
  expect(Object.keys(stub).sort()).toEqual(
    ['assertionMethod', 'endpoints', 'id', 'inbox', 'preferredUsername', 'publicKey', 'type', 'url'].sort(),
  );
});
