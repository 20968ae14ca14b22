import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import { ok } from '../support.js';
import { say, type Setup, type World } from './kit.js';

interface Thing {
  id: string;
}
const root = '/api/v1/admin';
const by = (w: World, method: 'get' | 'post', path: string, body: object = {}): Promise<Thing> =>
  ok(w.owner.api[method](`${root}/${path}`, body));

/** Something that staff made before: its deletion and what it takes to make it. */
const removal =
  (noun: string, body: (w: World) => Record<string, unknown>): Setup =>
  async (w) => {
    const { id } = await by(w, 'post', noun, body(w));
    const check = async (): Promise<void> =>
      expect((await w.owner.api.get(`${root}/${noun}/${id}`)).status).toBe(404);
    return { as: w.owner, ids: [id], check };
  };
const domain = (w: World): Record<string, unknown> => ({ domain: `${w.word()}.example` });
const email = (w: World): Record<string, unknown> => ({ email: `${w.word()}@mail.example` });
let nextIp = 1;
const ip = (): Record<string, unknown> => {
  nextIp += 1;
  return { ip: `192.0.${nextIp >> 8}.${nextIp & 255}/32`, severity: 'no_access' };
};

const person =
  (shows: object, action?: string): Setup =>
  async (w) => {
    const { id } = await w.person();
    if (action) await ok(w.owner.api.post(`${root}/accounts/${id}/action`, { type: action }));
    return { as: w.owner, ids: [id], shows };
  };

const report = async (w: World, about = w.bob.id): Promise<string> =>
  (await ok<Thing>(w.alice.api.post('/api/v1/reports', { account_id: about }))).id;
const judged =
  (shows: object, before?: string): Setup =>
  async (w) => {
    const id = await report(w);
    if (before) await by(w, 'post', `reports/${id}/${before}`);
    return { as: w.owner, ids: [id], shows };
  };

async function trending(w: World, noun: string): Promise<string> {
  const url = `http://127.0.0.1/${w.word()}`;
  const made = await say(w.alice, `#${w.word()} ${url}`);
  for (const who of [w.alice, w.bob, w.carol])
    await ok(who.api.post(`/api/v1/statuses/${made.id}/favourite`));
  await w.instance.idle();
  if (noun === 'statuses') return made.id;
  const list = await ok<Thing[]>(w.owner.api.get(`${root}/${noun === 'tags' ? 'tags' : `trends/${noun}`}`));
  return list[0]?.id ?? '';
}
const verdict =
  (noun: string, shows: object): Setup =>
  async (w) => ({ as: w.owner, ids: [await trending(w, noun)], shows });

const span = { start_at: '2026-01-01T00:00:00Z', end_at: '2026-01-03T00:00:00Z' };

