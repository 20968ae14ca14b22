import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createOAuthAPIClient,
  createRestAPIClient,
  createStreamingAPIClient,
  MastoHttpError,
  type mastodon,
} from 'masto';
import { WebSocket } from 'ws';
import type { Instance, TestUser } from '../support/instance.js';
import { until } from '../support/until.js';
import { authorizeByHand, picture, recordCalls, startTown, tell, type Recorder } from './kit.js';

type Api = mastodon.rest.Client;
const callback = 'https://bot.example/callback';
const scopes = 'read write follow push';

/** The library of Elk, Phanpy and many bots, in the way they use it. */
describe('masto', () => {
  let instance: Instance;
  let people: Record<'alice' | 'bob' | 'carol', TestUser>;
  let recorder: Recorder;
  let alice: Api, bob: Api, carol: Api;

  const apiOf = (token: string): Api => createRestAPIClient({ url: instance.url, accessToken: token });
  const idOf = (name: keyof typeof people): string => people[name].account._id;

  beforeAll(async () => {
    ({ instance, people } = await startTown(['alice', 'bob', 'carol']));
    [alice, bob, carol] = [apiOf(people.alice.token), apiOf(people.bob.token), apiOf(people.carol.token)];
    recorder = recordCalls(instance);
  });
  afterAll(async () => {
    await instance.close();
    recorder.stop();
  });

  async function postAs(api: Api, status: string, more: object = {}): Promise<mastodon.v1.Status> {
    const posted = await api.v1.statuses.create({ status, ...more });
    await instance.idle();
    return posted;
  }
  const idsOf = (list: readonly { id: string }[]): string[] => list.map((s) => s.id);
  const acctsOf = (list: readonly { acct: string }[]): string[] => list.map((a) => a.acct);

  test('signs in', async () => {
    const anonymous = createRestAPIClient({ url: instance.url });
    const app = await anonymous.v1.apps.create({ clientName: 'masto', redirectUris: callback, scopes });
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: app.clientId ?? '',
      redirect_uri: callback,
      scope: scopes,
    });
    const address = `${instance.url}/oauth/authorize?${query.toString()}`;
    const code = await authorizeByHand(instance, address, 'alice');
    const oauth = createOAuthAPIClient({ url: instance.url });
    const token = await oauth.token.create({
      grantType: 'authorization_code',
      clientId: app.clientId ?? '',
      clientSecret: app.clientSecret ?? '',
      redirectUri: callback,
      code,
      scope: scopes,
    });
    const api = apiOf(token.accessToken);
    expect(await api.v1.accounts.verifyCredentials()).toMatchObject({ username: 'alice' });
    expect(await api.v1.apps.verifyCredentials()).toMatchObject({ name: 'masto' });
    await oauth.revoke({
      clientId: app.clientId ?? '',
      clientSecret: app.clientSecret ?? '',
      token: token.accessToken,
    });
    const refused = await api.v1.accounts.verifyCredentials().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MastoHttpError);
    expect(refused).toMatchObject({ statusCode: 401, message: 'The access token is invalid' });
  });

  test('reads what an instance says of itself', async () => {
    const { v1, v2 } = createRestAPIClient({ url: instance.url });
    expect(await v2.instance.fetch()).toMatchObject({
      sourceUrl: expect.any(String),
      domain: expect.any(String),
    });
    expect(await v1.instance.fetch()).toMatchObject({ uri: expect.any(String) });
    expect(await v1.customEmojis.list()).toEqual([]);
    expect(await v1.instance.peers.list()).toEqual([]);
    expect(Array.isArray(await v1.instance.activity.list())).toBe(true);
    expect(await v1.instance.languages.list()).toContainEqual({ code: 'de', name: expect.any(String) });
    expect(await v1.instance.domainBlocks.fetch()).toEqual([]);
    expect(await v1.instance.translationLanguages.list()).toEqual({});
    expect(await v1.instance.extendedDescription.fetch()).toHaveProperty('content');
    expect(await alice.v1.announcements.list()).toEqual([]);
    expect(await alice.v1.preferences.fetch()).toHaveProperty('posting:default:visibility', 'public');
  });

  test('accounts', async () => {
    const me = await alice.v1.accounts.updateCredentials({
      displayName: 'Alice',
      note: 'Writes #letters',
      avatar: new Blob([await picture('gold')], { type: 'image/png' }),
      header: new Blob([await picture('navy')], { type: 'image/png' }),
      fieldsAttributes: [{ name: 'Site', value: 'https://alice.example' }],
      source: { privacy: 'unlisted', language: 'en' },
    });
    expect(me).toMatchObject({ displayName: 'Alice', source: { privacy: 'unlisted' } });
    expect((await fetch(me.avatar)).status).toBe(200);
    await alice.v1.accounts.updateCredentials({ source: { privacy: 'public' } });
    expect(await alice.v1.accounts.lookup({ acct: 'bob' })).toMatchObject({ id: idOf('bob') });
    expect(await alice.v1.accounts.$select(idOf('bob')).fetch()).toMatchObject({ acct: 'bob' });
    expect(idsOf(await alice.v1.accounts.fetch({ id: [idOf('bob'), idOf('carol')] }))).toHaveLength(2);
    expect(acctsOf(await alice.v1.accounts.search.list({ q: 'bob' }))).toEqual(['bob']);
    const chosen = alice.v1.accounts.$select(idOf('bob'));
    expect(await chosen.follow({ notify: true, languages: ['en', 'de'] })).toMatchObject({
      following: true,
      notifying: true,
      languages: ['en', 'de'],
    });
    await chosen.follow({ notify: false });
    await instance.idle();
    expect(await chosen.note.create({ comment: 'met at sea' })).toMatchObject({ note: 'met at sea' });
    expect(acctsOf(await chosen.followers.list())).toEqual(['alice']);
    expect(acctsOf(await alice.v1.accounts.$select(idOf('alice')).following.list())).toEqual(['bob']);
    expect(await alice.v1.accounts.relationships.fetch({ id: [idOf('bob'), idOf('carol')] })).toHaveLength(2);
    expect(Array.isArray(await alice.v1.accounts.familiarFollowers.fetch([idOf('bob')]))).toBe(true);
    const other = alice.v1.accounts.$select(idOf('carol'));
    expect(await other.mute({ notifications: false, duration: 3600 })).toMatchObject({ muting: true });
    expect(acctsOf(await alice.v1.mutes.list())).toEqual(['carol']);
    expect(await other.unmute()).toMatchObject({ muting: false });
    expect(await other.block()).toMatchObject({ blocking: true });
    expect(acctsOf(await alice.v1.blocks.list())).toEqual(['carol']);
    expect(await other.unblock()).toMatchObject({ blocking: false });
    await alice.v1.domainBlocks.create({ domain: 'spam.example' });
    expect(await alice.v1.domainBlocks.list()).toEqual(['spam.example']);
    await alice.v1.domainBlocks.remove({ domain: 'spam.example' });
    expect(await alice.v1.domainBlocks.list()).toEqual([]);
    await bob.v1.accounts.updateCredentials({ discoverable: true });
    expect(acctsOf(await alice.v1.directory.list({ local: true }))).toContain('bob');
    expect(Array.isArray(await alice.v2.suggestions.list())).toBe(true);
  });

  test('follow requests', async () => {
    await carol.v1.accounts.updateCredentials({ locked: true });
    const chosen = carol.v1.accounts.$select(idOf('alice'));
    expect(await alice.v1.accounts.$select(idOf('carol')).follow()).toMatchObject({ requested: true });
    await instance.idle();
    expect(acctsOf(await carol.v1.followRequests.list())).toEqual(['alice']);
    await carol.v1.followRequests.$select(idOf('alice')).authorize();
    await instance.idle();
    expect(acctsOf(await chosen.following.list()).sort()).toEqual(['bob', 'carol']);
    expect(await carol.v1.accounts.$select(idOf('alice')).removeFromFollowers()).toMatchObject({
      followedBy: false,
    });
    await carol.v1.accounts.updateCredentials({ locked: false });
  });

  test('statuses', async () => {
    const status = await postAs(alice, 'Hello @bob, see #harbour https://example.com/a_b', {
      language: 'en',
    });
    const chosen = alice.v1.statuses.$select(status.id);
    expect(await chosen.fetch()).toMatchObject({
      id: status.id,
      language: 'en',
      tags: [{ name: 'harbour' }],
    });
    expect(idsOf(await alice.v1.statuses.fetch({ id: [status.id] }))).toEqual([status.id]);
    const reply = await postAs(bob, 'Hello back', { inReplyToId: status.id });
    expect(await chosen.context.fetch()).toMatchObject({ ancestors: [], descendants: [{ id: reply.id }] });
    expect(await chosen.favourite()).toMatchObject({ favourited: true });
    expect(acctsOf(await chosen.favouritedBy.list())).toEqual(['alice']);
    expect(idsOf(await alice.v1.favourites.list())).toEqual([status.id]);
    expect(await chosen.unfavourite()).toMatchObject({ favourited: false });
    const theirs = bob.v1.statuses.$select(status.id);
    expect(await theirs.reblog({ visibility: 'unlisted' })).toMatchObject({ reblog: { id: status.id } });
    await instance.idle();
    expect(acctsOf(await chosen.rebloggedBy.list())).toEqual(['bob']);
    expect(await theirs.unreblog()).toMatchObject({ reblogged: false });
    expect(await chosen.bookmark()).toMatchObject({ bookmarked: true });
    expect(idsOf(await alice.v1.bookmarks.list())).toEqual([status.id]);
    expect(await chosen.unbookmark()).toMatchObject({ bookmarked: false });
    expect(await chosen.mute()).toMatchObject({ muted: true });
    expect(await chosen.unmute()).toMatchObject({ muted: false });
    expect(await chosen.pin()).toMatchObject({ pinned: true });
    const pinned = alice.v1.accounts.$select(idOf('alice')).statuses.list({ pinned: true });
    expect(idsOf(await pinned)).toEqual([status.id]);
    expect(await chosen.unpin()).toMatchObject({ pinned: false });
    expect(await chosen.source.fetch()).toMatchObject({ text: expect.stringContaining('#harbour') });
    expect(await chosen.update({ status: 'Edited' })).toMatchObject({ editedAt: expect.any(String) });
    await instance.idle();
    expect(await chosen.history.list()).toHaveLength(2);
    expect(await chosen.remove()).toMatchObject({ text: 'Edited' });
    await expect(chosen.fetch()).rejects.toMatchObject({ statusCode: 404, message: 'Record not found' });
    await expect(chosen.translate()).rejects.toBeInstanceOf(MastoHttpError);
  });

  test('quotes', async () => {
    const quoted = await postAs(bob, 'Quote me', { quoteApprovalPolicy: 'public' });
    const quote = await postAs(alice, 'Indeed', { quotedStatusId: quoted.id });
    const shown = await alice.v1.statuses.$select(quote.id).fetch();
    expect(shown.quote).toMatchObject({ state: 'accepted', quotedStatus: { id: quoted.id } });
    expect(idsOf(await bob.v1.statuses.$select(quoted.id).quotes.list())).toEqual([quote.id]);
  });

  test('media', async () => {
    const file = new Blob([await picture('plum')], { type: 'image/png' });
    const media = await alice.v2.media.create({ file, description: 'plum', focus: '0.1,0.2' });
    expect(media).toMatchObject({ type: 'image', description: 'plum', url: expect.any(String) });
    expect(await alice.v1.media.$select(media.id).update({ description: 'a plum' })).toMatchObject({
      description: 'a plum',
    });
    expect(await alice.v1.media.$select(media.id).fetch()).toMatchObject({ id: media.id });
    const status = await alice.v1.statuses.create({ mediaIds: [media.id], sensitive: true });
    const edited = await alice.v1.statuses.$select(status.id).update({
      status: 'Plum',
      mediaIds: [media.id],
      mediaAttributes: [{ id: media.id, description: 'one plum' }],
    });
    expect(edited.mediaAttachments).toMatchObject([{ description: 'one plum' }]);
  });

  test('polls', async () => {
    const { poll } = await postAs(alice, 'Tea?', { poll: { options: ['yes', 'no'], expiresIn: 3600 } });
    const chosen = bob.v1.polls.$select(poll?.id ?? '');
    expect(await chosen.votes.create({ choices: [1] })).toMatchObject({ voted: true, ownVotes: [1] });
    expect(await chosen.fetch()).toMatchObject({ votesCount: 1, options: [{}, { votesCount: 1 }] });
  });

  test('posts for later', async () => {
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    const planned = await alice.v1.statuses.create({ status: 'Later', scheduledAt });
    const chosen = alice.v1.scheduledStatuses.$select(planned.id);
    expect(idsOf(await alice.v1.scheduledStatuses.list())).toEqual([planned.id]);
    const next = new Date(Date.now() + 7_200_000).toISOString();
    expect(await chosen.update({ scheduledAt: next })).toMatchObject({ scheduledAt: next });
    expect(await chosen.fetch()).toMatchObject({ params: { text: 'Later' } });
    await chosen.remove();
    expect(await alice.v1.scheduledStatuses.list()).toEqual([]);
  });

  test('timelines, paged', async () => {
    const posted: string[] = [];
    for (let i = 0; i < 5; i += 1) posted.unshift((await postAs(bob, `Tide ${i} #tides`)).id);
    expect(idsOf(await alice.v1.timelines.home.list({ limit: 5 }))).toEqual(posted);
    expect(idsOf(await alice.v1.timelines.public.list({ local: true, limit: 1 }))).toEqual(
      posted.slice(0, 1),
    );
    const pages: string[][] = [];
    for await (const page of alice.v1.timelines.tag.$select('tides').list({ limit: 2 }))
      pages.push(idsOf(page));
    expect(pages.flat()).toEqual(posted);
    expect(pages.length).toBeGreaterThanOrEqual(3);
    const own = alice.v1.accounts.$select(idOf('bob')).statuses;
    expect(idsOf(await own.list({ excludeReplies: true, tagged: 'tides', limit: 1 }))).toEqual(
      posted.slice(0, 1),
    );
    const [newest = ''] = posted;
    expect(await alice.v1.markers.create({ home: { lastReadId: newest } })).toMatchObject({
      home: { lastReadId: newest },
    });
    expect(await alice.v1.markers.fetch({ timeline: ['home'] })).toMatchObject({
      home: { lastReadId: newest, version: expect.any(Number) },
    });
  });

  test('lists', async () => {
    const list = await alice.v1.lists.create({ title: 'Crew', exclusive: false });
    const chosen = alice.v1.lists.$select(list.id);
    await chosen.accounts.create({ accountIds: [idOf('bob')] });
    expect(acctsOf(await chosen.accounts.list())).toEqual(['bob']);
    expect(idsOf(await alice.v1.accounts.$select(idOf('bob')).lists.list())).toEqual([list.id]);
    const status = await postAs(bob, 'All hands');
    expect(idsOf(await alice.v1.timelines.list.$select(list.id).list({ limit: 1 }))).toEqual([status.id]);
    expect(await chosen.update({ title: 'Mates' })).toMatchObject({ title: 'Mates' });
    await chosen.accounts.remove({ accountIds: [idOf('bob')] });
    expect(await chosen.fetch()).toMatchObject({ id: list.id });
    await chosen.remove();
    expect(await alice.v1.lists.list()).toEqual([]);
  });

  test('filters', async () => {
    const filter = await alice.v2.filters.create({
      title: 'Weather',
      context: ['home', 'public'],
      filterAction: 'hide',
      keywordsAttributes: [{ keyword: 'rain', wholeWord: true }],
    });
    const chosen = alice.v2.filters.$select(filter.id);
    const keyword = await chosen.keywords.create({ keyword: 'snow', wholeWord: false });
    expect(await alice.v2.filters.keywords.$select(keyword.id).fetch()).toMatchObject({ keyword: 'snow' });
    expect(await chosen.keywords.list()).toHaveLength(2);
    const status = await postAs(bob, 'Rain all day');
    const entry = await chosen.statuses.create({ statusId: status.id });
    expect(await chosen.statuses.list()).toMatchObject([{ id: entry.id, statusId: status.id }]);
    const shown = await alice.v1.statuses.$select(status.id).fetch();
    expect(shown.filtered).toMatchObject([{ filter: { title: 'Weather' }, keywordMatches: ['rain'] }]);
    await alice.v2.filters.statuses.$select(entry.id).remove();
    await alice.v2.filters.keywords.$select(keyword.id).remove();
    expect(await chosen.update({ title: 'Skies' })).toMatchObject({ title: 'Skies' });
    expect(idsOf(await alice.v2.filters.list())).toEqual([filter.id]);
    await chosen.remove();
    expect(await alice.v2.filters.list()).toEqual([]);
  });

  test('tags', async () => {
    const chosen = alice.v1.tags.$select('tides');
    expect(await chosen.fetch()).toMatchObject({ name: 'tides', history: expect.any(Array) });
    expect(await chosen.follow()).toMatchObject({ following: true });
    expect(await alice.v1.followedTags.list()).toMatchObject([{ name: 'tides' }]);
    expect(await chosen.unfollow()).toMatchObject({ following: false });
    const featured = await alice.v1.featuredTags.create({ name: 'harbour' });
    expect(await alice.v1.featuredTags.list()).toHaveLength(1);
    expect(Array.isArray(await alice.v1.featuredTags.suggestions.list())).toBe(true);
    await alice.v1.featuredTags.$select(featured.id).remove();
    expect(await alice.v1.accounts.$select(idOf('alice')).featuredTags.list()).toEqual([]);
    expect(Array.isArray(await alice.v1.trends.tags.list())).toBe(true);
    expect(Array.isArray(await alice.v1.trends.statuses.list())).toBe(true);
    expect(Array.isArray(await alice.v1.trends.links.list())).toBe(true);
  });

  test('search', async () => {
    const status = await postAs(bob, 'A quokka on the quay');
    expect(await alice.v2.search.list({ q: 'bob', type: 'accounts' })).toMatchObject({
      accounts: [{ acct: 'bob' }],
    });
    expect(await alice.v2.search.list({ q: status.url ?? '', resolve: true })).toMatchObject({
      statuses: [{ id: status.id }],
    });
    await alice.v1.statuses.$select(status.id).favourite();
    const found = await alice.v2.search.list({ q: 'quokka', type: 'statuses' });
    expect(idsOf(found.statuses)).toEqual([status.id]);
  });

  test('notifications, flat and grouped', async () => {
    await alice.v1.notifications.clear();
    const status = await postAs(alice, 'Like me');
    for (const api of [bob, carol]) await api.v1.statuses.$select(status.id).favourite();
    await postAs(carol, 'Psst @alice');
    const flat = await alice.v1.notifications.list();
    expect(flat.map((n) => n.type)).toEqual(['mention', 'favourite', 'favourite']);
    expect(await alice.v1.notifications.$select(flat[0]?.id ?? '').fetch()).toMatchObject({
      type: 'mention',
    });
    expect(await alice.v1.notifications.unreadCount.fetch()).toEqual({ count: 3 });
    const grouped = await alice.v2.notifications.list();
    expect(grouped.notificationGroups.map((g) => [g.type, g.notificationsCount])).toEqual([
      ['mention', 1],
      ['favourite', 2],
    ]);
    const key = grouped.notificationGroups[1]?.groupKey ?? '';
    const group = alice.v2.notifications.$select(key);
    expect(acctsOf(await group.accounts.fetch()).sort()).toEqual(['bob', 'carol']);
    expect(await group.fetch()).toMatchObject({ notificationGroups: [{ groupKey: key }] });
    expect(await alice.v2.notifications.unreadCount.fetch()).toEqual({ count: 2 });
    await group.dismiss();
    await alice.v1.notifications.$select(flat[0]?.id ?? '').dismiss();
    expect(await alice.v1.notifications.list()).toEqual([]);
    expect(await alice.v2.notifications.policy.fetch()).toHaveProperty('forNotFollowing');
  });

  test('notification requests', async () => {
    await alice.v2.notifications.policy.update({ forNotFollowing: 'filter' });
    await postAs(carol, 'Do you hear me, @alice?');
    const [asked] = await alice.v1.notifications.requests.list();
    expect(asked).toMatchObject({ account: { acct: 'carol' }, notificationsCount: '1' });
    await alice.v1.notifications.requests.$select(asked?.id ?? '').accept();
    await instance.idle();
    expect(await alice.v1.notifications.requests.merged.fetch()).toEqual({ merged: true });
    expect(await alice.v1.notifications.list()).toMatchObject([{ type: 'mention' }]);
    await alice.v2.notifications.policy.update({ forNotFollowing: 'accept' });
  });

  test('conversations', async () => {
    const status = await postAs(bob, 'Only you, @alice', { visibility: 'direct' });
    const [conversation] = await alice.v1.conversations.list();
    expect(conversation).toMatchObject({ unread: true, lastStatus: { id: status.id } });
    const chosen = alice.v1.conversations.$select(conversation?.id ?? '');
    expect(await chosen.read()).toMatchObject({ unread: false });
    await chosen.remove();
    expect(await alice.v1.conversations.list()).toEqual([]);
  });

  test('push', async () => {
    await expect(alice.v1.push.subscription.fetch()).rejects.toMatchObject({ statusCode: 404 });
    const keys = {
      p256dh: 'BEm_a0bdPDhf0SOsrnB2-ategf1hHoCnpXgQsFj5JCkcoMrMt2WHoPfEYOYPzOIs9mZE8ZUaD7VA5vouy0kEkr8=',
      auth: 'eH_C8rq2raXqlcBVDa1gLg==',
    };
    const made = await alice.v1.push.subscription.create({
      subscription: { endpoint: 'https://push.example/abc', keys },
      data: { alerts: { mention: true } },
      policy: 'followed',
    });
    expect(made).toMatchObject({ endpoint: 'https://push.example/abc', alerts: { mention: true } });
    expect(await alice.v1.push.subscription.update({ data: { alerts: { poll: true } } })).toMatchObject({
      alerts: { poll: true },
    });
    await alice.v1.push.subscription.remove();
    await expect(alice.v1.push.subscription.fetch()).rejects.toMatchObject({ statusCode: 404 });
  });

  test('reports', async () => {
    const filed = await alice.v1.reports.create({
      accountId: idOf('carol'),
      comment: 'Loud',
      category: 'spam',
    });
    expect(filed).toMatchObject({ category: 'spam', targetAccount: { acct: 'carol' } });
  });

  describe('streaming', () => {
    const closers: (() => void)[] = [];
    afterEach(() => closers.splice(0).forEach((close) => close()));

    test('one socket, many streams; the token as subprotocol', async () => {
      const { configuration } = await alice.v2.instance.fetch();
      const streams = createStreamingAPIClient({
        streamingApiUrl: configuration.urls.streaming,
        accessToken: people.alice.token,
        implementation: WebSocket,
        retry: false,
      });
      const subscriptions = [
        streams.user.subscribe(),
        streams.public.local.subscribe(),
        streams.hashtag.subscribe({ tag: 'waves' }),
        streams.direct.subscribe(),
      ];
      closers.push(() => streams.close());
      const heard: mastodon.streaming.Event[] = [];
      const reading = subscriptions.map(async (subscription) => {
        for await (const event of subscription) heard.push(event);
      });
      const has = async (fits: (e: mastodon.streaming.Event) => boolean): Promise<void> => {
        await until(() => heard.some(fits));
      };
      let said = 0;
      // The library says nothing when it is subscribed: the first that is heard proves it.
      await until(async () => {
        await postAs(bob, `Are you there? #waves ${(said += 1)}`);
        await wait(50);
        return new Set(heard.map((e) => e.stream[0])).size >= 3;
      }, 'three streams are heard');
      const status = await postAs(bob, 'High #waves @alice');
      for (const stream of ['user', 'public:local', 'hashtag'])
        await has((e) => e.event === 'update' && e.stream[0] === stream && e.payload.id === status.id);
      await has((e) => e.event === 'notification' && e.payload.status?.id === status.id);
      await bob.v1.statuses.$select(status.id).update({ status: 'Higher #waves' });
      await has((e) => e.event === 'status.update' && e.payload.id === status.id);
      await bob.v1.statuses.$select(status.id).remove();
      await has((e) => e.event === 'delete' && e.payload === status.id);
      await postAs(bob, 'Psst @alice', { visibility: 'direct' });
      await has((e) => e.event === 'conversation' && e.payload.unread);
      for (const subscription of subscriptions) subscription.unsubscribe();
      streams.close();
      await Promise.allSettled(reading);
    });

    test('the token in the query', async () => {
      const streams = createStreamingAPIClient({
        streamingApiUrl: instance.url.replace('http', 'ws'),
        accessToken: people.carol.token,
        implementation: WebSocket,
        useInsecureAccessToken: true,
        retry: false,
      });
      closers.push(() => streams.close());
      const subscription = streams.user.notification.subscribe();
      const first = subscription.values().next();
      let told = false;
      void first.then(() => (told = true));
      let said = 0;
      await until(async () => {
        await postAs(bob, `Hey @carol ${(said += 1)}`);
        await wait(50);
        return told;
      }, 'carol is told');
      expect((await first).value).toMatchObject({ event: 'notification', payload: { type: 'mention' } });
      subscription.unsubscribe();
    });
  });

  test('made at least sixty calls, and the server failed at none', () => {
    tell(recorder.summary('masto'));
    expect(recorder.calls.length).toBeGreaterThanOrEqual(60);
    expect(recorder.failures()).toEqual([]);
  });
});
