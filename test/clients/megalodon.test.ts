import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import megalodon, { type MegalodonInterface, type WebSocketInterface } from 'megalodon';
import type { Instance, TestUser } from '../support/instance.js';
import { until } from '../support/until.js';
import { authorizeByHand, picture, recordCalls, startTown, tell, type Recorder } from './kit.js';

// A CommonJS package: its default export is a member of what an ES module sees as its default.
const { default: generator, detector } = megalodon;
const scopes = ['read', 'write', 'follow', 'push'];

/** The library of Whalebird and Fedistar, which speaks with several kinds of servers. */
describe('megalodon', () => {
  let instance: Instance;
  let people: Record<'alice' | 'bob' | 'carol', TestUser>;
  let recorder: Recorder;
  let alice: MegalodonInterface, bob: MegalodonInterface;

  const apiOf = (token: string | null): MegalodonInterface => generator('mastodon', instance.url, token);
  const idOf = (name: keyof typeof people): string => people[name].account._id;

  beforeAll(async () => {
    ({ instance, people } = await startTown(['alice', 'bob', 'carol']));
    [alice, bob] = [apiOf(people.alice.token), apiOf(people.bob.token)];
    recorder = recordCalls(instance);
  });
  afterAll(async () => {
    await instance.close();
    recorder.stop();
  });

  const idsOf = (list: readonly { id: string }[]): string[] => list.map((s) => s.id);
  const acctsOf = (list: readonly { acct?: string }[]): (string | undefined)[] => list.map((a) => a.acct);
  async function postAs(api: MegalodonInterface, text: string, more: object = {}): Promise<{ id: string }> {
    const { data } = await api.postStatus(text, more);
    await instance.idle();
    return data;
  }

  test('knows what kind of server this is, and signs in', async () => {
    expect(await detector(instance.url)).toBe('mastodon');
    const anonymous = apiOf(null);
    const app = await anonymous.registerApp('megalodon', {
      scopes,
      redirect_uris: 'urn:ietf:wg:oauth:2.0:oob',
    });
    const code = await authorizeByHand(instance, app.url ?? '', 'alice');
    const token = await anonymous.fetchAccessToken(app.client_id, app.client_secret, code);
    const api = apiOf(token.access_token);
    expect((await api.verifyAccountCredentials()).data.username).toBe('alice');
    expect((await api.verifyAppCredentials()).data.name).toBe('megalodon');
    await api.revokeToken(app.client_id, app.client_secret, token.access_token);
    await expect(api.verifyAccountCredentials()).rejects.toMatchObject({ response: { status: 401 } });
  });

  test('the instance', async () => {
    expect((await alice.getInstance()).data).toMatchObject({
      uri: expect.any(String),
      registrations: expect.any(Boolean),
      configuration: { statuses: { max_characters: expect.any(Number) } },
    });
    expect((await alice.getInstancePeers()).data).toEqual([]);
    expect(Array.isArray((await alice.getInstanceActivity()).data)).toBe(true);
    expect(Array.isArray((await alice.getInstanceTrends()).data)).toBe(true);
    expect((await alice.getInstanceCustomEmojis()).data).toEqual([]);
    expect((await alice.getInstanceAnnouncements()).data).toEqual([]);
    expect((await alice.getPreferences()).data).toHaveProperty('posting:default:visibility', 'public');
  });

  test('accounts', async () => {
    const fields_attributes = [{ name: 'Site', value: 'https://alice.example' }];
    const updated = await alice.updateCredentials({
      display_name: 'Alice',
      note: 'Letters',
      fields_attributes,
    });
    expect(updated.data).toMatchObject({ display_name: 'Alice', fields: [{ name: 'Site' }] });
    expect((await alice.lookupAccount('bob')).data.id).toBe(idOf('bob'));
    expect((await alice.getAccount(idOf('bob'))).data.acct).toBe('bob');
    expect(acctsOf((await alice.searchAccount('bob', { limit: 5 })).data)).toEqual(['bob']);
    expect((await alice.followAccount(idOf('bob'), { reblog: true })).data.following).toBe(true);
    await instance.idle();
    expect(acctsOf((await alice.getAccountFollowing(idOf('alice'))).data)).toEqual(['bob']);
    expect(acctsOf((await alice.getAccountFollowers(idOf('bob'), { limit: 3 })).data)).toEqual(['alice']);
    expect((await alice.subscribeAccount(idOf('bob'))).data.notifying).toBe(true);
    expect((await alice.unsubscribeAccount(idOf('bob'))).data.notifying).toBe(false);
    // This version forgets to send the note.
    expect((await alice.setAccountNote(idOf('bob'), 'a friend')).data.following).toBe(true);
    expect((await alice.getRelationship(idOf('bob'))).data).toMatchObject({
      following: true,
    });
    expect((await alice.getRelationships([idOf('bob'), idOf('carol')])).data).toHaveLength(2);
    expect((await alice.pinAccount(idOf('bob'))).data.following).toBe(true);
    expect(acctsOf((await alice.getEndorsements()).data)).toEqual(['bob']);
    await alice.unpinAccount(idOf('bob'));
    expect((await alice.muteAccount(idOf('carol'), true)).data.muting).toBe(true);
    expect(acctsOf((await alice.getMutes()).data)).toEqual(['carol']);
    expect((await alice.unmuteAccount(idOf('carol'))).data.muting).toBe(false);
    expect((await alice.blockAccount(idOf('carol'))).data.blocking).toBe(true);
    expect(acctsOf((await alice.getBlocks()).data)).toEqual(['carol']);
    expect((await alice.unblockAccount(idOf('carol'))).data.blocking).toBe(false);
    await alice.blockDomain('spam.example');
    expect((await alice.getDomainBlocks()).data).toEqual(['spam.example']);
    await alice.unblockDomain('spam.example');
    expect(Array.isArray((await alice.getSuggestions(3)).data)).toBe(true);
    expect(Array.isArray((await alice.getInstanceDirectory({ local: true })).data)).toBe(true);
  });

  test('follow requests', async () => {
    const carol = apiOf(people.carol.token);
    await carol.updateCredentials({ locked: true });
    expect((await bob.followAccount(idOf('carol'))).data.requested).toBe(true);
    await alice.followAccount(idOf('carol'));
    await instance.idle();
    expect((await carol.getFollowRequests()).data).toHaveLength(2);
    expect((await carol.acceptFollowRequest(idOf('alice'))).data.followed_by).toBe(true);
    expect((await carol.rejectFollowRequest(idOf('bob'))).data.followed_by).toBe(false);
    expect((await alice.unfollowAccount(idOf('carol'))).data.following).toBe(false);
  });

  test('statuses', async () => {
    const { id } = await postAs(alice, 'Hello @bob #harbour', { language: 'en', spoiler_text: 'mild' });
    expect((await alice.getStatus(id)).data).toMatchObject({
      spoiler_text: 'mild',
      plain_content: null,
      tags: [{ name: 'harbour' }],
      mentions: [{ acct: 'bob' }],
    });
    const reply = await postAs(bob, 'Hello back', { in_reply_to_id: id });
    expect(idsOf((await alice.getStatusContext(id)).data.descendants)).toEqual([reply.id]);
    expect((await bob.favouriteStatus(id)).data.favourited).toBe(true);
    expect(acctsOf((await alice.getStatusFavouritedBy(id)).data)).toEqual(['bob']);
    expect(idsOf((await bob.getFavourites()).data)).toEqual([id]);
    expect((await bob.unfavouriteStatus(id)).data.favourited).toBe(false);
    expect((await bob.reblogStatus(id)).data.reblog?.id).toBe(id);
    await instance.idle();
    expect(acctsOf((await alice.getStatusRebloggedBy(id)).data)).toEqual(['bob']);
    expect((await bob.unreblogStatus(id)).data.reblogged).toBe(false);
    expect((await alice.bookmarkStatus(id)).data.bookmarked).toBe(true);
    expect(idsOf((await alice.getBookmarks()).data)).toEqual([id]);
    expect((await alice.unbookmarkStatus(id)).data.bookmarked).toBe(false);
    expect((await alice.muteStatus(id)).data.muted).toBe(true);
    expect((await alice.unmuteStatus(id)).data.muted).toBe(false);
    expect((await alice.pinStatus(id)).data.pinned).toBe(true);
    expect(idsOf((await alice.getAccountStatuses(idOf('alice'), { pinned: true })).data)).toEqual([id]);
    expect((await alice.unpinStatus(id)).data.pinned).toBe(false);
    expect((await alice.getStatusSource(id)).data).toMatchObject({ text: 'Hello @bob #harbour' });
    expect((await alice.editStatus(id, { status: 'Edited' })).data.content).toMatch('Edited');
    await alice.deleteStatus(id);
    await expect(alice.getStatus(id)).rejects.toMatchObject({ response: { status: 404 } });
  });

  test('media and polls', async () => {
    const { data: media } = await alice.uploadMedia(await picture('olive'), {
      description: 'olive',
      focus: '0,0',
    });
    expect((await alice.getMedia(media.id)).data).toMatchObject({ type: 'image', description: 'olive' });
    expect((await alice.updateMedia(media.id, { description: 'an olive' })).data.description).toBe(
      'an olive',
    );
    const pictured = await postAs(alice, 'Olive', { media_ids: [media.id], sensitive: true });
    expect((await bob.getStatus(pictured.id)).data.media_attachments).toHaveLength(1);
    const poll = { options: ['yes', 'no'], expires_in: 3600 };
    const asked = (await alice.getStatus((await postAs(alice, 'Tea?', { poll })).id)).data.poll;
    expect((await bob.votePoll(asked?.id ?? '', [0])).data).toMatchObject({ voted: true, votes_count: 1 });
    expect((await alice.getPoll(asked?.id ?? '')).data.options[0]).toMatchObject({ votes_count: 1 });
  });

  test('posts for later', async () => {
    const scheduled_at = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await postAs(alice, 'Later', { scheduled_at });
    expect(idsOf((await alice.getScheduledStatuses()).data)).toEqual([id]);
    const next = new Date(Date.now() + 7_200_000).toISOString();
    expect((await alice.scheduleStatus(id, next)).data.scheduled_at).toBe(next);
    expect((await alice.getScheduledStatus(id)).data.params.text).toBe('Later');
    await alice.cancelScheduledStatus(id);
    expect((await alice.getScheduledStatuses()).data).toEqual([]);
  });

  test('timelines, with Link headers that its parser takes', async () => {
    const posted: string[] = [];
    for (let i = 0; i < 4; i += 1) posted.unshift((await postAs(bob, `Tide ${i} #tides`)).id);
    expect(idsOf((await alice.getHomeTimeline({ limit: 4 })).data)).toEqual(posted);
    expect(idsOf((await alice.getPublicTimeline({ limit: 4 })).data)).toEqual(posted);
    expect(idsOf((await alice.getLocalTimeline({ limit: 4 })).data)).toEqual(posted);
    const page = await alice.getTagTimeline('tides', { limit: 2 });
    expect(idsOf(page.data)).toEqual(posted.slice(0, 2));
    const rest = await alice.getTagTimeline('tides', { max_id: page.data.at(-1)?.id ?? '' });
    expect(idsOf(rest.data)).toEqual(posted.slice(2));
    const followers = await alice.getAccountFollowers(idOf('bob'), { limit: 2, get_all: true, sleep_ms: 0 });
    expect(acctsOf(followers.data)).toEqual(['alice']);
    await alice.saveMarkers({ home: { last_read_id: posted[0] ?? '' } });
    expect((await alice.getMarkers(['home'])).data).toMatchObject({ home: { last_read_id: posted[0] } });
  });

  test('lists', async () => {
    const { id } = (await alice.createList('Crew')).data;
    await alice.addAccountsToList(id, [idOf('bob')]);
    expect(acctsOf((await alice.getAccountsInList(id)).data)).toEqual(['bob']);
    expect(idsOf((await alice.getAccountLists(idOf('bob'))).data)).toEqual([id]);
    const status = await postAs(bob, 'All hands');
    expect(idsOf((await alice.getListTimeline(id, { limit: 1 })).data)).toEqual([status.id]);
    expect((await alice.updateList(id, 'Mates')).data.title).toBe('Mates');
    await alice.deleteAccountsFromList(id, [idOf('bob')]);
    expect((await alice.getList(id)).data.id).toBe(id);
    await alice.deleteList(id);
    expect((await alice.getLists()).data).toEqual([]);
  });

  test('filters, tags, search', async () => {
    const { id } = (await alice.createFilter('rain', ['home'], { whole_word: true })).data;
    expect((await alice.updateFilter(id, 'snow', ['home', 'public'])).data.phrase).toBe('snow');
    expect((await alice.getFilter(id)).data.context).toEqual(['home', 'public']);
    expect(idsOf((await alice.getFilters()).data)).toEqual([id]);
    await alice.deleteFilter(id);
    expect((await alice.getTag('tides')).data.name).toBe('tides');
    expect((await alice.followTag('tides')).data.following).toBe(true);
    expect((await alice.getFollowedTags()).data).toMatchObject([{ name: 'tides' }]);
    expect((await alice.unfollowTag('tides')).data.following).toBe(false);
    const featured = (await alice.createFeaturedTag('harbour')).data;
    expect((await alice.getFeaturedTags()).data).toMatchObject([{ name: 'harbour' }]);
    expect(Array.isArray((await alice.getSuggestedTags()).data)).toBe(true);
    await alice.deleteFeaturedTag(featured.id);
    expect(acctsOf((await alice.search('bob', { type: 'accounts' })).data.accounts)).toEqual(['bob']);
    expect((await alice.search('tides', { type: 'hashtags' })).data.hashtags).toMatchObject([
      { name: 'tides' },
    ]);
  });

  test('notifications, conversations, push, reports', async () => {
    await alice.dismissNotifications();
    const status = await postAs(bob, 'Psst @alice', { visibility: 'direct' });
    const [told] = (await alice.getNotifications({ limit: 3 })).data;
    expect(told).toMatchObject({ type: 'mention', status: { id: status.id } });
    expect((await alice.getNotification(told?.id ?? '')).data.id).toBe(told?.id);
    await alice.dismissNotification(told?.id ?? '');
    expect((await alice.getNotifications()).data).toEqual([]);
    const [conversation] = (await alice.getConversationTimeline()).data;
    expect(conversation).toMatchObject({ unread: true, last_status: { id: status.id } });
    expect((await alice.readConversation(conversation?.id ?? '')).data.unread).toBe(false);
    await alice.deleteConversation(conversation?.id ?? '');
    expect((await alice.getConversationTimeline()).data).toEqual([]);
    const keys = {
      p256dh: 'BEm_a0bdPDhf0SOsrnB2-ategf1hHoCnpXgQsFj5JCkcoMrMt2WHoPfEYOYPzOIs9mZE8ZUaD7VA5vouy0kEkr8=',
      auth: 'eH_C8rq2raXqlcBVDa1gLg==',
    };
    const endpoint = 'https://push.example/abc';
    const pushed = await alice.subscribePushNotification({ endpoint, keys }, { alerts: { mention: true } });
    expect(pushed.data).toMatchObject({ endpoint, alerts: { mention: true } });
    expect((await alice.updatePushSubscription({ alerts: { poll: true } })).data.alerts.poll).toBe(true);
    expect((await alice.getPushSubscription()).data.endpoint).toBe(endpoint);
    await alice.deletePushSubscription();
    await expect(alice.getPushSubscription()).rejects.toMatchObject({ response: { status: 404 } });
    const filed = await alice.report(idOf('carol'), { comment: 'Loud', category: 'other' });
    expect(filed.data).toMatchObject({ comment: 'Loud' });
  });

  test('streaming', async () => {
    const heard: [stream: string, event: string, id: string][] = [];
    const open: WebSocketInterface[] = [];
    const listen = async (name: string, start: () => Promise<WebSocketInterface>): Promise<void> => {
      const socket = await start();
      open.push(socket);
      socket.on('update', (s: { id: string }) => heard.push([name, 'update', s.id]));
      socket.on('status_update', (s: { id: string }) => heard.push([name, 'status_update', s.id]));
      socket.on('notification', (n: { status: { id: string } }) =>
        heard.push([name, 'notification', n.status.id]),
      );
      socket.on('conversation', (c: { last_status: { id: string } }) =>
        heard.push([name, 'conversation', c.last_status.id]),
      );
      socket.on('delete', (id: string) => heard.push([name, 'delete', id]));
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    };
    const has = async (...event: [string, string, string]): Promise<void> => {
      await until(() => heard.some((h) => h.join() === event.join()), event.join());
    };
    const quieten = keepShortTimersOnly();
    try {
      await listen('user', () => alice.userStreaming());
      await listen('public', () => alice.publicStreaming());
      await listen('local', () => alice.localStreaming());
      await listen('tag', () => alice.tagStreaming('waves'));
      await listen('direct', () => alice.directStreaming());
      const status = await postAs(bob, 'High #waves @alice');
      for (const name of ['user', 'public', 'local', 'tag']) await has(name, 'update', status.id);
      await has('user', 'notification', status.id);
      await bob.editStatus(status.id, { status: 'Higher #waves' });
      await has('tag', 'status_update', status.id);
      await bob.deleteStatus(status.id);
      await has('user', 'delete', status.id);
      const secret = await postAs(bob, 'Psst @alice', { visibility: 'direct' });
      await has('direct', 'conversation', secret.id);
    } finally {
      for (const socket of open) socket.stop();
      quieten();
    }
  });

  test('made at least sixty calls, and the server failed at none', () => {
    tell(recorder.summary('megalodon'));
    expect(recorder.calls.length).toBeGreaterThanOrEqual(60);
    expect(recorder.failures()).toEqual([]);
  });
});

/** The library's heartbeat timers outlive its sockets by ten seconds; they shall not keep the process. */
function keepShortTimersOnly(): () => void {
  const real = globalThis.setTimeout;
  const lenient = (run: () => void, ms?: number): NodeJS.Timeout => {
    const timer = real(run, ms);
    return (ms ?? 0) >= 10_000 ? timer.unref() : timer;
  };
  globalThis.setTimeout = lenient as typeof setTimeout;
  return () => void (globalThis.setTimeout = real);
}
