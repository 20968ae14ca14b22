import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../../domain/ctx.js';
import {
  addIpBlock,
  changeIpBlock,
  getIpBlock,
  listIpBlocks,
  removeIpBlock,
} from '../../../domain/ip-blocks.js';
import { staffName } from '../../../domain/staff-rules.js';
import { int, oneOf, text } from '../../../http/coerce.js';
import { pageOf, sendPage } from '../../../http/paging.js';
import { paramsOf, parseParams } from '../../../http/params.js';
import { toAdminIpBlock } from '../../entities/admin-blocks.js';
import { pages } from '../../paging.js';
import { pathParam, putOrPatch } from '../../routing.js';
import { staffFor, staffOf } from './staff.js';

const tenYears = 10 * 365 * 86_400;
const severity = oneOf(['sign_up_requires_approval', 'sign_up_block', 'no_access']);
/** An empty text: for ever. */
const seconds = z.preprocess(
  (raw) => (raw === '' ? null : raw),
  z.union([z.null(), int({ min: 1, max: tenYears })]),
);
const added = z.object({
  ip: text(100),
  severity,
  comment: text(1000).default(''),
  expires_in: seconds.default(null),
});
const changed = z.object({
  ip: text(100).optional(),
  severity: severity.optional(),
  comment: text(1000).optional(),
  expires_in: seconds.optional(),
});

/** Networks from which nobody, or not everybody, gets in. */
export function adminIpBlocksRoutes(ctx: Ctx): Router {
  const router = Router();
  const guard = staffFor('manageBlocks', 'ip_blocks');
  const path = '/api/v1/admin/ip_blocks';

  router.get(path, guard.read, async (req, res) => {
    const page = pageOf(req, pages.admin);
    const found = await listIpBlocks(ctx, page);
    const ids = found.map((b) => b._id);
    const items = found.map(toAdminIpBlock);
    sendPage(req, res, { items, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  });
  router.get(`${path}/:id`, guard.read, async (req, res) => {
    res.json(toAdminIpBlock(await getIpBlock(ctx, pathParam(req))));
  });
  router.post(path, guard.write, async (req, res) => {
    const { expires_in: expiresIn, ...given } = parseParams(added, req);
    res.json(toAdminIpBlock(await addIpBlock(ctx, staffName(staffOf(req)), { ...given, expiresIn })));
  });
  putOrPatch(router, `${path}/:id`, guard.write, async (req, res) => {
    const { expires_in, ip, severity: severe, comment } = parseParams(changed, req);
    // A null lifts the limit; a missing one leaves it.
    const expiresIn = paramsOf(req)['expires_in'] === null ? null : expires_in;
    const input = {
      ...(ip !== undefined && { ip }),
      ...(severe !== undefined && { severity: severe }),
      ...(comment !== undefined && { comment }),
      ...(expiresIn !== undefined && { expiresIn }),
    };
    const by = staffName(staffOf(req));
    res.json(toAdminIpBlock(await changeIpBlock(ctx, by, { id: pathParam(req), input })));
  });
  router.delete(`${path}/:id`, guard.write, async (req, res) => {
    const found = await getIpBlock(ctx, pathParam(req));
    await removeIpBlock(ctx, staffName(staffOf(req)), found._id);
    res.json(toAdminIpBlock(found));
  });
  return router;
}
