import { expect } from '@jest/globals';
import { ok } from '../support.js';
import { say, type Person, type Setup, type World } from './kit.js';

interface Thing {
  id: string;
}

/** Somebody whom bob has mentioned `times` times. */
async function mentioned(w: World, times = 1): Promise<{ as: Person; ids: string[] }> {
  const as = await w.person();
  for (let i = 0; i < times; i += 1) await say(w.bob, `@${as.name} Hello ${i}`);
  await w.instance.idle();
  const found = await ok<Thing[]>(as.api.get('/api/v1/notifications'));
  expect(found).toHaveLength(times);
  return { as, ids: found.map((n) => n.id) };
}

async function groupOf(as: Person): Promise<string> {
  const body = await ok<{ notification_groups: { group_key: string }[] }>(
    as.api.get('/api/v2/notifications'),
  );
  return body.notification_groups[0]?.group_key ?? '';
}

const left = (as: Person, count: number) => async (): Promise<void> =>
  expect(await ok<Thing[]>(as.api.get('/api/v1/notifications'))).toHaveLength(count);

/** Somebody whom two strangers want to reach. */
async function requested(w: World): Promise<{ as: Person; requests: string[] }> {
  const as = await w.person();
  await ok(as.api.patch('/api/v2/notifications/policy', { for_not_following: 'filter' }));
  for (const from of [await w.person(), await w.person()]) await say(from, `@${as.name} Hello`);
  await w.instance.idle();
  const found = await ok<Thing[]>(as.api.get('/api/v1/notifications/requests'));
  expect(found).toHaveLength(2);
  return { as, requests: found.map((r) => r.id) };
}

const pending = (as: Person, count: number) => async (): Promise<void> =>
  expect(await ok<Thing[]>(as.api.get('/api/v1/notifications/requests'))).toHaveLength(count);

const one: Setup = async (w) => {
  const { as, requests } = await requested(w);
  return { as, ids: requests.slice(0, 1), check: pending(as, 1) };
};
const both: Setup = async (w) => {
  const { as, requests } = await requested(w);
  return { as, body: { id: requests }, check: pending(as, 0) };
};

/** Notifications, their groups, their policy, and the requests that it makes. */
export const notificationWrites: Record<string, Setup> = {
  'POST /api/v1/notifications/:id/dismiss': async (w) => {
    const made = await mentioned(w);
    return { ...made, check: left(made.as, 0) };
  },
  'DELETE /api/v1/notifications/:id': async (w) => {
    const made = await mentioned(w);
    return { ...made, check: left(made.as, 0) };
  },
  'DELETE /api/v1/notifications/destroy_multiple': async (w) => {
    const { as, ids } = await mentioned(w, 3);
    return { as, body: { ids: ids.slice(0, 2) }, check: left(as, 1) };
  },
  'POST /api/v1/notifications/clear': async (w) => {
    const { as } = await mentioned(w);
    return { as, check: left(as, 0) };
  },
  'POST /api/v2/notifications/clear': async (w) => {
    const { as } = await mentioned(w);
    return { as, check: left(as, 0) };
  },
  'POST /api/v2/notifications/:group_key/dismiss': async (w) => {
    const { as } = await mentioned(w);
    return { as, ids: [await groupOf(as)], check: left(as, 0) };
  },
  'PUT /api/v1/notifications/policy': async (w) => ({
    as: await w.person(),
    body: {
      filter_not_following: true,
      filter_not_followers: true,
      filter_new_accounts: true,
      filter_private_mentions: false,
    },
    shows: {
      filter_not_following: true,
      filter_not_followers: true,
      filter_new_accounts: true,
      filter_private_mentions: false,
    },
  }),
  'PATCH /api/v2/notifications/policy': async (w) => {
    const body = {
      for_not_following: 'filter',
      for_not_followers: 'drop',
      for_new_accounts: 'filter',
      for_private_mentions: 'accept',
      for_limited_accounts: 'drop',
    };
    return { as: await w.person(), body, shows: body };
  },
  'POST /api/v1/notifications/requests/:id/accept': one,
  'POST /api/v1/notifications/requests/:id/dismiss': one,
  'POST /api/v1/notifications/requests/accept': both,
  'POST /api/v1/notifications/requests/dismiss': both,
};