/** What staff does. Cards of pages need another server: verdicts on links are in admin-walk.test.ts. */
export const adminWrites: Record<string, Setup> = {
  'POST /api/v1/admin/accounts/:id/action': async (w) => {
    const { id } = await w.person();
    const report_id = await report(w, id);
    return {
      as: w.owner,
      ids: [id],
      body: { type: 'silence', report_id, text: 'Too loud', send_email_notification: true },
      check: async () => expect(await by(w, 'get', `accounts/${id}`)).toMatchObject({ silenced: true }),
    };
  },
  'POST /api/v1/admin/accounts/:id/approve': async (w) => ({
    as: w.owner,
    ids: [(await w.person({ approved: false })).id],
    shows: { approved: true },
  }),
  'POST /api/v1/admin/accounts/:id/reject': async (w) => ({
    as: w.owner,
    ids: [(await w.person({ approved: false })).id],
  }),
  'POST /api/v1/admin/accounts/:id/enable': person({ disabled: false }, 'disable'),
  'POST /api/v1/admin/accounts/:id/unsensitive': person({ sensitized: false }, 'sensitive'),
  'POST /api/v1/admin/accounts/:id/unsilence': person({ silenced: false }, 'silence'),
  'POST /api/v1/admin/accounts/:id/unsuspend': person({ suspended: false }, 'suspend'),
  'DELETE /api/v1/admin/accounts/:id': person({}, 'suspend'),
  'POST /api/v1/admin/canonical_email_blocks': (w) => ({
    as: w.owner,
    body: email(w),
    shows: { canonical_email_hash: expect.any(String) },
  }),
  'POST /api/v1/admin/canonical_email_blocks # by hash': (w) => {
    const canonical_email_hash = createHash('sha256').update(w.word()).digest('hex');
    return { as: w.owner, body: { canonical_email_hash }, shows: { canonical_email_hash } };
  },
  'DELETE /api/v1/admin/canonical_email_blocks/:id': removal('canonical_email_blocks', email),
  'POST /api/v1/admin/canonical_email_blocks/test': async (w) => {
    const body = email(w);
    const { id } = await by(w, 'post', 'canonical_email_blocks', body);
    return { as: w.owner, body, shows: [expect.objectContaining({ id })] };
  },
  'POST /api/v1/admin/dimensions': (w) => ({
    as: w.owner,
    body: { ...span, keys: ['languages', 'sources'], limit: 3, tag_servers: { id: '1' } },
    shows: [expect.objectContaining({ key: 'languages' }), expect.objectContaining({ key: 'sources' })],
  }),
  'POST /api/v1/admin/measures': (w) => ({
    as: w.owner,
    body: {
      ...span,
      keys: ['new_users', 'instance_accounts'],
      instance_accounts: { domain: 'a.example' },
    },
    shows: [
      expect.objectContaining({ key: 'new_users', data: expect.any(Array) }),
      expect.objectContaining({ key: 'instance_accounts' }),
    ],
  }),
  'POST /api/v1/admin/retention': (w) => ({
    as: w.owner,
    body: { ...span, frequency: 'day' },
    shows: [expect.objectContaining({ frequency: 'day' }), expect.anything(), expect.anything()],
  }),
  'POST /api/v1/admin/domain_allows': (w) => {
    const body = domain(w);
    return { as: w.owner, body, shows: body };
  },
  'DELETE /api/v1/admin/domain_allows/:id': removal('domain_allows', domain),
  'POST /api/v1/admin/domain_blocks': (w) => {
    const body = {
      ...domain(w),
      severity: 'suspend',
      reject_media: true,
      reject_reports: true,
      private_comment: 'For us',
      public_comment: 'For all',
      obfuscate: true,
    };
    return { as: w.owner, body, shows: body };
  },
  'PUT /api/v1/admin/domain_blocks/:id': async (w) => {
    const { id } = await by(w, 'post', 'domain_blocks', domain(w));
    const body = {
      severity: 'noop',
      reject_media: true,
      reject_reports: true,
      private_comment: 'For us',
      public_comment: 'For all',
      obfuscate: true,
    };
    return { as: w.owner, ids: [id], body, shows: body };
  },
  'DELETE /api/v1/admin/domain_blocks/:id': removal('domain_blocks', domain),
  'POST /api/v1/admin/email_domain_blocks': (w) => {
    const body = { ...domain(w), allow_with_approval: true };
    return { as: w.owner, body, shows: body };
  },
  'DELETE /api/v1/admin/email_domain_blocks/:id': removal('email_domain_blocks', domain),
  'POST /api/v1/admin/ip_blocks': (w) => {
    const body = { ...ip(), severity: 'sign_up_block', comment: 'Noise' };
    return {
      as: w.owner,
      body: { ...body, expires_in: 3600 },
      shows: { ...body, expires_at: expect.any(String) },
    };
  },
  'PUT /api/v1/admin/ip_blocks/:id': async (w) => {
    const { id } = await by(w, 'post', 'ip_blocks', ip());
    const body = { ...ip(), severity: 'sign_up_requires_approval', comment: 'Less' };
    return {
      as: w.owner,
      ids: [id],
      body: { ...body, expires_in: 60 },
      shows: { ...body, expires_at: expect.any(String) },
    };
  },
  'DELETE /api/v1/admin/ip_blocks/:id': removal('ip_blocks', ip),
  'PUT /api/v1/admin/reports/:id': async (w) => {
    const rules = [{ id: '1', text: 'Be kind', hint: '' }];
    await w.instance.ctx.db.instance.updateOne({ _id: '1' }, { $set: { rules } });
    return {
      as: w.owner,
      ids: [await report(w)],
      body: { category: 'violation', rule_ids: ['1'] },
      shows: { category: 'violation', rules: [expect.objectContaining({ id: '1' })] },
    };
  },
  'POST /api/v1/admin/reports/:id/assign_to_self': judged({ assigned_account: expect.anything() }),
  'POST /api/v1/admin/reports/:id/unassign': judged({ assigned_account: null }, 'assign_to_self'),
  'POST /api/v1/admin/reports/:id/resolve': judged({ action_taken: true }),
  'POST /api/v1/admin/reports/:id/reopen': judged({ action_taken: false }, 'resolve'),
  'PUT /api/v1/admin/tags/:id': async (w) => {
    const word = w.word();
    await say(w.alice, `#${word}`);
    await w.instance.idle();
    const [tag] = await ok<Thing[]>(w.owner.api.get(`${root}/tags`));
    const flags = { trendable: true, usable: true, listable: false };
    return {
      as: w.owner,
      ids: [tag?.id ?? ''],
      body: { display_name: word.toUpperCase(), ...flags },
      shows: { name: word.toUpperCase(), ...flags },
    };
  },
  'POST /api/v1/admin/trends/statuses/:id/approve': verdict('statuses', { requires_review: false }),
  'POST /api/v1/admin/trends/statuses/:id/reject': verdict('statuses', { requires_review: false }),
  'POST /api/v1/admin/trends/tags/:id/approve': verdict('tags', { trendable: true }),
  'POST /api/v1/admin/trends/tags/:id/reject': verdict('tags', { trendable: false }),
};
