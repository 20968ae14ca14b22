import { expect } from '@jest/globals';
import { ok, type StatusJson } from '../support.js';
import { png, say, type Person, type Setup, type World } from './kit.js';

/** Something of bob's, after alice has done `acts` to it. */
const marked =
  (shows: object, ...acts: string[]): Setup =>
  async (w) => {
    const status = await say(w.bob, 'Mark me');
    for (const act of acts) await ok(w.alice.api.post(`/api/v1/statuses/${status.id}/${act}`));
    return { ids: [status.id], shows };
  };

/** Something of alice's own. */
const own =
  (shows: object, ...acts: string[]): Setup =>
  async (w) => {
    const status = await say(w.alice, 'Mine');
    for (const act of acts) await ok(w.alice.api.post(`/api/v1/statuses/${status.id}/${act}`));
    return { ids: [status.id], shows };
  };

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

async function quoted(w: World): Promise<{ status: StatusJson; quoting: StatusJson }> {
  const status = await say(w.alice, { status: 'Quote me', quote_approval_policy: 'public' });
  return { status, quoting: await say(w.bob, { status: 'Look', quoted_status_id: status.id }) };
}

const scheduled = (w: World): Promise<{ id: string }> =>
  ok(w.alice.api.post('/api/v1/statuses', { status: 'Later', scheduled_at: inAnHour() }));

const isGone = (of: Person, path: string) => async (): Promise<void> => {
  expect((await of.api.get(path)).status).toBe(404);
};

