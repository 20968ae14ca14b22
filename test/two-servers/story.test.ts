import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { deleteAccount } from '../../src/domain/deletion.js';
import { createClient, type Client } from '../support/client.js';
import { instanceEngines } from '../support/engines.js';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';

/** Two whole servers, each with its own database, over real HTTP: what one's people do, the other's people see. */

interface Account {
  id: string;
  acct: string;
  display_name: string;
  note: string;
  avatar: string;
  followers_count: number;
  fields: { name: string; value: string }[];
}
interface Poll {
  id: string;
  votes_count: number;
  voters_count: number;
  voted?: boolean;
  own_votes?: number[];
  options: { title: string; votes_count: number }[];
}
interface Status {
  id: string;
  uri: string;
  content: string;
  visibility: string;
  spoiler_text: string;
  edited_at: string | null;
  favourites_count: number;
  reblogs_count: number;
  replies_count: number;
  in_reply_to_id: string | null;
  account: Account;
  reblog: Status | null;
  poll: Poll | null;
  quote: { state: string; quoted_status: Status | null } | null;
  media_attachments: { description: string | null; type: string; meta: { original?: { width?: number } } }[];
  mentions: { acct: string }[];
  tags: { name: string }[];
}
interface Notification {
  type: string;
  account: Account;
  status?: Status;
}
interface Relation {
  following: boolean;
  followed_by: boolean;
  requested: boolean;
  blocked_by: boolean;
}

interface Person {
  name: string;
  home: Instance;
  /** `name@host`, as the other side calls them. */
  acct: string;
  user: TestUser;
  client: Client;
}

