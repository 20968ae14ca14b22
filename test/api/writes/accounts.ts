import { expect } from '@jest/globals';
import { registerApp } from '../../../src/domain/apps.js';
import { setEmailSubscriptions } from '../../../src/domain/email-subscriptions/switch.js';
import { issueToken } from '../../../src/domain/tokens.js';
import { clientOf, ok } from '../support.js';
import { png, say, type Person, type Setup, type World } from './kit.js';

/** Somebody to whom nobody has done anything yet, after somebody has done `acts`. */
async function target(w: World, ...acts: string[]): Promise<Person> {
  const who = await w.person();
  for (const act of acts) await ok(w.alice.api.post(`/api/v1/accounts/${who.id}/${act}`));
  return who;
}

const act =
  (
    shows: object,
    { before = [], body = {} }: { before?: string[]; body?: Record<string, unknown> } = {},
  ): Setup =>
  async (w) => ({ ids: [(await target(w, ...before)).id], body, shows });

/** Descriptions belong to pictures. */
async function withPictures(w: World): Promise<Person> {
  const who = await w.person();
  const test = who.api.patch('/api/v1/profile').attach('avatar', await png(), 'a.png');
  await ok(test.attach('header', await png(), 'h.png'));
  return who;
}

const profile = {
  display_name: 'Ally',
  note: 'A note',
  locked: true,
  bot: true,
  discoverable: true,
  hide_collections: true,
  indexable: true,
  attribution_domains: ['blog.example', 'news.example'],
  fields_attributes: [
    { name: 'One', value: '1' },
    { name: 'Two', value: '2' },
  ],
  avatar_description: 'A face',
  header_description: 'A hill',
};

