import express, { type Router } from 'express';
import { authorizedApps, revokeApp, type AuthorizedApp } from '../domain/authorized-apps.js';
import type { Ctx } from '../domain/ctx.js';
import { apiBody } from '../http/params.js';
import { html, type Html } from '../web/html.js';
import { page } from '../web/layout.js';
import { buttonOf, fieldOf } from './forms.js';
import { describeScopes } from './scope-texts.js';
import { signedInPageOf } from './signed-in.js';

const path = '/oauth/authorized_applications';

/** The apps that may use somebody's account, and the way to stop them. */
export function authorizedAppsRoutes(ctx: Ctx): Router {
  const router = express.Router();

  router.get(
    path,
    signedInPageOf(ctx, async ({ res, who }) => {
      const apps = await authorizedApps(ctx, who.user._id);
      const list = apps.map((entry) => appOf(entry, who.session.csrf));
      const body = html`<section class="card">
          <h1>Apps</h1>
          <p>${list.length ? 'These may use your account.' : 'No app may use your account.'}</p>
          <p class="soft"><a href="/auth/settings">Back</a></p>
        </section>
        ${list}`;
      res.type('html').send(page(ctx, { title: 'Apps', body, narrow: true }));
    }),
  );

  router.post(
    `${path}/revoke`,
    apiBody(ctx),
    signedInPageOf(ctx, async ({ res, who, form }) => {
      await revokeApp(ctx, who.user._id, fieldOf(form, 'app', 50));
      res.redirect(302, path);
    }),
  );
  return router;
}

function appOf({ app, scopes, since, lastUsedAt }: AuthorizedApp, csrf: string): Html {
  const grants = describeScopes(scopes).map((grant) => html`<li>${grant.text}</li>`);
  return html`<section class="card">
    <h2>${app.name}</h2>
    <p class="soft">
      since ${since.slice(0, 10)},
      ${lastUsedAt === null ? 'never used' : `last used ${lastUsedAt.slice(0, 10)}`}
    </p>
    <ul class="grants">
      ${grants}
    </ul>
    ${buttonOf({ action: `${path}/revoke`, csrf, hidden: { app: app._id }, button: 'Take its access away' })}
  </section>`;
}
