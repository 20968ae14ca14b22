import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import jsonld from 'jsonld';
import type { JsonObject } from '../../federation/ports.js';
import { toActor } from '../../src/outbox/objects/actor.js';
import { toNote } from '../../src/outbox/objects/note.js';
import { toQuoteAnswer, toQuoteAuthorization, toQuoteRequest } from '../../src/outbox/objects/quotes.js';
import { toWire } from '../../src/outbox/wire.js';
import {
  factsOf,
  localAccount,
  media,
  names,
  noteFacts,
  poll,
  remoteAccount,
  status,
} from './objects/samples.js';

const bundled: Record<string, unknown> = {};
for (const [url, file] of [
  ['https://www.w3.org/ns/activitystreams', 'activitystreams.json'],
  ['https://w3id.org/security/v1', 'security-v1.json'],
] as const) {
  const path = new URL(`../../federation/jsonld/contexts/${file}`, import.meta.url);
  bundled[url] = JSON.parse(readFileSync(path, 'utf8'));
}
const documentLoader = async (url: string) => {
  if (!(url in bundled)) throw new Error(`a context that would have to be fetched: ${url}`);
  return { contextUrl: undefined, documentUrl: url, document: bundled[url] };
};

const picture = { path: 'a/b.png', staticPath: null, remoteUrl: null, description: 'Me' };
const pem = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
`;
const key = (name: string) => ({ keyId: `https://social.example/users/alice#${name}`, publicPem: pem });
const alice = localAccount('alice', {
  note: '#cats',
  avatar: picture,
  header: picture,
  emojis: [{ shortcode: 'blob', url: 'https://social.example/e.png', staticUrl: '' }],
  alsoKnownAs: ['https://old.example/users/alice'],
  attributionDomains: ['news.example'],
});
const bob = remoteAccount('bob', 'peer.example');
const fields = [{ name: 'Site', value: 'https://a.example', verifiedAt: null }];
const quote = {
  state: 'accepted',
  statusId: '5',
  uri: 'https://peer.example/notes/5',
  requestUri: null,
  approvalUri: 'https://peer.example/stamps/1',
} as const;
const note = toNote(
  names,
  noteFacts({
    status: status({
      poll: poll(),
      quote,
      tags: ['cats'],
      spoilerText: 'CW',
      editedAt: '2026-05-06T09:00:00Z',
    }),
    media: [media(), media({ type: 'video' })],
    mentioned: [bob],
    quotedUrl: quote.uri,
  }),
);
const approval = {
  uri: 'https://social.example/users/alice/quote_authorizations/1',
  quotingUri: 'https://peer.example/notes/9',
};
const documents: Record<string, JsonObject> = {
  actor: toActor(names, factsOf(alice, { fields, moved: factsOf(localAccount('anna')) }), {
    rsa: key('main-key'),
    ed25519: key('ed25519-key'),
  }),
  'suspended actor': toActor(names, factsOf({ ...alice, suspendedAt: '2026-01-01T00:00:00Z' }), {
    rsa: key('main-key'),
    ed25519: key('ed25519-key'),
  }),
  note,
  'quote request': toQuoteRequest(alice, {
    uri: 'https://social.example/r',
    quotedUri: quote.uri,
    quotedAuthor: bob,
    note,
  }),
  'quote answer': toQuoteAnswer({
    owner: alice,
    quotedUri: 'https://social.example/users/alice/statuses/1',
    request: { uri: 'https://peer.example/r', actorUri: bob.uri, quotingUri: approval.quotingUri },
    approval,
    mark: '1',
  }),
  stamp: toQuoteAuthorization(alice, approval, 'https://social.example/users/alice/statuses/1'),
};

describe('every member and type is defined: a JSON-LD processor loses nothing and fetches nothing', () => {
  test.each(Object.entries(documents))('%s', async (_name, document) => {
    // `safe` throws for whatever a processor would drop silently.
    const expanded = await jsonld.expand(
      toWire(document) as object,
      { documentLoader, safe: true } as object,
    );
    expect(expanded).toHaveLength(1);
    // ActivityStreams' own context gives unknown names a blank one.
    expect(JSON.stringify(expanded)).not.toMatch(/"_:/);
    expect(countMembers(expanded)).toBeGreaterThan(3);
  });
});

test('a plain activity has the plain context', () => {
  expect(
    toWire({ id: 'https://social.example/1', type: 'Like', actor: 'https://social.example/a' })['@context'],
  ).toBe('https://www.w3.org/ns/activitystreams');
});

function countMembers(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, v) => sum + countMembers(v), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.keys(value).length + countMembers(Object.values(value));
}
