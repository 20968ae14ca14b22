import { Router } from 'express';
import { z } from 'zod';
import {
  addCanonicalEmailBlock,
  findCanonicalEmailBlock,
  getCanonicalEmailBlock,
  listCanonicalEmailBlocks,
  removeCanonicalEmailBlock,
} from '../../../domain/canonical-emails.js';
import type { Ctx } from '../../../domain/ctx.js';
import {
  addEmailBlock,
  getEmailBlock,
  listEmailBlocks,
  loadEmailBlocks,
  removeEmailBlock,
} from '../../../domain/email-blocks.js';
import { staffName } from '../../../domain/staff-rules.js';
import { invalid } from '../../../errors.js';
import { bool, text } from '../../../http/coerce.js';
import { pageOf, sendPage } from '../../../http/paging.js';
import { parseParams } from '../../../http/params.js';
import type { EmailDomainBlock } from '../../../model/moderation.js';
import { toAdminCanonicalEmailBlock, toAdminEmailBlock } from '../../entities/admin-blocks.js';
import { pages } from '../../paging.js';
import { pathParam } from '../../routing.js';
import { staffFor, staffOf } from './staff.js';

/** Mail providers and mailboxes that may not sign up. */
export function adminAddressesRoutes(ctx: Ctx): Router {
  const router = Router();
  providers(ctx, router);
  mailboxes(ctx, router);
  return router;
}

const provider = z.object({ domain: text(300), allow_with_approval: bool().default(false) });

function providers(ctx: Ctx, router: Router): void {
  const guard = staffFor('manageBlocks', 'email_domain_blocks');
  const path = '/api/v1/admin/email_domain_blocks';
  const show = async (blocks: readonly EmailDomainBlock[]) =>
    (await loadEmailBlocks(ctx, blocks)).map(toAdminEmailBlock);

  router.get(path, guard.read, async (req, res) => {
    const page = pageOf(req, pages.admin);
    const found = await listEmailBlocks(ctx, page);
    const ids = found.map((b) => b._id);
    sendPage(req, res, {
      items: await show(found),
      ids,
      style: 'min_id',
      nextOnShort: false,
      limit: page.limit,
    });
  });
  router.get(`${path}/:id`, guard.read, async (req, res) => {
    res.json((await show([await getEmailBlock(ctx, pathParam(req))]))[0]);
  });
  router.post(path, guard.write, async (req, res) => {
    const { domain, allow_with_approval } = parseParams(provider, req);
    const input = { domain, allowWithApproval: allow_with_approval };
    res.json((await show([await addEmailBlock(ctx, staffName(staffOf(req)), input)]))[0]);
  });
  router.delete(`${path}/:id`, guard.write, async (req, res) => {
    const found = await getEmailBlock(ctx, pathParam(req));
    const shown = (await show([found]))[0];
    await removeEmailBlock(ctx, staffName(staffOf(req)), found._id);
    res.json(shown);
  });
}

const mailbox = z.object({ email: text(320).optional(), canonical_email_hash: text(64).optional() });
const tested = z.object({ email: text(320) });

function mailboxes(ctx: Ctx, router: Router): void {
  const guard = staffFor('manageBlocks', 'canonical_email_blocks');
  const path = '/api/v1/admin/canonical_email_blocks';

  router.get(path, guard.read, async (req, res) => {
    const page = pageOf(req, pages.admin);
    const found = await listCanonicalEmailBlocks(ctx, page);
    const ids = found.map((b) => b._id);
    const items = found.map(toAdminCanonicalEmailBlock);
    sendPage(req, res, { items, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  });
  router.post(`${path}/test`, guard.read, async (req, res) => {
    const found = await findCanonicalEmailBlock(ctx, parseParams(tested, req).email);
    res.json(found ? [toAdminCanonicalEmailBlock(found)] : []);
  });
  router.get(`${path}/:id`, guard.read, async (req, res) => {
    res.json(toAdminCanonicalEmailBlock(await getCanonicalEmailBlock(ctx, pathParam(req))));
  });
  router.post(path, guard.write, async (req, res) => {
    const { email, canonical_email_hash: hash } = parseParams(mailbox, req);
    const what = email ? { email } : hash ? { hash } : null;
    if (!what) throw invalid("Email can't be blank");
    res.json(toAdminCanonicalEmailBlock(await addCanonicalEmailBlock(ctx, staffName(staffOf(req)), what)));
  });
  router.delete(`${path}/:id`, guard.write, async (req, res) => {
    const found = await getCanonicalEmailBlock(ctx, pathParam(req));
    await removeCanonicalEmailBlock(ctx, staffName(staffOf(req)), found._id);
    res.json(toAdminCanonicalEmailBlock(found));
  });
}