/** Accounts: what one is, and what one does to others. */
export const accountWrites: Record<string, Setup> = {
  'POST /api/v1/accounts/:account_id/email_subscriptions': async (w) => {
    const who = await w.person();
    await setEmailSubscriptions(w.instance.ctx, who, true);
    const email = `${w.word()}@mail.example`;
    const check = async (): Promise<void> => {
      await w.instance.idle();
      const { db } = w.instance.ctx;
      expect(await db.emailSubscriptions.findOne({ accountId: who.id, email })).not.toBeNull();
    };
    return { as: null, ids: [who.id], body: { email }, check };
  },
  'POST /api/v1/accounts': async (w) => {
    const { app } = await registerApp(w.instance.ctx, {
      name: 'x',
      redirectUris: ['urn:ietf:wg:oauth:2.0:oob'],
      scopes: ['read', 'write'],
    });
    const { secret } = await issueToken(w.instance.ctx, { app, user: null, scopes: ['read', 'write'] });
    const username = w.word();
    return {
      as: { ...w.alice, token: secret, api: clientOf(w.instance, { token: secret }) },
      body: {
        username,
        email: `${username}@mail.example`,
        password: 'correct horse',
        agreement: true,
        locale: 'de',
        reason: 'Because',
        date_of_birth: '1990-01-01',
        time_zone: 'Europe/Berlin',
        invite_code: '',
      },
      shows: { token_type: 'Bearer' },
      check: async () => {
        const user = await w.instance.ctx.db.users.findOne({ email: `${username}@mail.example` });
        expect(user).toMatchObject({ locale: 'de' });
      },
    };
  },
  'POST /api/v1/accounts/:id/follow': act(
    { following: true, notifying: true, showing_reblogs: false, languages: ['de', 'fr'] },
    { body: { notify: true, reblogs: false, languages: ['de', 'fr'] } },
  ),
  'POST /api/v1/accounts/:id/unfollow': act({ following: false }, { before: ['follow'] }),
  'POST /api/v1/accounts/:id/remove_from_followers': async (w) => {
    const fan = await w.person();
    await ok(fan.api.post(`/api/v1/accounts/${w.alice.id}/follow`));
    return { ids: [fan.id], shows: { followed_by: false } };
  },
  'POST /api/v1/accounts/:id/block': act({ blocking: true }),
  'POST /api/v1/accounts/:id/unblock': act({ blocking: false }, { before: ['block'] }),
  'POST /api/v1/accounts/:id/mute': act(
    { muting: true, muting_notifications: false, muting_expires_at: expect.any(String) },
    { body: { notifications: false, duration: 3600 } },
  ),
  'POST /api/v1/accounts/:id/unmute': act({ muting: false }, { before: ['mute'] }),
  'POST /api/v1/accounts/:id/note': act({ note: 'A friend' }, { body: { comment: 'A friend' } }),
  'POST /api/v1/accounts/:id/endorse': act({ endorsed: true }, { before: ['follow'] }),
  'POST /api/v1/accounts/:id/pin': act({ endorsed: true }, { before: ['follow'] }),
  'POST /api/v1/accounts/:id/unendorse': act({ endorsed: false }, { before: ['follow', 'endorse'] }),
  'POST /api/v1/accounts/:id/unpin': act({ endorsed: false }, { before: ['follow', 'endorse'] }),
  'PATCH /api/v1/accounts/update_credentials': async (w) => ({
    as: await withPictures(w),
    body: {
      ...profile,
      source: { privacy: 'unlisted', sensitive: true, language: 'de', quote_policy: 'nobody' },
    },
    files: { avatar: await png(), header: await png() },
    shows: {
      display_name: 'Ally',
      locked: true,
      bot: true,
      discoverable: true,
      indexable: true,
      hide_collections: true,
      avatar_description: 'A face',
      header_description: 'A hill',
      source: {
        privacy: 'unlisted',
        sensitive: true,
        language: 'de',
        quote_policy: 'nobody',
        note: 'A note',
        attribution_domains: ['blog.example', 'news.example'],
        fields: [
          expect.objectContaining({ name: 'One', value: '1' }),
          expect.objectContaining({ name: 'Two' }),
        ],
      },
    },
  }),
  'PATCH /api/v1/profile': async (w) => ({
    as: await withPictures(w),
    body: { ...profile, show_media: false, show_media_replies: false, show_featured: false },
    files: { avatar: await png(), header: await png() },
    shows: {
      display_name: 'Ally',
      note: 'A note',
      bot: true,
      show_media: false,
      show_media_replies: false,
      show_featured: false,
    },
  }),
  'DELETE /api/v1/profile/avatar': async (w) => {
    const as = await w.person();
    await ok(as.api.patch('/api/v1/profile').attach('avatar', await png(), 'a.png'));
    return { as, shows: { avatar: expect.stringContaining('missing') } };
  },
  'DELETE /api/v1/profile/header': async (w) => {
    const as = await w.person();
    await ok(as.api.patch('/api/v1/profile').attach('header', await png(), 'a.png'));
    return { as, shows: { header: expect.stringContaining('missing') } };
  },
  'POST /api/v1/follow_requests/:account_id/authorize': async (w) => {
    const fan = await w.person();
    await ok(fan.api.post(`/api/v1/accounts/${w.carol.id}/follow`));
    return { as: w.carol, ids: [fan.id], shows: { followed_by: true } };
  },
  'POST /api/v1/follow_requests/:account_id/reject': async (w) => {
    const fan = await w.person();
    await ok(fan.api.post(`/api/v1/accounts/${w.carol.id}/follow`));
    return { as: w.carol, ids: [fan.id], shows: { followed_by: false, requested_by: false } };
  },
  'POST /api/v1/domain_blocks': (w) => {
    const domain = `${w.word()}.example`;
    return { body: { domain }, check: () => domainBlocked(w, domain, true) };
  },
  'DELETE /api/v1/domain_blocks': async (w) => {
    const domain = `${w.word()}.example`;
    await ok(w.alice.api.post('/api/v1/domain_blocks', { domain }));
    return { body: { domain }, check: () => domainBlocked(w, domain, false) };
  },
  'DELETE /api/v1/suggestions/:account_id': async (w) => ({ ids: [(await w.person()).id] }),
  'POST /api/v1/reports': async (w) => {
    const rules = [{ id: '1', text: 'Be kind', hint: '' }];
    await w.instance.ctx.db.instance.updateOne({ _id: '1' }, { $set: { rules } });
    const status = await say(w.bob, 'Bad');
    return {
      body: {
        account_id: w.bob.id,
        status_ids: [status.id],
        comment: 'Look',
        forward: true,
        category: 'violation',
        rule_ids: ['1'],
      },
      shows: {
        comment: 'Look',
        forwarded: expect.any(Boolean),
        category: 'violation',
        rule_ids: ['1'],
        status_ids: [status.id],
      },
    };
  },
  'POST /api/v1/emails/confirmations': async (w) => {
    const as = await w.person();
    await w.instance.ctx.db.users.updateOne(
      { _id: as.user._id },
      { $set: { confirmedAt: null, signUpAppId: await appOf(w, as) } },
    );
    const email = `${w.word()}@mail.example`;
    return {
      as,
      body: { email },
      check: async () => {
        const user = await w.instance.ctx.db.users.findOne({ _id: as.user._id });
        expect(user?.email).toBe(email);
      },
    };
  },
};

async function domainBlocked(w: World, domain: string, is: boolean): Promise<void> {
  const list = await ok<string[]>(w.alice.api.get('/api/v1/domain_blocks', { limit: 200 }));
  expect(list.includes(domain)).toBe(is);
}

/** The client whose token somebody uses. */
async function appOf(w: World, who: Person): Promise<string> {
  const token = await w.instance.ctx.db.accessTokens.findOne({ accountId: who.id });
  return token?.appId ?? '';
}
