import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { loadAccount } from '../../domain/facts/accounts.js';
import { getInstance } from '../../domain/instance.js';
import { fileReport } from '../../domain/reports.js';
import { getShownAccount } from '../../domain/shown-accounts.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { bool, idList, idParam, oneOf, text } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import { toReport } from '../entities/reports.js';
import { viewOf } from '../entities/view.js';

const params = z.object({
  account_id: idParam,
  status_ids: idList(100).default([]),
  comment: text(1000).default(''),
  forward: bool().default(false),
  category: oneOf(['spam', 'legal', 'violation', 'other']).default('other'),
  rule_ids: idList(100).default([]),
});

export function reportsRoutes(ctx: Ctx): Router {
  const router = Router();
  router.post('/api/v1/reports', requireUser('write', 'write:reports'), async (req, res) => {
    const { account } = signedIn(req);
    const given = parseParams(params, req);
    const target = await getShownAccount(ctx, given.account_id);
    const known = new Set((await getInstance(ctx)).rules.map((r) => r.id));
    const ruleIds = given.rule_ids.filter((id) => known.has(id));
    const report = await fileReport(ctx, account, {
      target,
      statusIds: given.status_ids,
      comment: given.comment,
      category: ruleIds.length ? 'violation' : given.category,
      ruleIds,
      forward: given.forward,
    });
    res.json(toReport(viewOf(ctx, account._id), report, await loadAccount(ctx, target)));
  });
  return router;
}
