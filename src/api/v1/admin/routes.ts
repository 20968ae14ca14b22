import { Router } from 'express';
import type { Ctx } from '../../../domain/ctx.js';
import { adminAccountsRoutes } from './accounts.js';
import { adminAddressesRoutes } from './addresses.js';
import { adminDashboardRoutes } from './dashboard.js';
import { adminDomainsRoutes } from './domains.js';
import { adminIpBlocksRoutes } from './ip-blocks.js';
import { adminReportsRoutes } from './reports.js';
import { adminTrendsRoutes } from './trends.js';

/** What staff can do through clients. */
export function adminRoutes(ctx: Ctx): Router {
  const router = Router();
  router.use(
    adminAccountsRoutes(ctx),
    adminReportsRoutes(ctx),
    adminDomainsRoutes(ctx),
    adminAddressesRoutes(ctx),
    adminIpBlocksRoutes(ctx),
    adminDashboardRoutes(ctx),
    adminTrendsRoutes(ctx),
  );
  return router;
}
