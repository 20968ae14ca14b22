import { describe, expect, test } from '@jest/globals';
import { parseActor, type RemoteActor } from '../../../federation/vocabulary/actor.js';
import { fixture } from '../support/corpus.js';

const id = 'https://peer.example/users/alice';
const minimal = { id, type: 'Person', preferredUsername: 'alice', inbox: `${id}/inbox` };

function actor(extra: Record<string, unknown> = {}): RemoteActor {
  const parsed = parseActor({ ...minimal, ...extra });
  if ('invalid' in parsed) throw new Error(parsed.invalid);
  return parsed;
}

const reason = (json: unknown): string => {
  const parsed = parseActor(json);
  return 'invalid' in parsed ? parsed.invalid : 'ok';
};

describe('parseActor', () => {
  test('reads a full profile', () => {
    const parsed = actor({
      name: 'Alice',
      summary: '<p>hi</p>',
      url: 'https://peer.example/@alice',
      outbox: `${id}/outbox`,
      followers: `${id}/followers`,
      featured: { id: `${id}/featured`, type: 'OrderedCollection' },
      endpoints: { sharedInbox: 'https://peer.example/inbox' },
      publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem: 'PEM' },
      assertionMethod: [{ id: `${id}#ed`, type: 'Multikey', controller: id, publicKeyMultibase: 'z6Mk' }],
      icon: [
        { type: 'Image', url: 'https://peer.example/48.png', width: 48 },
        { type: 'Image', url: 'https://peer.example/120.png', width: 120 },
      ],
      image: 'https://peer.example/header.png',
      attachment: { type: 'PropertyValue', name: 'Web', value: '<a href="https://x.example">x</a>' },
      manuallyApprovesFollowers: true,
      discoverable: false,
      memorial: 'true',
      movedTo: { id: 'https://new.example/alice' },
      alsoKnownAs: 'https://old.example/alice',
      webfinger: 'acct:alice@example.org',
      published: '2024-09-12T00:00:00Z',
    });
    expect(parsed).toMatchObject({
      username: 'alice',
      url: 'https://peer.example/@alice',
      sharedInbox: 'https://peer.example/inbox',
      featured: `${id}/featured`,
      following: null,
      publicKeys: [{ id: `${id}#main-key`, pem: 'PEM' }],
      assertionMethods: [{ id: `${id}#ed`, publicKeyMultibase: 'z6Mk' }],
      fields: [{ name: 'Web' }],
      manuallyApprovesFollowers: true,
      discoverable: false,
      indexable: null,
      memorial: true,
      suspended: false,
      movedTo: 'https://new.example/alice',
      alsoKnownAs: ['https://old.example/alice'],
      webfinger: 'alice@example.org',
      published: '2024-09-12T00:00:00.000Z',
    });
    expect(parsed.icon?.url).toBe('https://peer.example/120.png');
    expect(parsed.image?.url).toBe('https://peer.example/header.png');
  });

  test.each([
    ['not-an-object', 'x'],
    ['not-an-object', [minimal]],
    ['no-id', { ...minimal, id: undefined }],
    ['no-id', { ...minimal, id: 'did:key:z6Mk' }],
    ['no-id', { ...minimal, '@id': 'https://peer.example/users/bob' }],
    ['not-an-actor', { ...minimal, type: 'Note' }],
    ['not-an-actor', { ...minimal, type: 'Tombstone' }],
    ['not-an-actor', { ...minimal, type: undefined }],
    ['no-inbox', { ...minimal, inbox: undefined }],
    ['no-inbox', { ...minimal, inbox: 'file:///etc/passwd' }],
    ['no-inbox', { ...minimal, inbox: 'https://[::' }],
    ['inbox-host', { ...minimal, inbox: 'https://victim.example/inbox' }],
    ['no-username', { ...minimal, preferredUsername: '' }],
    ['no-username', { ...minimal, preferredUsername: 7 }],
    ['ok', { ...minimal, inbox: { id: `${id}/inbox`, type: 'OrderedCollection' } }],
    ['ok', { ...minimal, type: ['Person', 'PropertyValue'] }],
    ['ok', { ...minimal, '@context': { '@language': 'en' } }],
    ['ok', { ...minimal, type: 'https://www.w3.org/ns/activitystreams#Service' }],
  ])('%s', (expected, json) => {
    expect(reason(json)).toBe(expected);
  });

  test.each([
    'bob@us.example',
    'a/../b',
    'a b',
    '<b>',
    'a\u202eb',
    'a\u200bb',
    'bob\n',
    '.',
    '-x',
    'x'.repeat(5000),
  ])('WF_HANDLE: refuses the name %j', (preferredUsername) => {
    expect(reason({ ...minimal, preferredUsername })).toBe('username');
  });

  test.each(['alice', 'han.dull', 'a_b-c', '7even', '_x_', '~lain'])(
    'takes the name %s',
    (preferredUsername) => {
      expect(actor({ preferredUsername }).username).toBe(preferredUsername);
    },
  );

  test('UPD_ACTOR_ENDPOINTS: collections and shared inbox of other hosts are left out', () => {
    const foreign = 'https://victim.example/x';
    const parsed = actor({
      outbox: foreign,
      followers: foreign,
      following: foreign,
      featured: foreign,
      featuredTags: foreign,
      endpoints: { sharedInbox: foreign },
      sharedInbox: foreign,
    });
    for (const name of [
      'outbox',
      'followers',
      'following',
      'featured',
      'featuredTags',
      'sharedInbox',
    ] as const) {
      expect(parsed[name]).toBeNull();
    }
    expect(actor({ endpoints: 'https://peer.example/endpoints' }).sharedInbox).toBeNull();
  });

  test('KEY_CACHE_POISON: keys with foreign ids or other owners are left out', () => {
    const { publicKeys, assertionMethods } = actor({
      publicKey: [
        { id: 'https://victim.example/u/v#main-key', owner: id, publicKeyPem: 'M' },
        { id: `${id}#k1`, owner: 'https://peer.example/users/trent', publicKeyPem: 'M' },
        { id: `${id}#k2`, publicKeyPem: 'x'.repeat(100_000) },
        `${id}/key`,
        {
          id: `${id}#k3`,
          publicKeyPem: 'P',
          expires: '2020-01-01T00:00:00Z',
          revoked: '2020-01-02T00:00:00Z',
        },
      ],
      assertionMethod: [
        { id: 'https://victim.example/u/v#ed', type: 'Multikey', controller: id, publicKeyMultibase: 'z' },
        {
          id: `${id}#ed`,
          type: 'Multikey',
          controller: 'https://victim.example/u/v',
          publicKeyMultibase: 'z',
        },
        { id: `${id}#other`, type: 'JsonWebKey', controller: id, publicKeyMultibase: 'z' },
      ],
    });
    expect(publicKeys.map((key) => [key.id, key.pem])).toEqual([
      [`${id}#k2`, null],
      [`${id}/key`, null],
      [`${id}#k3`, 'P'],
    ]);
    expect(publicKeys[2]).toMatchObject({
      expires: '2020-01-01T00:00:00.000Z',
      revoked: '2020-01-02T00:00:00.000Z',
    });
    expect(assertionMethods).toEqual([]);
  });

  test('IN_PROFILE: oversized profiles are cut', () => {
    const parsed = actor({
      name: 'n'.repeat(1_000_000),
      summary: 's'.repeat(1_000_000),
      attachment: Array.from({ length: 10_000 }, () => ({
        type: 'PropertyValue',
        name: 'a',
        value: 'v'.repeat(9000),
      })),
      alsoKnownAs: Array.from({ length: 10_000 }, (_, i) => `https://old.example/${i}`),
    });
    expect(parsed.name).toHaveLength(2048);
    expect(parsed.summary).toHaveLength(20_480);
    expect(parsed.fields).toHaveLength(50);
    expect(parsed.fields[0]?.value).toHaveLength(2047);
    expect(parsed.alsoKnownAs).toHaveLength(256);
  });

  test('ATTRIB_DOMAIN: only plain domain names', () => {
    expect(
      actor({ attributionDomains: [{ '@id': 'bank.example' }, 'https://bank.example/x', 7, 'ok.example'] })
        .attributionDomains,
    ).toEqual(['ok.example']);
  });

  test('reads actors of Discourse, NodeBB and bridges', () => {
    for (const file of [
      'discourse/actor-case-1-actor-3.json',
      'bridgy-fed/actor-vernissagetest-personcase09.json',
    ]) {
      expect(reason(fixture(file))).toBe('ok');
    }
  });
});
