import { Router } from 'express';
import type { Ctx } from '../../domain/ctx.js';
import { updatePreferences, updateProfile } from '../../domain/profile.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { readProfile } from '../profile-params.js';
import { putOrPatch } from '../routing.js';
import { showOwnAccount } from './accounts.js';

/** Changing one's own account. */
export function accountsSelfRoutes(ctx: Ctx): Router {
  const router = Router();
  const write = requireUser('write', 'write:accounts');

  putOrPatch(router, '/api/v1/accounts/update_credentials', write, async (req, res) => {
    const who = signedIn(req);
    const { profile, preferences } = await readProfile(ctx, req);
    const account = await updateProfile(ctx, who.account, profile);
    const user = await updatePreferences(ctx, who.user, preferences);
    res.json(await showOwnAccount(ctx, { account, user }));
  });

  router.delete('/api/v1/profile/avatar', write, async (req, res) => {
    const { account, user } = signedIn(req);
    res.json(
      await showOwnAccount(ctx, { account: await updateProfile(ctx, account, { avatar: null }), user }),
    );
  });

  router.delete('/api/v1/profile/header', write, async (req, res) => {
    const { account, user } = signedIn(req);
    res.json(
      await showOwnAccount(ctx, { account: await updateProfile(ctx, account, { header: null }), user }),
    );
  });

  return router;
}
