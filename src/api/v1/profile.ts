import { Router } from 'express';
import type { Ctx } from '../../domain/ctx.js';
import { featuredTagsOf } from '../../domain/featured-tags.js';
import { loadAccount } from '../../domain/facts/accounts.js';
import { updatePreferences, updateProfile } from '../../domain/profile.js';
import { requireUser, signedIn } from '../../http/auth.js';
import type { Account } from '../../model/account.js';
import { toProfile } from '../entities/profile.js';
import { viewOf } from '../entities/view.js';
import { readProfile } from '../profile-params.js';
import { putOrPatch } from '../routing.js';

/** One's own profile as it is edited: texts as typed, pictures only where there are some. */
export function profileRoutes(ctx: Ctx): Router {
  const router = Router();
  const show = async (account: Account) =>
    toProfile(viewOf(ctx, account._id), await loadAccount(ctx, account), await featuredTagsOf(ctx, account));

  router.get('/api/v1/profile', requireUser('read', 'profile', 'read:accounts'), async (req, res) => {
    res.json(await show(signedIn(req).account));
  });
  putOrPatch(router, '/api/v1/profile', requireUser('write', 'write:accounts'), async (req, res) => {
    const { account, user } = signedIn(req);
    const { profile, preferences } = await readProfile(ctx, req);
    const updated = await updateProfile(ctx, account, profile);
    await updatePreferences(ctx, user, preferences);
    res.json(await show(updated));
  });
  return router;
}
