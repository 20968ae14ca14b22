import { Router } from 'express';
import { z } from 'zod';
import {
  assignReport,
  classifyReport,
  getReport,
  listReports,
  reopenReport,
  resolveReport,
  unassignReport,
} from '../../../domain/admin-reports.js';
import type { Ctx } from '../../../domain/ctx.js';
import { loadAdminReports } from '../../../domain/facts/admin-reports.js';
import { getInstance } from '../../../domain/instance.js';
import { notFound } from '../../../errors.js';
import { signedIn } from '../../../http/auth.js';
import { bool, idList, idParam, oneOf } from '../../../http/coerce.js';
import { pageOf, sendPage } from '../../../http/paging.js';
import { parseParams } from '../../../http/params.js';
import type { Report } from '../../../model/relations.js';
import { toAdminReports } from '../../entities/admin.js';
import { viewOf } from '../../entities/view.js';
import { pages } from '../../paging.js';
import { pathParam, putOrPatch } from '../../routing.js';
import { staffFor, staffOf } from './staff.js';

const query = z.object({
  resolved: bool().default(false),
  account_id: idParam.optional(),
  target_account_id: idParam.optional(),
});
const update = z.object({
  category: oneOf(['spam', 'legal', 'violation', 'other']).optional(),
  rule_ids: idList(100).optional(),
});

const acts = {
  assign_to_self: assignReport,
  unassign: unassignReport,
  resolve: resolveReport,
  reopen: reopenReport,
};
const guard = staffFor('manageReports', 'reports');

/** Reports, for staff. */
export function adminReportsRoutes(ctx: Ctx): Router {
  const router = Router();
  const path = '/api/v1/admin/reports';

  router.get(path, guard.read, async (req, res) => {
    const page = pageOf(req, pages.admin);
    const { resolved, account_id, target_account_id } = parseParams(query, req);
    const wanted = { resolved, accountId: account_id, targetId: target_account_id };
    const found = await listReports(ctx, wanted, page);
    const viewerId = signedIn(req).account._id;
    const items = toAdminReports(viewOf(ctx, viewerId), await loadAdminReports(ctx, viewerId, found));
    const ids = found.map((r) => r._id);
    sendPage(req, res, { items, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  });

  router.get(`${path}/:id`, guard.read, async (req, res) => {
    const report = await getReport(ctx, pathParam(req));
    res.json(await showAdminReport(ctx, signedIn(req).account._id, report));
  });

  putOrPatch(router, `${path}/:id`, guard.write, async (req, res) => {
    const report = await getReport(ctx, pathParam(req));
    const given = parseParams(update, req);
    const known = new Set((await getInstance(ctx)).rules.map((r) => r.id));
    const changed = await classifyReport(ctx, staffOf(req), {
      report,
      category: given.category ?? report.category,
      ruleIds: given.rule_ids?.filter((id) => known.has(id)) ?? report.ruleIds,
    });
    res.json(await showAdminReport(ctx, signedIn(req).account._id, changed));
  });

  for (const [name, act] of Object.entries(acts)) {
    router.post(`${path}/:id/${name}`, guard.write, async (req, res) => {
      const report = await getReport(ctx, pathParam(req));
      const changed = await act(ctx, staffOf(req), report);
      res.json(await showAdminReport(ctx, signedIn(req).account._id, changed));
    });
  }
  return router;
}

async function showAdminReport(ctx: Ctx, viewerId: string, report: Report) {
  const [shown] = toAdminReports(viewOf(ctx, viewerId), await loadAdminReports(ctx, viewerId, [report]));
  if (!shown) throw notFound();
  return shown;
}