describe.each(instanceEngines)('two instances on $name', (engine) => {
  const databases = [engine.url(), engine.url()] as const;
  let a: Instance;
  let b: Instance;
  let alice: Person;
  let bob: Person;
  /** On alice's server, and follows nobody. */
  let carol: Person;

  beforeAll(async () => {
    a = await startInstance({ databaseUrl: databases[0] });
    b = await startInstance({ databaseUrl: databases[1] });
    alice = await join(a, 'alice');
    carol = await join(a, 'carol');
    bob = await join(b, 'bob');
  });
  afterAll(async () => {
    await a?.close();
    await b?.close();
    for (const url of databases) await engine.drop(url);
  });

  async function join(home: Instance, name: string, locked = false): Promise<Person> {
    const user = await home.createUser(name, { locked });
    const client = createClient(home.url, user.token);
    return { name, home, acct: `${name}@${new URL(home.url).host}`, user, client };
  }

  /** Both have nothing left to do, and have told each other nothing new. */
  async function settle(): Promise<void> {
    for (let before = -1; ;) {
      await a.idle();
      await b.idle();
      const counts = await Promise.all([a, b].map(({ ctx }) => ctx.db.received.countDocuments({})));
      const count = counts.reduce((sum, n) => sum + n, 0);
      if (count === before) return;
      before = count;
    }
  }

  /** What waits for its time, such as tallies that are told in steps, is due now. */
  async function hasten({ home: { ctx } }: Person): Promise<void> {
    const dueAt = ctx.clock.now().toISOString();
    await ctx.db.jobs.updateMany({ state: 'ready', dueAt: { $gt: dueAt } }, { $set: { dueAt } });
    ctx.jobs.nudge('jobs');
    await settle();
  }

  async function find(seeker: Person, sought: Person): Promise<Account> {
    const q = encodeURIComponent(`@${sought.acct}`);
    const path = `/api/v2/search?type=accounts&resolve=true&q=${q}`;
    const [found] = (await seeker.client.get<{ accounts: Account[] }>(path)).accounts;
    if (!found) throw new Error(`${sought.acct} was not found`);
    return found;
  }
  async function follow(follower: Person, followed: Person): Promise<void> {
    await follower.client.post(`/api/v1/accounts/${(await find(follower, followed)).id}/follow`);
    await settle();
  }
  async function relation(from: Person, to: Person): Promise<Relation | undefined> {
    const { id } = await find(from, to);
    return (await from.client.get<Relation[]>(`/api/v1/accounts/relationships?id[]=${id}`))[0];
  }
  async function say(person: Person, body: object): Promise<Status> {
    const status = await person.client.post<Status>('/api/v1/statuses', body);
    await settle();
    return status;
  }
  async function act(person: Person, path: string, body?: object): Promise<Status> {
    const status = await person.client.post<Status>(`/api/v1/${path}`, body);
    await settle();
    return status;
  }
  const inHome = async (person: Person, uri: string): Promise<Status | undefined> =>
    (await person.client.get<Status[]>('/api/v1/timelines/home?limit=40')).find((s) => s.uri === uri);
  /** Somebody's copy of a status of the other side. */
  async function copyOf(person: Person, uri: string): Promise<Status> {
    const stored = await person.home.ctx.db.statuses.findOne({ uri });
    if (!stored) throw new Error(`${uri} is not known on ${person.home.url}`);
    return person.client.get<Status>(`/api/v1/statuses/${stored._id}`);
  }
  const told = (person: Person, type: string): Promise<Notification[]> =>
    person.client.get<Notification[]>(`/api/v1/notifications?types[]=${type}&limit=40`);

  describe('people', () => {
    test('find each other by handle, follow, and are told', async () => {
      await follow(alice, bob);
      expect(await relation(alice, bob)).toMatchObject({ following: true });
      expect(await relation(bob, alice)).toMatchObject({ followed_by: true });
      expect(await told(bob, 'follow')).toMatchObject([{ account: { acct: alice.acct } }]);
      await follow(bob, alice);
      expect(await relation(alice, bob)).toMatchObject({ following: true, followed_by: true });
      expect((await find(alice, bob)).followers_count).toBe(1);
    });

    test('who is locked decides first', async () => {
      const dave = await join(b, 'dave', true);
      await follow(alice, dave);
      expect(await relation(alice, dave)).toMatchObject({ following: false, requested: true });
      const [request] = await dave.client.get<Account[]>('/api/v1/follow_requests');
      expect(request?.acct).toBe(alice.acct);
      await act(dave, `follow_requests/${request?.id}/authorize`);
      expect(await relation(alice, dave)).toMatchObject({ following: true, requested: false });
      await follow(carol, dave);
      const [second] = await dave.client.get<Account[]>('/api/v1/follow_requests');
      await act(dave, `follow_requests/${second?.id}/reject`);
      expect(await relation(carol, dave)).toMatchObject({ following: false, requested: false });
    });

    test('change their profile, and the other side follows', async () => {
      const form = new FormData();
      form.set('display_name', 'Bob the sailor');
      form.set('note', 'On the sea since 1990');
      form.set('fields_attributes[0][name]', 'Ship');
      form.set('fields_attributes[0][value]', 'Landfall');
      form.set('avatar', new Blob([await picture(64)], { type: 'image/png' }), 'me.png');
      const own = await bob.client.patch<Account>('/api/v1/accounts/update_credentials', form);
      await settle();
      const seen = await find(alice, bob);
      expect(seen).toMatchObject({
        display_name: 'Bob the sailor',
        fields: [{ name: 'Ship', value: 'Landfall' }],
      });
      expect(seen.note).toContain('On the sea since 1990');
      const { avatar } = (await a.ctx.db.accounts.findOne({ uri: bob.user.account.uri })) ?? {};
      expect(avatar?.remoteUrl).toBe(own.avatar);
    });
  });

  describe('posts', () => {
    test('arrive with picture, alt text, warning, mention and hashtag', async () => {
      const form = new FormData();
      form.set('file', new Blob([await picture(320)], { type: 'image/png' }), 'sunrise.png');
      form.set('description', 'A sunrise');
      const media = await bob.client.post<{ id: string }>('/api/v2/media', form);
      const text = `Good morning @${alice.acct} #Landfall`;
      const own = await say(bob, { status: text, spoiler_text: 'weather', media_ids: [media.id] });
      expect(await inHome(alice, own.uri)).toMatchObject({
        visibility: 'public',
        spoiler_text: 'weather',
        account: { acct: bob.acct },
        media_attachments: [{ type: 'image', description: 'A sunrise', meta: { original: { width: 320 } } }],
        mentions: [{ acct: 'alice' }],
        tags: [{ name: 'landfall' }],
      });
      expect(await told(alice, 'mention')).toMatchObject([{ status: { uri: own.uri } }]);
    });

    test('are answered, favourited and boosted, and all of it is taken back', async () => {
      const own = await say(bob, { status: 'Who is there?' });
      const { id } = await copyOf(alice, own.uri);
      const reply = await say(alice, { status: `@${bob.acct} me`, in_reply_to_id: id });
      await act(alice, `statuses/${id}/favourite`);
      await act(alice, `statuses/${id}/reblog`);
      const path = `/api/v1/statuses/${own.id}`;
      expect(await bob.client.get<Status>(path)).toMatchObject({
        favourites_count: 1,
        reblogs_count: 1,
        replies_count: 1,
      });
      const { descendants } = await bob.client.get<{ descendants: Status[] }>(`${path}/context`);
      expect(descendants).toMatchObject([{ uri: reply.uri, in_reply_to_id: own.id }]);
      for (const type of ['mention', 'favourite', 'reblog'])
        expect(await told(bob, type)).toMatchObject([{ account: { acct: alice.acct } }]);
      await act(alice, `statuses/${id}/unfavourite`);
      await act(alice, `statuses/${id}/unreblog`);
      expect(await bob.client.get<Status>(path)).toMatchObject({ favourites_count: 0, reblogs_count: 0 });
    });

    test('are edited and deleted, and the copies follow', async () => {
      const own = await say(bob, { status: 'Tpyo' });
      const { id } = await copyOf(alice, own.uri);
      await bob.client.put(`/api/v1/statuses/${own.id}`, { status: 'Typo', spoiler_text: 'words' });
      await settle();
      const copy = await alice.client.get<Status>(`/api/v1/statuses/${id}`);
      expect(copy).toMatchObject({ content: '<p>Typo</p>', spoiler_text: 'words' });
      expect(copy.edited_at).not.toBeNull();
      expect(await alice.client.get<unknown[]>(`/api/v1/statuses/${id}/history`)).toHaveLength(2);
      await bob.client.delete(`/api/v1/statuses/${own.id}`);
      await settle();
      expect(await alice.client.statusOf(`/api/v1/statuses/${id}`)).toBe(404);
      expect(await inHome(alice, own.uri)).toBeUndefined();
    });
  });

  describe('who may see', () => {
    const open = async (uri: string): Promise<number> =>
      (await fetch(uri, { headers: { accept: 'application/activity+json' } })).status;
    const seenBy = async (person: Person, uri: string): Promise<number> => {
      const stored = await person.home.ctx.db.statuses.findOne({ uri });
      return person.client.statusOf(`/api/v1/statuses/${stored?._id}`);
    };

    test('followers-only posts: followers, and nobody else', async () => {
      const own = await say(bob, { status: 'For my followers', visibility: 'private' });
      expect(await inHome(alice, own.uri)).toMatchObject({ visibility: 'private' });
      expect(await seenBy(carol, own.uri)).toBe(404);
      expect(await open(own.uri)).toBe(404);
      const copy = await copyOf(alice, own.uri);
      await expect(alice.client.post(`/api/v1/statuses/${copy.id}/reblog`)).rejects.toThrow(/40[34]|422/);
    });

    test('direct posts: those who are mentioned', async () => {
      const own = await say(bob, { status: `@${carol.acct} psst`, visibility: 'direct' });
      expect(await copyOf(carol, own.uri)).toMatchObject({ visibility: 'direct' });
      expect(await seenBy(alice, own.uri)).toBe(404);
      expect(await inHome(alice, own.uri)).toBeUndefined();
      expect(await open(own.uri)).toBe(404);
      const answer = { status: `@${bob.acct} yes?`, visibility: 'direct' };
      const copy = await copyOf(carol, own.uri);
      const reply = await say(carol, { ...answer, in_reply_to_id: copy.id });
      expect(await copyOf(bob, reply.uri)).toMatchObject({ visibility: 'direct', in_reply_to_id: own.id });
    });

    test('unlisted posts: everybody who comes by, but not the public timeline', async () => {
      const own = await say(bob, { status: 'Quietly', visibility: 'unlisted' });
      expect(await inHome(alice, own.uri)).toMatchObject({ visibility: 'unlisted' });
      expect(await seenBy(carol, own.uri)).toBe(200);
      expect(await open(own.uri)).toBe(200);
      const everything = await carol.client.get<Status[]>('/api/v1/timelines/public?limit=40');
      expect(everything.map(({ uri }) => uri)).not.toContain(own.uri);
    });
  });

  describe('polls', () => {
    test.each([
      ['there', () => bob, () => alice],
      ['here', () => alice, () => bob],
    ])(
      'of somebody %s are voted on from the other side, and both see the tallies',
      async (_, asker, voter) => {
        const poll = { options: ['Sail', 'Row', 'Swim'], expires_in: 3600, multiple: true };
        const own = await say(asker(), { status: 'How?', poll });
        const copy = await copyOf(voter(), own.uri);
        expect(copy.poll?.options.map(({ title }) => title)).toEqual(poll.options);
        await act(voter(), `polls/${copy.poll?.id}/votes`, { choices: [0, 2] });
        const path = `/api/v1/statuses/${own.id}`;
        expect((await asker().client.get<Status>(path)).poll).toMatchObject({
          votes_count: 2,
          voters_count: 1,
          options: [{ votes_count: 1 }, { votes_count: 0 }, { votes_count: 1 }],
        });
        await hasten(asker());
        const mine = await voter().client.get<Status>(`/api/v1/statuses/${copy.id}`);
        expect(mine.poll).toMatchObject({ voted: true, own_votes: [0, 2], voters_count: 1 });
        expect(mine.poll?.options.map((option) => option.votes_count)).toEqual([1, 0, 1]);
        const again = voter().client.post(`/api/v1/polls/${copy.poll?.id}/votes`, { choices: [1] });
        await expect(again).rejects.toThrow(/422/);
      },
    );
  });

  describe('quotes (FEP-044f)', () => {
    test.each([
      ['there', () => bob, () => alice],
      ['here', () => alice, () => bob],
    ])('of somebody %s need consent, which can be taken back', async (_, author, quoter) => {
      const own = await say(author(), { status: 'Quote me', quote_approval_policy: 'public' });
      const copy = await copyOf(quoter(), own.uri);
      const quoting = await say(quoter(), { status: 'As they said', quoted_status_id: copy.id });
      const path = `/api/v1/statuses/${quoting.id}`;
      const accepted = { quote: { state: 'accepted', quoted_status: { uri: own.uri } } };
      expect(await quoter().client.get<Status>(path)).toMatchObject(accepted);
      const seen = await copyOf(author(), quoting.uri);
      expect(seen).toMatchObject(accepted);
      expect((await told(author(), 'quote')).map(({ status }) => status?.uri)).toContain(quoting.uri);
      await act(author(), `statuses/${own.id}/quotes/${seen.id}/revoke`);
      expect((await copyOf(author(), quoting.uri)).quote?.state).toBe('revoked');
      expect((await quoter().client.get<Status>(path)).quote).toMatchObject({
        state: 'revoked',
        quoted_status: null,
      });
    });

    test('are known to whoever is quoted, where nobody follows the quoting author, and can be taken back', async () => {
      const dora = await join(b, 'dora');
      const own = await say(carol, { status: 'Quote me, stranger', quote_approval_policy: 'public' });
      await dora.client.get(`/api/v2/search?resolve=true&q=${encodeURIComponent(own.uri)}`);
      const copy = await copyOf(dora, own.uri);
      const quoting = await say(dora, { status: 'As a stranger said', quoted_status_id: copy.id });
      expect((await told(carol, 'quote')).map(({ status }) => status?.uri)).toEqual([quoting.uri]);
      const [listed] = await carol.client.get<Status[]>(`/api/v1/statuses/${own.id}/quotes`);
      expect(listed).toMatchObject({ uri: quoting.uri, quote: { state: 'accepted' } });
      const counts = async () => {
        await settle();
        const both = await Promise.all([a, b].map(({ ctx }) => ctx.db.statuses.findOne({ uri: own.uri })));
        return both.map((status) => status?.quotesCount);
      };
      expect(await counts()).toEqual([1, 1]);
      await act(carol, `statuses/${own.id}/quotes/${listed?.id}/revoke`);
      const { quote } = await dora.client.get<Status>(`/api/v1/statuses/${quoting.id}`);
      expect(quote).toMatchObject({ state: 'revoked', quoted_status: null });
      expect(await counts()).toEqual([0, 0]);
      const other = await say(dora, { status: 'Said again', quoted_status_id: copy.id });
      expect(await counts()).toEqual([1, 1]);
      await dora.client.delete(`/api/v1/statuses/${other.id}`);
      expect(await counts()).toEqual([0, 0]);
    });

    test.each([
      ['there', () => bob, () => alice],
      ['here', () => alice, () => bob],
    ])('of somebody %s who wants none show nothing', async (_, author, quoter) => {
      const own = await say(author(), { status: 'Do not quote me', quote_approval_policy: 'nobody' });
      const copy = await copyOf(quoter(), own.uri);
      const quoting = await say(quoter(), { status: 'Still', quoted_status_id: copy.id });
      const { quote } = await quoter().client.get<Status>(`/api/v1/statuses/${quoting.id}`);
      expect(quote).toMatchObject({ state: 'rejected', quoted_status: null });
      expect((await copyOf(author(), quoting.uri)).quote?.state).not.toBe('accepted');
    });
  });

  describe('the end', () => {
    test('a block ends the follows both ways', async () => {
      const seen = await find(bob, alice);
      await act(bob, `accounts/${seen.id}/block`);
      expect(await relation(alice, bob)).toMatchObject({
        following: false,
        followed_by: false,
        blocked_by: true,
      });
      await act(bob, `accounts/${seen.id}/unblock`);
      expect(await relation(alice, bob)).toMatchObject({ blocked_by: false });
    });

    test('who leaves takes along what they wrote', async () => {
      const erin = await join(b, 'erin');
      await follow(alice, erin);
      const own = await say(erin, { status: 'I was here' });
      const { id, account } = await copyOf(alice, own.uri);
      await deleteAccount(b.ctx, erin.user.account);
      await settle();
      expect(await alice.client.statusOf(`/api/v1/statuses/${id}`)).toBe(404);
      expect(await inHome(alice, own.uri)).toBeUndefined();
      const stored = await a.ctx.db.accounts.findOne({ _id: account.id });
      expect(stored?.deletedAt).not.toBeNull();
      const actor = await fetch(erin.user.account.uri, { headers: { accept: 'application/activity+json' } });
      expect(actor.status).toBe(410);
    });

    test('nothing was lost on the way, and nothing is left to do', async () => {
      await settle();
      for (const { ctx } of [a, b]) {
        expect(
          await ctx.db.deliveries.find({ state: { $in: ['ready', 'leased', 'dead'] } }).toArray(),
        ).toEqual([]);
        expect(await ctx.db.jobs.find({ state: { $in: ['ready', 'leased', 'dead'] } }).toArray()).toEqual([]);
        const open = await ctx.db.received.find({ outcome: { $in: [null, 'failed'] } }).toArray();
        expect(open).toEqual([]);
      }
    });
  });
});

async function picture(width: number): Promise<Uint8Array<ArrayBuffer>> {
  const create = { width, height: 60, channels: 3 as const, background: '#f4a259' };
  return new Uint8Array(await sharp({ create }).png().toBuffer());
}
