import { Router, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import {
  actOnAccount,
  approveAccount,
  deleteSuspended,
  enableAccount,
  liftSuspension,
  rejectAccount,
  unsensitiveAccount,
  unsilenceAccount,
} from '../../../domain/admin-account-acts.js';
import { getAccountForStaff, listAccounts, type AccountQuery } from '../../../domain/admin-accounts.js';
import type { Ctx } from '../../../domain/ctx.js';
import { loadAdminAccounts } from '../../../domain/facts/admin-accounts.js';
import type { Staff } from '../../../domain/staff-rules.js';
import { notFound } from '../../../errors.js';
import { signedIn } from '../../../http/auth.js';
import { bool, idList, idParam, oneOf, text } from '../../../http/coerce.js';
import { pageOf, sendPage } from '../../../http/paging.js';
import { parseParams } from '../../../http/params.js';
import type { Account } from '../../../model/account.js';
import { toAdminAccount, type AdminAccountEntity } from '../../entities/admin.js';
import { rolesOfIds } from '../../entities/roles.js';
import { viewOf } from '../../entities/view.js';
import { pages } from '../../paging.js';
import { pathParam } from '../../routing.js';
import { staffFor, staffOf } from './staff.js';

const common = {
  username: text(100).optional(),
  display_name: text(500).optional(),
  by_domain: text(300).optional(),
  email: text(320).optional(),
  ip: text(100).optional(),
};
const flag = bool().default(false);
const queryV1 = z.object({
  ...common,
  local: flag,
  remote: flag,
  active: flag,
  pending: flag,
  disabled: flag,
  silenced: flag,
  suspended: flag,
  sensitized: flag,
  staff: flag,
});
const statuses = ['active', 'pending', 'disabled', 'silenced', 'suspended', 'sensitized'] as const;
const queryV2 = z.object({
  ...common,
  origin: oneOf(['local', 'remote']).optional(),
  status: oneOf(statuses).optional(),
  permissions: oneOf(['staff']).optional(),
  role_ids: idList(20).optional(),
  invited_by: idParam.optional(),
});
const action = z.object({
  type: oneOf(['none', 'sensitive', 'disable', 'silence', 'suspend']),
  report_id: idParam.optional(),
  text: text(10_000).default(''),
});

type Measure = (ctx: Ctx, by: Staff, account: Account) => Promise<void>;

const measures: Record<string, Measure> = {
  approve: approveAccount,
  reject: rejectAccount,
  enable: enableAccount,
  unsilence: unsilenceAccount,
  unsuspend: liftSuspension,
  unsensitive: unsensitiveAccount,
};

const guard = staffFor('manageUsers', 'accounts');

/** Accounts, for staff. */
export function adminAccountsRoutes(ctx: Ctx): Router {
  const router = Router();
  router.get('/api/v1/admin/accounts', guard.read, list(ctx, toQueryV1));
  router.get('/api/v2/admin/accounts', guard.read, list(ctx, toQueryV2));
  router.get('/api/v1/admin/accounts/:id', guard.read, async (req, res) => {
    const account = await getAccountForStaff(ctx, pathParam(req));
    res.json(await showAdminAccount(ctx, signedIn(req).account._id, account));
  });

  router.post('/api/v1/admin/accounts/:id/action', guard.write, async (req, res) => {
    const account = await getAccountForStaff(ctx, pathParam(req));
    const given = parseParams(action, req);
    const act = { action: given.type, text: given.text, reportId: given.report_id ?? null };
    await actOnAccount(ctx, staffOf(req), { account, act });
    res.json({});
  });

  for (const [name, measure] of Object.entries(measures)) {
    router.post(`/api/v1/admin/accounts/:id/${name}`, guard.write, take(ctx, measure));
  }
  router.delete(
    '/api/v1/admin/accounts/:id',
    staffFor('deleteUserData', 'accounts').write,
    take(ctx, deleteSuspended),
  );
  return router;
}

/** Answers with the account as it is afterwards; as it was, where it is no more. */
function take(ctx: Ctx, measure: Measure): RequestHandler {
  return async (req, res) => {
    const viewerId = signedIn(req).account._id;
    const account = await getAccountForStaff(ctx, pathParam(req));
    const before = await showAdminAccount(ctx, viewerId, account);
    await measure(ctx, staffOf(req), account);
    const after = await ctx.db.accounts.findOne({ _id: account._id });
    const isGone = !after || after.deletedAt !== null;
    res.json(isGone ? before : await showAdminAccount(ctx, viewerId, after));
  };
}

function list(ctx: Ctx, toQuery: (req: Request) => AccountQuery): RequestHandler {
  return async (req, res) => {
    const page = pageOf(req, pages.admin);
    const found = await listAccounts(ctx, toQuery(req), page);
    const facts = await loadAdminAccounts(ctx, found);
    const view = viewOf(ctx, signedIn(req).account._id);
    const items = [...facts.values()].map((f) => toAdminAccount(view, f));
    const ids = found.map((a) => a._id);
    sendPage(req, res, { items, ids, style: 'min_id', nextOnShort: false, limit: page.limit });
  };
}

function toCommon(given: {
  username?: string | undefined;
  display_name?: string | undefined;
  by_domain?: string | undefined;
  email?: string | undefined;
  ip?: string | undefined;
}): AccountQuery {
  // A field that was left empty is a filter that was not set.
  const { username, display_name, by_domain, email, ip } = given;
  return {
    username: username || undefined,
    displayName: display_name || undefined,
    byDomain: by_domain || undefined,
    email: email || undefined,
    ip: ip || undefined,
  };
}

const staffRoles = ['moderator', 'admin', 'owner'] as const;

function toQueryV1(req: Request): AccountQuery {
  const given = parseParams(queryV1, req);
  return {
    ...toCommon(given),
    origin: given.local ? 'local' : given.remote ? 'remote' : undefined,
    status: statuses.find((name) => given[name]),
    ...(given.staff && { roles: staffRoles }),
  };
}

function toQueryV2(req: Request): AccountQuery {
  const given = parseParams(queryV2, req);
  const roles = given.permissions ? staffRoles : given.role_ids?.length ? rolesOfIds(given.role_ids) : null;
  return {
    ...toCommon(given),
    origin: given.origin,
    status: given.status,
    invitedBy: given.invited_by,
    ...(roles && { roles }),
  };
}

async function showAdminAccount(ctx: Ctx, viewerId: string, account: Account): Promise<AdminAccountEntity> {
  const facts = (await loadAdminAccounts(ctx, [account])).get(account._id);
  if (!facts) throw notFound();
  return toAdminAccount(viewOf(ctx, viewerId), facts);
}
