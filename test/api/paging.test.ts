import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { endpoints, isAbsent, type Endpoint } from './contract.js';
import { clientOf, ok, post, type Client } from './support.js';
import { startWorld, type Person, type World } from './writes/kit.js';

/**
 * Every list of the contract that has pages: a walk along its links meets everything once, in order; links keep other
 * parameters, lead onwards, and say what the contract says of them; sizes are bounded.
 */

interface List {
  path: string;
  as?: Person | null;
  query?: Record<string, string>;
  /** How many there are; more than the largest page has, where nothing else is said. */
  count: number;
  /** What makes an item itself. Default: its id. */
  key?: (item: never) => string;
  /** What the list is in, when the answer is no list. */
  inside?: string;
  /** There are too few to try the largest page. */
  few?: true;
}

const people = 85;
const posts = 45;
let w: World;
let site: Server;
let lists: Record<string, List>;

const crowd: Person[] = [];
const each = async (act: (who: Person, at: number) => Promise<unknown>): Promise<void> => {
  for (const [at, who] of crowd.entries()) await act(who, at);
};

beforeAll(async () => {
  w = await startWorld();
  site = createServer(
    (_q, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<title>A page</title>'),
  );
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  for (let i = 0; i < people; i += 1) crowd.push(await w.person());
  const [writer, reader, hub, quiet, blocker] = [
    await w.person(),
    await w.person(),
    await w.person(),
    await w.person(),
    await w.person(),
  ];
  const [muter, noted] = [await w.person(), await w.person()];
  const act = (by: Person, path: string, body?: object): Promise<unknown> => ok(by.api.post(path, body));
  await act(reader, `/api/v1/accounts/${writer.id}/follow`);
  const list = await ok<{ id: string }>(reader.api.post('/api/v1/lists', { title: 'Writers' }));
  await act(reader, `/api/v1/lists/${list.id}/accounts`, { account_ids: [writer.id] });
  const crowdList = await ok<{ id: string }>(hub.api.post('/api/v1/lists', { title: 'Crowd' }));
  const liked = await post(writer.api, {
    status: 'Like me',
    visibility: 'unlisted',
    quote_approval_policy: 'public',
  });
  const own: string[] = [];
  for (let i = 0; i < posts; i += 1) {
    const made = await post(writer.api, `#paged ${origin}/story Number ${i}`);
    own.push(made.id);
    await act(reader, `/api/v1/statuses/${made.id}/favourite`);
    await act(reader, `/api/v1/statuses/${made.id}/bookmark`);
    const day = new Date(Date.now() + (2 + Math.floor(i / 20)) * 86_400_000).toISOString();
    await ok(reader.api.post('/api/v1/statuses', { status: 'Later', scheduled_at: day }));
    await post(crowd[i]?.api as Client, {
      status: `Quoting ${i}`,
      quoted_status_id: liked.id,
      visibility: 'unlisted',
    });
  }
  await ok(quiet.api.patch('/api/v2/notifications/policy', { for_not_following: 'filter' }));
  await each(async (who, at) => {
    await act(hub, `/api/v1/accounts/${who.id}/follow`);
    await act(hub, `/api/v1/accounts/${who.id}/endorse`);
    await act(who, `/api/v1/accounts/${hub.id}/follow`);
    await act(who, `/api/v1/accounts/${w.carol.id}/follow`);
    await act(blocker, `/api/v1/accounts/${who.id}/block`);
    await act(muter, `/api/v1/accounts/${who.id}/mute`);
    await act(who, `/api/v1/statuses/${liked.id}/favourite`);
    await act(who, `/api/v1/statuses/${liked.id}/reblog`);
    await post(who.api, { status: `@${quiet.name} @${w.bob.name} Hello ${at}`, visibility: 'direct' });
    await post(who.api, { status: `@${noted.name} Hello ${at}`, visibility: 'unlisted' });
  });
  await act(hub, `/api/v1/lists/${crowdList.id}/accounts`, { account_ids: crowd.map((p) => p.id) });
  for (let i = 0; i < 205; i += 1) {
    await act(reader, '/api/v1/domain_blocks', { domain: `d${i}.example` });
    await act(reader, `/api/v1/tags/t${i}x/follow`);
  }
  // What trends needs several people.
  for (const name of ['red', 'green', 'blue']) {
    for (const who of crowd.slice(0, 4)) {
      await ok(who.api.patch('/api/v1/profile', { discoverable: true }));
      const made = await post(who.api, `#${name} ${origin}/${name}`);
      for (const fan of crowd.slice(0, 6)) await act(fan, `/api/v1/statuses/${made.id}/favourite`);
    }
  }
  const root = '/api/v1/admin';
  for (let i = 0; i < 4; i += 1) {
    await act(w.owner, `${root}/domain_allows`, { domain: `a${i}.example` });
    await act(w.owner, `${root}/domain_blocks`, { domain: `b${i}.example` });
    await act(w.owner, `${root}/email_domain_blocks`, { domain: `c${i}.example` });
    await act(w.owner, `${root}/canonical_email_blocks`, { email: `d${i}@mail.example` });
    await act(w.owner, `${root}/ip_blocks`, { ip: `192.0.2.${i}/32`, severity: 'no_access' });
    await act(w.alice, '/api/v1/reports', { account_id: crowd[i]?.id });
  }
  await w.instance.idle();
  const { notification_groups: groups } = await ok<{
    notification_groups: { group_key: string; type: string }[];
  }>(writer.api.get('/api/v2/notifications'));
  const favourites = groups.find((g) => g.type === 'favourite')?.group_key ?? '';
  const anybody = { as: null };
  const acct = (who: Person, rest: string): string => `/api/v1/accounts/${who.id}/${rest}`;
  const few = { few: true as const };
  const staff = { as: w.owner, count: 4, ...few };
  const lastStatus = (c: { last_status: { id: string } }): string => c.last_status.id;
  const total = await w.instance.ctx.db.users.countDocuments({});
  const tags = await w.instance.ctx.db.tags.countDocuments({});
  lists = {
    '/api/v1/accounts/:id/endorsements': { path: acct(hub, 'endorsements'), count: people, ...anybody },
    '/api/v1/accounts/:id/followers': { path: acct(hub, 'followers'), count: people, ...anybody },
    '/api/v1/accounts/:id/following': { path: acct(hub, 'following'), count: people, ...anybody },
    '/api/v1/accounts/:id/statuses': { path: acct(writer, 'statuses'), count: posts + 1, as: reader },
    '/api/v1/blocks': { path: '/api/v1/blocks', as: blocker, count: people },
    '/api/v1/mutes': { path: '/api/v1/mutes', as: muter, count: people },
    '/api/v1/bookmarks': { path: '/api/v1/bookmarks', as: reader, count: posts },
    '/api/v1/favourites': { path: '/api/v1/favourites', as: reader, count: posts },
    '/api/v1/conversations': { path: '/api/v1/conversations', as: w.bob, count: people, key: lastStatus },
    '/api/v1/domain_blocks': { path: '/api/v1/domain_blocks', as: reader, count: 205, key: String },
    '/api/v1/endorsements': { path: '/api/v1/endorsements', as: hub, count: people },
    '/api/v1/follow_requests': { path: '/api/v1/follow_requests', as: w.carol, count: people },
    '/api/v1/followed_tags': {
      path: '/api/v1/followed_tags',
      as: reader,
      count: 205,
      key: (t: { name: string }) => t.name,
    },
    '/api/v2/notifications': {
      path: '/api/v2/notifications',
      as: noted,
      count: people,
      inside: 'notification_groups',
      key: (g: { group_key: string }) => g.group_key,
    },
    '/api/v2/notifications/:group_key/accounts': {
      path: `/api/v2/notifications/${favourites}/accounts`,
      as: writer,
      count: people,
    },
    '/api/v1/lists/:id/accounts': { path: `/api/v1/lists/${crowdList.id}/accounts`, as: hub, count: people },
    '/api/v1/notifications': {
      path: '/api/v1/notifications',
      as: noted,
      query: { 'types[]': 'mention' },
      count: people,
    },
    '/api/v1/notifications/requests': { path: '/api/v1/notifications/requests', as: quiet, count: people },
    '/api/v1/scheduled_statuses': { path: '/api/v1/scheduled_statuses', as: reader, count: posts },
    '/api/v1/statuses/:id/favourited_by': {
      path: `/api/v1/statuses/${liked.id}/favourited_by`,
      count: people,
      ...anybody,
    },
    '/api/v1/statuses/:id/reblogged_by': {
      path: `/api/v1/statuses/${liked.id}/reblogged_by`,
      count: people,
      ...anybody,
    },
    '/api/v1/statuses/:id/quotes': { path: `/api/v1/statuses/${liked.id}/quotes`, as: writer, count: posts },
    '/api/v1/timelines/direct': { path: '/api/v1/timelines/direct', as: w.bob, count: people },
    '/api/v1/timelines/home': { path: '/api/v1/timelines/home', as: reader, count: posts + 1 },
    '/api/v1/timelines/link': {
      path: '/api/v1/timelines/link',
      query: { url: `${origin}/story` },
      count: posts,
      ...anybody,
    },
    '/api/v1/timelines/list/:list_id': {
      path: `/api/v1/timelines/list/${list.id}`,
      as: reader,
      count: posts + 1,
    },
    '/api/v1/timelines/public': {
      path: '/api/v1/timelines/public',
      query: { local: 'true' },
      count: posts + 12,
      ...anybody,
    },
    '/api/v1/timelines/tag/:hashtag': { path: '/api/v1/timelines/tag/paged', count: posts, ...anybody },
    '/api/v1/trends': {
      path: '/api/v1/trends',
      count: 3,
      key: (t: { name: string }) => t.name,
      ...anybody,
      ...few,
    },
    '/api/v1/trends/tags': {
      path: '/api/v1/trends/tags',
      count: 3,
      key: (t: { name: string }) => t.name,
      ...anybody,
      ...few,
    },
    '/api/v1/trends/links': {
      path: '/api/v1/trends/links',
      count: 3,
      key: (l: { url: string }) => l.url,
      ...anybody,
      ...few,
    },
    '/api/v1/trends/statuses': { path: '/api/v1/trends/statuses', count: 12, ...anybody, ...few },
    '/api/v1/admin/accounts': { path: '/api/v1/admin/accounts', as: w.owner, count: total, ...few },
    '/api/v2/admin/accounts': { path: '/api/v2/admin/accounts', as: w.owner, count: total, ...few },
    '/api/v1/admin/canonical_email_blocks': { path: `${root}/canonical_email_blocks`, ...staff },
    '/api/v1/admin/domain_allows': { path: `${root}/domain_allows`, ...staff },
    '/api/v1/admin/domain_blocks': { path: `${root}/domain_blocks`, ...staff },
    '/api/v1/admin/email_domain_blocks': { path: `${root}/email_domain_blocks`, ...staff },
    '/api/v1/admin/ip_blocks': { path: `${root}/ip_blocks`, ...staff },
    '/api/v1/admin/reports': { path: `${root}/reports`, ...staff },
    '/api/v1/admin/tags': { path: `${root}/tags`, ...staff, count: tags },
    '/api/v1/admin/trends/links': { path: `${root}/trends/links`, ...staff, count: 3 },
    '/api/v1/admin/trends/links/publishers': { path: `${root}/trends/links/publishers`, ...staff, count: 1 },
    '/api/v1/admin/trends/statuses': { path: `${root}/trends/statuses`, ...staff, count: 12 },
    '/api/v1/admin/trends/tags': { path: `${root}/trends/tags`, ...staff, count: 3 },
  };
}, 900_000);
afterAll(async () => {
  await w.instance.close();
  await new Promise((resolve) => site.close(resolve));
});

const paged = endpoints.filter((e) => e.pagination && !isAbsent(e));
const offsets = /\/trends/;

const clientFor = (list: List): Client =>
  list.as === null ? clientOf(w.instance) : (list.as ?? w.alice).api;
const fetchPage = (list: List, query: Record<string, unknown> = {}): Promise<Response> =>
  Promise.resolve(clientFor(list).get(list.path, { ...list.query, ...query }));

function itemsOf(list: List, res: Response): string[] {
  expect({ path: list.path, status: res.status, text: res.status === 200 ? '' : res.text }).toEqual({
    path: list.path,
    status: 200,
    text: '',
  });
  const body = (list.inside ? (res.body as Record<string, unknown>)[list.inside] : res.body) as never[];
  return body.map((item) => (list.key ?? ((i: { id: string }) => i.id))(item));
}

/** The links by rel, as strict clients read them. */
function linksOf(res: Response): Record<string, URL> {
  const header = res.get('Link');
  if (header === undefined) return {};
  const parts = header.split(', ');
  return Object.fromEntries(
    parts.map((part) => {
      const found = /^<(https?:\/\/[^<>;,"\s]+)>; rel="(next|prev)"$/.exec(part);
      expect({ header, part, found: found !== null }).toEqual({ header, part, found: true });
      return [found?.[2] ?? '', new URL(found?.[1] ?? '')];
    }),
  );
}

const follow = (list: List, url: URL): Promise<Response> =>
  Promise.resolve(clientFor(list).get(url.pathname + url.search));

test('the table has every list of the contract', () => {
  expect(paged.map((e) => e.path).filter((path) => !lists[path])).toEqual([]);
  expect(paged.length).toBeGreaterThanOrEqual(42);
});

describe.each(paged.map((e) => [e.path, e] as [string, Endpoint]))('%s', (path, endpoint) => {
  const list = (): List => lists[path] as List;
  const byOffset = offsets.test(path);
  const bounds = byOffset
    ? { next: 'offset', prev: 'offset' }
    : { next: endpoint.pagination?.next ?? '', prev: endpoint.pagination?.prev ?? '' };

  test('a walk along the links meets everything once, and ends', async () => {
    const limit = Math.max(1, Math.floor(list().count / 3));
    const seen: string[] = [];
    let res = await fetchPage(list(), { limit, x: 'kept, and; so' });
    for (let pages = 0; pages < 10; pages += 1) {
      const items = itemsOf(list(), res);
      const links = linksOf(res);
      if (!items.length) {
        expect(res.get('Link')).toBeUndefined();
        break;
      }
      seen.push(...items);
      expect(items.length).toBeLessThanOrEqual(limit);
      for (const [rel, url] of Object.entries(links)) {
        expect(url.origin).toBe(w.instance.url);
        expect(url.searchParams.get('x')).toBe('kept, and; so');
        expect(url.searchParams.get('limit')).toBe(String(limit));
        for (const [name, value] of Object.entries(list().query ?? {}))
          expect(url.searchParams.get(name)).toBe(value);
        const given = ['max_id', 'min_id', 'since_id', 'offset'].filter((name) => url.searchParams.has(name));
        expect({ rel, given }).toEqual({ rel, given: [bounds[rel as 'next']] });
        expect(url.searchParams.get(bounds[rel as 'next'])).toMatch(/^\d+$/);
        expect(url.href).not.toBe(new URL(res.request.url as string).href);
      }
      if (!links['next']) break;
      res = await follow(list(), links['next']);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(list().count);
  });

  test('prev leads to what is newer, and from the first page to nothing', async () => {
    const limit = Math.max(1, Math.floor(list().count / 3));
    const first = await fetchPage(list(), { limit });
    const top = itemsOf(list(), first);
    if (byOffset) {
      expect(linksOf(first)['prev']).toBeUndefined();
    } else {
      const none = await follow(list(), linksOf(first)['prev'] as URL);
      expect(itemsOf(list(), none)).toEqual([]);
      expect(none.get('Link')).toBeUndefined();
    }
    const { next } = linksOf(first);
    if (!next) return expect(list().count).toBeLessThanOrEqual(limit);
    const second = await follow(list(), next);
    // Lists by offset cannot know that a full page was the last.
    if (byOffset && !itemsOf(list(), second).length) return expect(second.get('Link')).toBeUndefined();
    const back = itemsOf(list(), await follow(list(), linksOf(second)['prev'] as URL));
    expect(back).toEqual(top);
  });

  test('sizes are bounded', async () => {
    const param = endpoint.params?.find((p) => p.name === 'limit');
    const all = itemsOf(list(), await fetchPage(list(), { limit: 100_000 }));
    if (param?.maximum !== undefined && !list().few)
      expect(all).toHaveLength(Math.min(param.maximum, list().count));
    const usual = itemsOf(list(), await fetchPage(list()));
    if (typeof param?.default === 'number') expect(usual).toHaveLength(Math.min(param.default, list().count));
    for (const limit of ['-5', 'x', '', '1e3', '99999999999999999999']) {
      const items = itemsOf(list(), await fetchPage(list(), { limit }));
      expect(items.length).toBeGreaterThan(0);
      expect(items.length).toBeLessThanOrEqual(param?.maximum ?? 200);
    }
  });
});

test('lists/:id/accounts?limit=0 is everybody', async () => {
  const list = lists['/api/v1/lists/:id/accounts'] as List;
  expect(itemsOf(list, await fetchPage(list, { limit: 0 }))).toHaveLength(people);
});

describe('a long stretch that one may not see does not end a list', () => {
  let reader: Person;
  let writer: Person;
  beforeAll(async () => {
    const chatter = await w.person();
    [reader, writer] = [await w.person(), await w.person()];
    const list = await ok<{ id: string }>(reader.api.post('/api/v1/lists', { title: 'Both' }));
    for (const who of [writer, chatter]) {
      await ok(reader.api.post(`/api/v1/accounts/${who.id}/follow`));
      await ok(reader.api.post(`/api/v1/lists/${list.id}/accounts`, { account_ids: [who.id] }));
    }
    await post(writer.api, `@${reader.name} #stretch first`);
    for (let i = 0; i < 25; i += 1) await post(chatter.api, `@${reader.name} #stretch ${i}`);
    await w.instance.idle();
    // Written as a process that died between the mute and its effects would leave it.
    const { db, ids } = w.instance.ctx;
    await db.mutes.insertOne({
      _id: ids.next(),
      accountId: reader.id,
      targetId: chatter.id,
      notifications: true,
      expiresAt: null,
      createdAt: new Date().toISOString(),
    });
    lists['list of both'] = { path: `/api/v1/timelines/list/${list.id}`, as: reader, count: 1 };
  });

  test.each([
    '/api/v1/timelines/home',
    'list',
    '/api/v1/timelines/public',
    '/api/v1/timelines/tag/stretch',
    '/api/v1/notifications',
    '/api/v2/notifications',
  ])('%s', async (path) => {
    const inside = path.startsWith('/api/v2') ? { inside: 'notification_groups' } : {};
    const list: List =
      path === 'list' ? (lists['list of both'] as List) : { path, as: reader, count: 1, ...inside };
    const key = inside.inside ? (g: { status_id: string }) => g.status_id : (i: { id: string }) => i.id;
    const shown = itemsOf({ ...list, key }, await fetchPage(list, { limit: 1 }));
    expect(shown).toHaveLength(1);
    const about = await ok<{ id: string; content: string }[]>(
      writer.api.get(`/api/v1/accounts/${writer.id}/statuses`),
    );
    if (!path.endsWith('v1/notifications')) expect(shown).toEqual([about[0]?.id]);
  });

  test('nor what one did not ask for', async () => {
    const picture = await w.picture(writer);
    const kept = await post(writer.api, { status: '#kept', media_ids: [picture], visibility: 'unlisted' });
    for (let i = 0; i < 60; i += 1) await post(writer.api, { status: `${i}`, visibility: 'unlisted' });
    const path = `/api/v1/accounts/${writer.id}/statuses`;
    for (const query of [{ only_media: 'true' }, { tagged: 'kept' }])
      expect(
        itemsOf(
          { path, as: reader, count: 1 },
          await fetchPage({ path, as: reader, count: 1, query }, { limit: 1 }),
        ),
      ).toEqual([kept.id]);
  });
});
