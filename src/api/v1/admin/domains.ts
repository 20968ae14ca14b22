import { Router, type Response } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../../domain/ctx.js';
import {
  addDomainAllow,
  getDomainAllow,
  listDomainAllows,
  removeDomainAllow,
} from '../../../domain/domain-allows.js';
import {
  addDomainBlock,
  changeDomainBlock,
  DomainBlockExists,
  getDomainBlock,
  listDomainBlocks,
  removeDomainBlock,
} from '../../../domain/domain-blocks.js';
import { staffName } from '../../../domain/staff-rules.js';
import { bool, oneOf, text } from '../../../http/coerce.js';
import { pageOf, sendPage } from '../../../http/paging.js';
import { parseParams } from '../../../http/params.js';
import { toAdminDomainAllow, toAdminDomainBlock } from '../../entities/admin-blocks.js';
import { pages } from '../../paging.js';
import { pathParam, putOrPatch } from '../../routing.js';
import { staffFor, staffOf } from './staff.js';

const allow = z.object({ domain: text(300) });
const changes = z.object({
  severity: oneOf(['silence', 'suspend', 'noop']).optional(),
  reject_media: bool().optional(),
  reject_reports: bool().optional(),
  private_comment: text(10_000).optional(),
  public_comment: text(10_000).optional(),
  obfuscate: bool().optional(),
});
const block = changes.extend({ domain: text(300) });

/** Other servers: those that are limited or shut out, and those that are welcome. */
export function adminDomainsRoutes(ctx: Ctx): Router {
  const router = Router();
  blocks(ctx, router);
  allows(ctx, router);
  return router;
}

function blocks(ctx: Ctx, router: Router): void {
  const guard = staffFor('manageFederation', 'domain_blocks');
  const path = '/api/v1/admin/domain_blocks';

  router.get(path, guard.read, async (req, res) => {
    const page = pageOf(req, pages.admin);
    const found = await listDomainBlocks(ctx, page);
    const ids = found.map((r) => r._id);
    const items = found.map(toAdminDomainBlock);
    sendPage(req, res, { items, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  });
  router.get(`${path}/:id`, guard.read, async (req, res) => {
    res.json(toAdminDomainBlock(await getDomainBlock(ctx, pathParam(req))));
  });
  router.post(path, guard.write, async (req, res) => {
    const given = parseParams(block, req);
    const rule = { severity: 'silence' as const, ...toRule(given) };
    const by = staffName(staffOf(req));
    try {
      res.json(toAdminDomainBlock(await addDomainBlock(ctx, by, { domain: given.domain, rule })));
    } catch (error) {
      if (!(error instanceof DomainBlockExists)) throw error;
      sendExisting(res, error);
    }
  });
  putOrPatch(router, `${path}/:id`, guard.write, async (req, res) => {
    const given = toRule(parseParams(changes, req));
    const by = staffName(staffOf(req));
    res.json(toAdminDomainBlock(await changeDomainBlock(ctx, by, { id: pathParam(req), changes: given })));
  });
  router.delete(`${path}/:id`, guard.write, async (req, res) => {
    const found = await getDomainBlock(ctx, pathParam(req));
    await removeDomainBlock(ctx, staffName(staffOf(req)), found._id);
    res.json(toAdminDomainBlock(found));
  });
}

/** Clients offer to change the rule that stands in the way. */
function sendExisting(res: Response, error: DomainBlockExists): void {
  const existing = toAdminDomainBlock(error.existing);
  res.status(error.status).json({ error: error.publicText, existing_domain_block: existing });
}

/** Only what was given. */
function toRule(given: z.infer<typeof changes>) {
  const { severity, reject_media, reject_reports, private_comment, public_comment, obfuscate } = given;
  return {
    ...(severity !== undefined && { severity }),
    ...(reject_media !== undefined && { rejectMedia: reject_media }),
    ...(reject_reports !== undefined && { rejectReports: reject_reports }),
    ...(private_comment !== undefined && { privateComment: private_comment || null }),
    ...(public_comment !== undefined && { publicComment: public_comment || null }),
    ...(obfuscate !== undefined && { obfuscate }),
  };
}

function allows(ctx: Ctx, router: Router): void {
  const guard = staffFor('manageFederation', 'domain_allows');
  const path = '/api/v1/admin/domain_allows';

  router.get(path, guard.read, async (req, res) => {
    const page = pageOf(req, pages.admin);
    const found = await listDomainAllows(ctx, page);
    const ids = found.map((a) => a._id);
    const items = found.map(toAdminDomainAllow);
    sendPage(req, res, { items, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  });
  router.get(`${path}/:id`, guard.read, async (req, res) => {
    res.json(toAdminDomainAllow(await getDomainAllow(ctx, pathParam(req))));
  });
  router.post(path, guard.write, async (req, res) => {
    const { domain } = parseParams(allow, req);
    res.json(toAdminDomainAllow(await addDomainAllow(ctx, staffName(staffOf(req)), domain)));
  });
  router.delete(`${path}/:id`, guard.write, async (req, res) => {
    const found = await getDomainAllow(ctx, pathParam(req));
    await removeDomainAllow(ctx, staffName(staffOf(req)), found._id);
    res.json(toAdminDomainAllow(found));
  });
}
