import express, { type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { createSignInGuard } from '../domain/sign-in-guard.js';
import { neverCached } from '../http/app.js';
import { authenticate, requireUser } from '../http/auth.js';
import { apiBody } from '../http/params.js';
import { addressLimit } from '../http/rate-limits.js';
import { assetRoutes } from '../web/assets.js';
import { appRoutes } from './apps.js';
import { authorizedAppsRoutes } from './authorized-apps.js';
import { confirmationRoutes } from './confirmation.js';
import { authorizeRoutes } from './authorize.js';
import { emailSubscriptionsRoutes } from './email-subscriptions.js';
import { emailSubscriptionsSettingsRoutes } from './email-subscriptions-settings.js';
import { pageErrors } from './errors.js';
import { inviteLinkRoutes } from './invite-links.js';
import { invitesRoutes } from './invites.js';
import { serverMetadata } from './metadata.js';
import { passkeyRoutes } from './passkeys.js';
import { passwordChangeRoutes } from './password-change.js';
import { passwordRoutes } from './password.js';
import { revokeEndpoint } from './revoke.js';
import { secondFactorRoutes } from './second-factor.js';
import { settingsRoutes } from './settings.js';
import { signInRoutes } from './sign-in.js';
import { signUpPageRoutes } from './sign-up-page.js';
import { signUpRoutes } from './sign-up.js';
import { tokenEndpoint } from './token.js';
import { userinfoEndpoint } from './userinfo.js';

/** Everything about OAuth: registration, the pages, the endpoints, and the stylesheet the pages need. */
export function oauthRoutes(ctx: Ctx): Router {
  const router = express.Router();
  const guard = ctx.settings.testMode ? null : createSignInGuard(ctx);
  const body = apiBody(ctx);
  const identify = authenticate(ctx);
  const limit = addressLimit(ctx, { name: 'oauth', max: 300, minutes: 5 });
  const userinfo = [identify, body, identify, requireUser('profile'), userinfoEndpoint(ctx)];

  router.use(assetRoutes());
  router.get('/.well-known/oauth-authorization-server', (_req, res) => {
    res.set('Cache-Control', 'public, max-age=3600').json(serverMetadata(ctx));
  });
  router.use(['/oauth', '/auth'], neverCached, ...limit);
  router.use(appRoutes(ctx), signUpRoutes(ctx), inviteLinkRoutes(ctx));
  router.post('/oauth/token', body, tokenEndpoint(ctx));
  router.post('/oauth/revoke', body, revokeEndpoint(ctx));
  router.get('/oauth/userinfo', ...userinfo);
  router.post('/oauth/userinfo', ...userinfo);
  router.use(authorizeRoutes(ctx), signInRoutes(ctx, guard), signUpPageRoutes(ctx));
  router.use(confirmationRoutes(ctx), passwordRoutes(ctx));
  router.use(secondFactorRoutes(ctx, guard), passkeyRoutes(ctx, guard), passwordChangeRoutes(ctx, guard));
  router.use(emailSubscriptionsRoutes(ctx), emailSubscriptionsSettingsRoutes(ctx));
  router.use(settingsRoutes(ctx), authorizedAppsRoutes(ctx), invitesRoutes(ctx));
  router.use(['/oauth', '/auth'], pageErrors(ctx));
  return router;
}
