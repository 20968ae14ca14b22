import { createECDH, randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { publishAnnouncement } from '../../../src/domain/announcements.js';
import { ok } from '../support.js';
import { say, type Person, type Setup, type World } from './kit.js';

interface Thing {
  id: string;
}

const isGone = (of: Person, path: string) => async (): Promise<void> => {
  expect((await of.api.get(path)).status).toBe(404);
};

const list = (w: World): Promise<Thing> => ok(w.alice.api.post('/api/v1/lists', { title: 'Pals' }));
const members = (w: World, id: string): Promise<Thing[]> =>
  ok(w.alice.api.get(`/api/v1/lists/${id}/accounts`));
const filter = (w: World): Promise<Thing & { keywords: Thing[] }> =>
  ok(
    w.alice.api.post('/api/v2/filters', {
      title: 'F',
      context: ['home'],
      keywords_attributes: [{ keyword: 'x' }],
    }),
  );
const oldFilter = (w: World): Promise<Thing> =>
  ok(w.alice.api.post('/api/v1/filters', { phrase: 'x', context: ['home'] }));
const followed = async (w: World): Promise<Person> => {
  const who = await w.person();
  await ok(w.alice.api.post(`/api/v1/accounts/${who.id}/follow`));
  return who;
};
async function conversation(w: World): Promise<{ as: Person; ids: string[] }> {
  const as = await w.person();
  await say(w.bob, { status: `@${as.name} Psst`, visibility: 'direct' });
  await w.instance.idle();
  const [found] = await ok<Thing[]>(as.api.get('/api/v1/conversations'));
  return { as, ids: [found?.id ?? ''] };
}
const announcement = async (w: World): Promise<string> =>
  (await publishAnnouncement(w.instance.ctx, { text: 'News' }))._id;
const tags = (w: World): Promise<(Thing & { name: string })[]> =>
  ok(w.alice.api.get('/api/v1/featured_tags'));
async function featured(w: World): Promise<Thing & { name: string }> {
  return ok(w.alice.api.post('/api/v1/featured_tags', { name: w.word() }));
}

function subscription(): Record<string, unknown> {
  const device = createECDH('prime256v1');
  const keys = {
    p256dh: device.generateKeys().toString('base64url'),
    auth: randomBytes(16).toString('base64url'),
  };
  return { endpoint: 'https://push.example/1', keys, standard: true };
}
const alerts = {
  mention: true,
  quote: true,
  status: false,
  reblog: true,
  follow: true,
  follow_request: false,
  favourite: true,
  poll: true,
  update: true,
  quoted_update: true,
  'admin.sign_up': true,
  'admin.report': false,
};
async function subscribed(w: World): Promise<Person> {
  const as = await w.person();
  await ok(as.api.post('/api/v1/push/subscription', { subscription: subscription() }));
  return as;
}

/** Lists, filters, tags, conversations, markers, announcements, push. */
export const personalWrites: Record<string, Setup> = {
  'POST /api/v1/lists': () => ({
    body: { title: 'Pals', replies_policy: 'followed', exclusive: true },
    shows: { title: 'Pals', replies_policy: 'followed', exclusive: true },
  }),
  'PUT /api/v1/lists/:id': async (w) => ({
    ids: [(await list(w)).id],
    body: { title: 'Friends', replies_policy: 'none', exclusive: true },
    shows: { title: 'Friends', replies_policy: 'none', exclusive: true },
  }),
  'DELETE /api/v1/lists/:id': async (w) => {
    const { id } = await list(w);
    return { ids: [id], check: isGone(w.alice, `/api/v1/lists/${id}`) };
  },
  'POST /api/v1/lists/:id/accounts': async (w) => {
    const [one, two, { id }] = [await followed(w), await followed(w), await list(w)];
    return {
      ids: [id],
      body: { account_ids: [one.id, two.id] },
      check: async () => expect(await members(w, id)).toHaveLength(2),
    };
  },
  'DELETE /api/v1/lists/:id/accounts': async (w) => {
    const [one, two, { id }] = [await followed(w), await followed(w), await list(w)];
    const account_ids = [one.id, two.id];
    await ok(w.alice.api.post(`/api/v1/lists/${id}/accounts`, { account_ids }));
    return { ids: [id], body: { account_ids }, check: async () => expect(await members(w, id)).toEqual([]) };
  },
  'POST /api/v2/filters': () => ({
    body: {
      title: 'F',
      context: ['home', 'thread'],
      filter_action: 'hide',
      expires_in: 3600,
      keywords_attributes: [
        { keyword: 'one', whole_word: true },
        { keyword: 'two', whole_word: false },
      ],
    },
    shows: {
      title: 'F',
      context: ['home', 'thread'],
      filter_action: 'hide',
      expires_at: expect.any(String),
      keywords: [
        expect.objectContaining({ keyword: 'one', whole_word: true }),
        expect.objectContaining({ keyword: 'two', whole_word: false }),
      ],
    },
  }),
  'PUT /api/v2/filters/:id': async (w) => {
    const { id, keywords } = await filter(w);
    return {
      ids: [id],
      body: {
        title: 'G',
        context: ['public'],
        filter_action: 'blur',
        expires_in: 60,
        keywords_attributes: [
          { id: keywords[0]?.id, _destroy: true },
          { keyword: 'new', whole_word: true },
        ],
      },
      shows: {
        title: 'G',
        context: ['public'],
        filter_action: 'blur',
        keywords: [expect.objectContaining({ keyword: 'new', whole_word: true })],
      },
    };
  },
  'DELETE /api/v2/filters/:id': async (w) => {
    const { id } = await filter(w);
    return { ids: [id], check: isGone(w.alice, `/api/v2/filters/${id}`) };
  },
  'POST /api/v2/filters/:filter_id/keywords': async (w) => ({
    ids: [(await filter(w)).id],
    body: { keyword: 'y', whole_word: true },
    shows: { keyword: 'y', whole_word: true },
  }),
  'PUT /api/v2/filters/keywords/:id': async (w) => ({
    ids: [(await filter(w)).keywords[0]?.id ?? ''],
    body: { keyword: 'z', whole_word: true },
    shows: { keyword: 'z', whole_word: true },
  }),
  'DELETE /api/v2/filters/keywords/:id': async (w) => {
    const id = (await filter(w)).keywords[0]?.id ?? '';
    return { ids: [id], check: isGone(w.alice, `/api/v2/filters/keywords/${id}`) };
  },
  'POST /api/v2/filters/:filter_id/statuses': async (w) => {
    const { id } = await say(w.bob, 'Filter me');
    return { ids: [(await filter(w)).id], body: { status_id: id }, shows: { status_id: id } };
  },
  'DELETE /api/v2/filters/statuses/:id': async (w) => {
    const { id: status_id } = await say(w.bob, 'Filter me');
    const path = `/api/v2/filters/${(await filter(w)).id}/statuses`;
    const { id } = await ok<Thing>(w.alice.api.post(path, { status_id }));
    return { ids: [id], check: isGone(w.alice, `/api/v2/filters/statuses/${id}`) };
  },
  'POST /api/v1/filters': () => ({
    body: { phrase: 'x', context: ['home', 'public'], irreversible: true, whole_word: true, expires_in: 60 },
    shows: {
      phrase: 'x',
      context: ['home', 'public'],
      irreversible: true,
      whole_word: true,
      expires_at: expect.any(String),
    },
  }),
  'PUT /api/v1/filters/:id': async (w) => ({
    ids: [(await oldFilter(w)).id],
    body: { phrase: 'y', context: ['thread'], irreversible: true, whole_word: true, expires_in: 60 },
    shows: {
      phrase: 'y',
      context: ['thread'],
      irreversible: true,
      whole_word: true,
      expires_at: expect.any(String),
    },
  }),
  'DELETE /api/v1/filters/:id': async (w) => {
    const { id } = await oldFilter(w);
    return { ids: [id], check: isGone(w.alice, `/api/v1/filters/${id}`) };
  },
  'POST /api/v1/tags/:name/follow': (w) => ({ ids: [w.word()], shows: { following: true } }),
  'POST /api/v1/tags/:name/unfollow': async (w) => {
    const name = w.word();
    await ok(w.alice.api.post(`/api/v1/tags/${name}/follow`));
    return { ids: [name], shows: { following: false } };
  },
  // At most ten may be featured at once.
  'POST /api/v1/tags/:id/feature': async (w) => ({
    as: await w.person(),
    ids: [w.word()],
    shows: { featuring: true },
  }),
  'POST /api/v1/tags/:id/unfeature': async (w) => ({
    ids: [(await featured(w)).name],
    shows: { featuring: false },
  }),
  'POST /api/v1/featured_tags': async (w) => {
    const name = w.word();
    return { as: await w.person(), body: { name }, shows: { name } };
  },
  'DELETE /api/v1/featured_tags/:id': async (w) => {
    const { id } = await featured(w);
    const check = async (): Promise<void> => expect((await tags(w)).map((t) => t.id)).not.toContain(id);
    return { ids: [id], check };
  },
  'POST /api/v1/conversations/:id/read': async (w) => ({
    ...(await conversation(w)),
    shows: { unread: false },
  }),
  'POST /api/v1/conversations/:id/unread': async (w) => ({
    ...(await conversation(w)),
    shows: { unread: true },
  }),
  'DELETE /api/v1/conversations/:id': async (w) => {
    const { as, ids } = await conversation(w);
    return { as, ids, check: async () => expect(await ok(as.api.get('/api/v1/conversations'))).toEqual([]) };
  },
  'POST /api/v1/markers': async (w) => ({
    as: await w.person(),
    body: { home: { last_read_id: '103' }, notifications: { last_read_id: '105' } },
    shows: {
      home: expect.objectContaining({ last_read_id: '103' }),
      notifications: expect.objectContaining({ last_read_id: '105' }),
    },
  }),
  'POST /api/v1/announcements/:id/dismiss': async (w) => {
    const id = await announcement(w);
    const check = async (): Promise<void> => {
      const shown = await ok<(Thing & { read: boolean })[]>(w.alice.api.get('/api/v1/announcements'));
      expect(shown.find((a) => a.id === id)?.read).toBe(true);
    };
    return { ids: [id], check };
  },
  'PUT /api/v1/announcements/:id/reactions/:name': async (w) => ({ ids: [await announcement(w), '🎉'] }),
  'DELETE /api/v1/announcements/:id/reactions/:name': async (w) => {
    const id = await announcement(w);
    await ok(w.alice.api.put(`/api/v1/announcements/${id}/reactions/${encodeURIComponent('🎉')}`));
    return { ids: [id, '🎉'] };
  },
  'POST /api/v1/push/subscription': async (w) => ({
    as: await w.person(),
    body: { subscription: subscription(), data: { alerts, policy: 'followed' } },
    shows: { endpoint: 'https://push.example/1', standard: true, policy: 'followed', alerts },
  }),
  'PUT /api/v1/push/subscription': async (w) => ({
    as: await subscribed(w),
    body: { data: { alerts: { ...alerts, mention: false } }, policy: 'follower' },
    shows: { policy: 'follower', alerts: { ...alerts, mention: false } },
  }),
  'DELETE /api/v1/push/subscription': async (w) => {
    const as = await subscribed(w);
    return { as, check: isGone(as, '/api/v1/push/subscription') };
  },
  'POST /api/v1/apps': () => ({
    as: null,
    body: {
      client_name: 'A client',
      redirect_uris: ['com.tapbots.Ivory.22300:/request_token/a?b=c', 'icecubesapp://'],
      scopes: 'read write',
      website: 'https://client.example/',
    },
    shows: {
      name: 'A client',
      website: 'https://client.example/',
      redirect_uris: ['com.tapbots.Ivory.22300:/request_token/a?b=c', 'icecubesapp://'],
      scopes: ['read', 'write'],
    },
  }),
};
