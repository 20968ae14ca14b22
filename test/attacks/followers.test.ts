import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { followersDigest } from '../../federation/followers/digest.js';
import { formatSummary, type FollowersSummary } from '../../federation/followers/header.js';
import type { PeerActor } from '../support/peer.js';
import {
  activityJson,
  befriend,
  createOf,
  findRemote,
  noteOf,
  post,
  startHost,
  startScene,
  type Answer,
  type Scene,
} from './kit.js';

let s: Scene;
beforeAll(async () => {
  s = await startScene({ collectionItems: 50 });
});
afterAll(() => s?.close());

const name = 'collection-synchronization';
const ours = (...people: string[]): string[] => people.map((person) => `${s.us.url}/users/${person}`);
const pathOf = (by: PeerActor): string => `/users/${by.name}/followers_synchronization`;
const urlOf = (by: PeerActor): string => new URL(by.uri).origin + pathOf(by);

/** What `by` says of its followers here, true for `uris`. */
const summaryOf = (by: PeerActor, uris: string[]): FollowersSummary => ({
  collectionId: by.followers,
  url: urlOf(by),
  digest: followersDigest(uris),
});

/** `by` serves `uris` as the part of its followers that lives here. */
const serveList = (by: PeerActor, uris: string[]): void =>
  s.peer.serve({ id: urlOf(by), type: 'OrderedCollection', orderedItems: uris });

/** A valid activity with that field. */
async function tell(by: PeerActor, value: string, signed = true): Promise<Answer> {
  const cover = `(request-target) host date digest${signed ? ` ${name}` : ''}`;
  const answer = await post(s, by, createOf(noteOf(by)), { cover, further: { [name]: value } });
  await s.us.idle();
  return answer;
}

/** An actor of the peer whom dave follows. */
async function followed(who: string): Promise<PeerActor> {
  const actor = s.peer.actor(who);
  await findRemote(s, actor);
  await befriend(s, s.dave, actor);
  return actor;
}

const follows = async (whom: PeerActor): Promise<string[]> => {
  const target = await s.us.ctx.db.accounts.findOne({ uri: whom.uri });
  const found = await s.us.ctx.db.follows.find({ targetId: target?._id ?? '' }).toArray();
  const people = await s.us.ctx.db.accounts.find({ _id: { $in: found.map((f) => f.accountId) } }).toArray();
  return people.map((a) => a.username).sort();
};

test('#333 R_FOLLOW_DRIFT', async () => {
  await befriend(s, s.dave, s.alice);
  await befriend(s, s.dave, s.trent);
  await befriend(s, s.dave, s.mallory);
  serveList(s.alice, ours('bob', 'carol'));
  const value = formatSummary(summaryOf(s.alice, ours('bob', 'carol')));
  const asked = (): number => s.peer.fetched.filter((path) => path === pathOf(s.alice)).length;
  expect((await tell(s.alice, value)).status).toBe(202);
  expect(asked()).toBe(1);
  expect([await follows(s.alice), await follows(s.trent), await follows(s.mallory)]).toEqual([
    ['bob'],
    ['dave'],
    ['dave'],
  ]);
  const undone = s.peer.delivered.filter((d) => d.activity.type === 'Undo');
  expect(undone.map((d) => d.activity['actor']).sort()).toEqual(ours('carol', 'dave'));
  expect(undone.every((d) => d.activity['object'] !== undefined && d.path === '/users/alice/inbox')).toBe(
    true,
  );
  // carol never followed: alice still says so, but is asked again in a few minutes only.
  await tell(s.alice, value);
  expect(asked()).toBe(1);
  // What we say of ours: to followers, signed; not with what everybody may see.
  for (const visibility of ['private', 'public']) {
    const own = await s.bob.client.post<{ uri: string }>('/api/v1/statuses', { status: 'x', visibility });
    await s.us.idle();
    const sent = s.peer.delivered.find((d) => d.raw.includes(own.uri));
    const expected = formatSummary({
      collectionId: `${s.us.url}/users/bob/followers`,
      url: `${s.us.url}/users/bob/followers_synchronization`,
      digest: followersDigest([s.alice.uri]),
    });
    expect([visibility, sent?.headers[name]]).toEqual([
      visibility,
      visibility === 'private' ? expected : undefined,
    ]);
    if (visibility === 'private') expect(sent?.headers.signature).toContain(`content-type ${name}"`);
  }
});

test('#88 FSYNC_FOREIGN', async () => {
  const actor = await followed('erin');
  serveList(actor, []);
  const evil = await startHost((_, res) => res.writeHead(200, activityJson).end('{}'));
  const good = summaryOf(actor, []);
  const quiet = async (value: string, signed = true): Promise<void> => {
    const before = s.peer.fetched.length;
    expect([value, (await tell(actor, value, signed)).status]).toEqual([value, 202]);
    expect([value, s.peer.fetched.length, evil.asked]).toEqual([value, before, []]);
    expect([value, await follows(actor)]).toEqual([value, ['dave']]);
  };
  try {
    await quiet(formatSummary(good), false);
    await quiet(formatSummary({ ...good, collectionId: s.trent.followers }));
    await quiet(formatSummary({ ...good, collectionId: `${s.us.url}/users/bob/followers` }));
    await quiet(formatSummary({ ...good, url: `${evil.origin}/x` }));
    await quiet(formatSummary({ ...good, url: `${s.us.url}/users/bob/followers` }));
    await quiet(formatSummary({ ...good, digest: '00' }));
    await quiet('collectionId=');
    await quiet(formatSummary(summaryOf(actor, ours('dave'))));
  } finally {
    await evil.close();
  }
  // What is fetched, but cannot be what the actor signed, or names somebody else's people, or too many.
  const crowd = Array.from({ length: 51 }, (_, i) => `${s.us.url}/users/u${i}`);
  const served: [who: string, list: string[], said: string[]][] = [
    ['mismatch', ours('bob'), []],
    ['foreign', [s.mallory.uri], [s.mallory.uri]],
    ['crowd', crowd, crowd],
  ];
  for (const [who, list, said] of served) {
    const other = await followed(who);
    serveList(other, list);
    await tell(other, formatSummary(summaryOf(other, said)));
    expect([who, s.peer.fetched.includes(pathOf(other)), await follows(other)]).toEqual([
      who,
      true,
      ['dave'],
    ]);
  }
  const endless = await followed('endless');
  s.peer.serve({ id: urlOf(endless), type: 'OrderedCollection', first: urlOf(endless) });
  await tell(endless, formatSummary(summaryOf(endless, [])));
  expect(await follows(endless)).toEqual(['dave']);
  expect(s.peer.fetched.filter((path) => path === pathOf(endless)).length).toBeLessThan(20);
  // The same without a fault is acted upon.
  await tell(actor, formatSummary(good));
  expect(await follows(actor)).toEqual([]);
});
