import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { publishStatus } from '../../../src/domain/statuses.js';
import { startInstance, type Instance, type TestUser } from '../../support/instance.js';
import { startPeer, type Peer, type PeerActor } from './peer.js';

let instance: Instance;
let peer: Peer;
let alice: TestUser;
let bob: PeerActor;
let statusUri: string;

beforeAll(async () => {
  instance = await startInstance();
  peer = await startPeer();
  alice = await instance.createUser('alice');
  bob = peer.actor('bob');
  statusUri = (await publishStatus(instance.ctx, alice.account, { text: 'Hello' })).uri;
});
afterAll(async () => {
  await instance.close();
  await peer.close();
});

/** Random values in the places where ActivityStreams has something, mixed with what would be right. */
const member = fc.oneof(
  { depthSize: 'small' },
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    'Note',
    'Create',
    'Follow',
    'Question',
    'https://www.w3.org/ns/activitystreams#Public',
    '',
    null,
  ),
  fc.string({ unit: 'binary' }),
  // Nothing that a look-up outside loopback could follow.
  fc.constantFrom(
    'http://localhost:1/x',
    'http://127.0.0.1:1/y#z',
    'https://[::1]:1/',
    'urn:x:y',
    'ftp://localhost/',
    'http://',
  ),
);
const names = [
  '@context',
  'id',
  '@id',
  'type',
  '@type',
  'actor',
  'object',
  'target',
  'to',
  'cc',
  'bto',
  'audience',
  'content',
  'contentMap',
  'summary',
  'name',
  'source',
  'tag',
  'attachment',
  'inReplyTo',
  'oneOf',
  'anyOf',
  'endTime',
  'published',
  'quote',
  'interactionPolicy',
  'instrument',
  'result',
  'signature',
  'url',
  'sensitive',
  '__proto__',
  'constructor',
] as const;
const types = [
  'Create',
  'Update',
  'Delete',
  'Follow',
  'Accept',
  'Reject',
  'Undo',
  'Like',
  'Announce',
  'Block',
  'Flag',
  'Move',
  'Add',
  'Remove',
  'QuoteRequest',
  'Note',
  'Question',
] as const;
const loose = fc.dictionary(fc.constantFrom(...names), member, { maxKeys: 8 });
const activity = fc
  .record({ type: fc.constantFrom(...types), object: fc.oneof(loose, member) })
  .chain((known) => loose.map((more) => ({ ...more, ...known })));

const options = { numRuns: 150 };

test('whatever a signed activity holds, the inbox answers without failing, and so does what processes it', async () => {
  await fc.assert(
    fc.asyncProperty(activity, fc.boolean(), async (random, aboutOurs) => {
      const body = {
        ...random,
        actor: bob.uri,
        id: `${bob.uri}/${Math.random()}`,
        ...(aboutOurs && { object: statusUri }),
      };
      const response = await bob.post(`${instance.url}/inbox`, body);
      expect(response.status).toBeLessThan(500);
    }),
    options,
  );
  await instance.idle();
  const failed = await instance.ctx.db.received.find({ state: 'dead' }).toArray();
  expect(failed).toEqual([]);
});

test('whatever a client posts, its outbox answers without failing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(activity, fc.jsonValue()), async (random) => {
      const response = await fetch(`${alice.account.uri}/outbox`, {
        method: 'POST',
        headers: { 'content-type': 'application/activity+json', authorization: `Bearer ${alice.token}` },
        body: JSON.stringify(random),
      });
      expect([response.status, await response.text()]).toEqual([expect.any(Number), expect.any(String)]);
      expect(response.status).toBeLessThan(500);
    }),
    options,
  );
});

test('whatever is asked for, the answer is no failure', async () => {
  const part = fc.oneof(
    fc.constantFrom(
      'alice',
      'statuses',
      'activities',
      'outbox',
      'followers',
      'inbox',
      'like-1',
      'announce-',
      '-',
      '..',
      '.well-known',
      'webfinger',
      'tags',
    ),
    fc.string({ maxLength: 20 }).map(encodeURIComponent),
  );
  const path = fc
    .tuple(
      fc.constantFrom('/users/', '/@', '/tags/', '/emojis/', '/actor/', '/.well-known/', '/nodeinfo/', '/'),
      fc.array(part, { maxLength: 4 }),
    )
    .map(([start, parts]) => start + parts.join('/'));
  const query = fc.dictionary(
    fc.constantFrom('page', 'max_id', 'min_id', 'resource', 'uri', 'access_token', 'only_other_accounts'),
    fc.string({ maxLength: 30 }),
    { maxKeys: 3 },
  );
  const accept = fc.oneof(
    fc.constantFrom('application/activity+json', 'text/html', '*/*'),
    fc.string({ maxLength: 40 }).map((s) => s.replace(/[^\x20-\x7e]/g, '')),
  );
  await fc.assert(
    fc.asyncProperty(path, query, accept, async (asked, params, wanted) => {
      const response = await fetch(`${instance.url}${asked}?${new URLSearchParams(params).toString()}`, {
        headers: { accept: wanted },
        redirect: 'manual',
      });
      await response.arrayBuffer();
      expect([asked, response.status < 500]).toEqual([asked, true]);
    }),
    { numRuns: 400 },
  );
});