/** Statuses, what people do to them, polls and media. */
export const statusWrites: Record<string, Setup> = {
  'POST /api/v1/statuses': async (w) => {
    const parent = await say(w.bob, 'Parent');
    return {
      body: {
        status: `@${w.bob.name} ${w.word()}`,
        media_ids: [await w.picture(w.alice), await w.picture(w.alice)],
        in_reply_to_id: parent.id,
        sensitive: true,
        spoiler_text: 'Careful',
        visibility: 'unlisted',
        language: 'de',
        quote_approval_policy: 'nobody',
        allowed_mentions: [w.bob.id],
      },
      shows: {
        in_reply_to_id: parent.id,
        sensitive: true,
        spoiler_text: 'Careful',
        visibility: 'unlisted',
        language: 'de',
        media_attachments: [expect.anything(), expect.anything()],
        mentions: [expect.objectContaining({ id: w.bob.id })],
        quote_approval: expect.objectContaining({ automatic: [] }),
      },
    };
  },
  'POST /api/v1/statuses # with a poll and a quote': async (w) => {
    const { id } = await say(w.bob, { status: 'Q', quote_approval_policy: 'public' });
    return {
      body: {
        status: w.word(),
        poll: { options: ['red', 'blue'], expires_in: 600, multiple: true, hide_totals: true },
        quoted_status_id: id,
      },
      shows: {
        poll: expect.objectContaining({
          multiple: true,
          options: [expect.objectContaining({ title: 'red' }), expect.objectContaining({ title: 'blue' })],
        }),
        quote: expect.objectContaining({ state: 'accepted' }),
      },
    };
  },
  'POST /api/v1/statuses # for later': (w) => {
    const scheduled_at = inAnHour();
    return { body: { status: w.word(), scheduled_at }, shows: { scheduled_at, params: expect.anything() } };
  },
  'PUT /api/v1/statuses/:id': async (w) => {
    const media = await w.picture(w.alice);
    const { id } = await say(w.alice, { status: 'Before', media_ids: [media] });
    return {
      ids: [id],
      body: {
        status: 'After',
        spoiler_text: 'Edited',
        sensitive: true,
        language: 'fr',
        media_ids: [media],
        media_attributes: [{ id: media, description: 'Described', focus: '0.5,-0.5' }],
        quote_approval_policy: 'nobody',
      },
      shows: {
        content: '<p>After</p>',
        spoiler_text: 'Edited',
        sensitive: true,
        language: 'fr',
        media_attachments: [
          expect.objectContaining({
            id: media,
            description: 'Described',
            meta: expect.objectContaining({ focus: { x: 0.5, y: -0.5 } }),
          }),
        ],
        quote_approval: expect.objectContaining({ automatic: [] }),
      },
    };
  },
  'PUT /api/v1/statuses/:id # with a poll': async (w) => {
    const { id } = await say(w.alice, 'Before');
    return {
      ids: [id],
      body: {
        status: 'Poll',
        poll: { options: ['x', 'y'], expires_in: 600, multiple: true, hide_totals: false },
      },
      shows: {
        poll: expect.objectContaining({
          multiple: true,
          options: [expect.objectContaining({ title: 'x' }), expect.anything()],
        }),
      },
    };
  },
  'DELETE /api/v1/statuses/:id': async (w) => {
    const media = await w.picture(w.alice);
    const { id } = await say(w.alice, { status: 'Gone', media_ids: [media] });
    return {
      ids: [id],
      body: { delete_media: true },
      shows: { text: 'Gone' },
      check: isGone(w.alice, `/api/v1/media/${media}`),
    };
  },
  'PUT /api/v1/statuses/:id/interaction_policy': async (w) => ({
    ids: [(await say(w.alice, 'Mine')).id],
    body: { quote_approval_policy: 'followers' },
    shows: { quote_approval: expect.objectContaining({ automatic: ['followers'] }) },
  }),
  'POST /api/v1/statuses/:id/favourite': marked({ favourited: true, favourites_count: 1 }),
  'POST /api/v1/statuses/:id/unfavourite': marked({ favourited: false }, 'favourite'),
  'POST /api/v1/statuses/:id/bookmark': marked({ bookmarked: true }),
  'POST /api/v1/statuses/:id/unbookmark': marked({ bookmarked: false }, 'bookmark'),
  'POST /api/v1/statuses/:id/mute': marked({ muted: true }),
  'POST /api/v1/statuses/:id/unmute': marked({ muted: false }, 'mute'),
  'POST /api/v1/statuses/:id/reblog': async (w) => ({
    ids: [(await say(w.bob, 'Mark me')).id],
    body: { visibility: 'unlisted' },
    shows: { visibility: 'unlisted', reblog: expect.objectContaining({ reblogged: true }) },
  }),
  'POST /api/v1/statuses/:id/unreblog': marked({ reblogged: false, reblog: null }, 'reblog'),
  // At most five may be pinned at once.
  'POST /api/v1/statuses/:id/pin': async (w) => {
    const as = await w.person();
    return { as, ids: [(await say(as, 'Mine')).id], shows: { pinned: true } };
  },
  'POST /api/v1/statuses/:id/unpin': own({ pinned: false }, 'pin'),
  'POST /api/v1/statuses/:id/quotes/:quoting_status_id/revoke': async (w) => {
    const { status, quoting } = await quoted(w);
    return {
      ids: [status.id, quoting.id],
      shows: { id: quoting.id, quote: expect.objectContaining({ state: 'revoked' }) },
    };
  },
  'PUT /api/v1/scheduled_statuses/:id': async (w) => {
    const { id } = await scheduled(w);
    const scheduled_at = new Date(Date.now() + 7_200_000).toISOString();
    return { ids: [id], body: { scheduled_at }, shows: { id, scheduled_at } };
  },
  'DELETE /api/v1/scheduled_statuses/:id': async (w) => {
    const { id } = await scheduled(w);
    return { ids: [id], check: isGone(w.alice, `/api/v1/scheduled_statuses/${id}`) };
  },
  'POST /api/v1/polls/:id/votes': async (w) => {
    const made = await say(w.bob, {
      status: 'Poll',
      poll: { options: ['a', 'b', 'c'], expires_in: 600, multiple: true },
    });
    const poll = made['poll'] as { id: string };
    return { ids: [poll.id], body: { choices: [0, 2] }, shows: { voted: true, own_votes: [0, 2] } };
  },
  'POST /api/v1/media': async () => ({
    body: { description: 'Red', focus: '-0.5,0.25' },
    files: { file: await png(), thumbnail: await png() },
    shows: { description: 'Red', meta: expect.objectContaining({ focus: { x: -0.5, y: 0.25 } }) },
  }),
  'POST /api/v2/media': async () => ({
    body: { description: 'Red', focus: '-0.5,0.25' },
    files: { file: await png(), thumbnail: await png() },
    shows: {
      description: 'Red',
      url: expect.any(String),
      meta: expect.objectContaining({ focus: { x: -0.5, y: 0.25 } }),
    },
  }),
  'PUT /api/v1/media/:id': async (w) => ({
    ids: [await w.picture(w.alice)],
    body: { description: 'Blue', focus: '0.1,0.2' },
    files: { thumbnail: await png() },
    shows: { description: 'Blue', meta: expect.objectContaining({ focus: { x: 0.1, y: 0.2 } }) },
  }),
  'DELETE /api/v1/media/:id': async (w) => {
    const id = await w.picture(w.alice);
    return { ids: [id], check: isGone(w.alice, `/api/v1/media/${id}`) };
  },
};
