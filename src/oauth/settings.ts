import express, { type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { findSecondFactor } from '../domain/second-factor/second-factor.js';
import { listSessions, revokeSession, type SignedInSession } from '../domain/sessions.js';
import { apiBody } from '../http/params.js';
import type { WebSession } from '../model/access.js';
import { html, type Html } from '../web/html.js';
import { page } from '../web/layout.js';
import { buttonOf, fieldOf } from './forms.js';
import { person } from './pages.js';
import { settingsPath } from './sign-in.js';
import { signedInPageOf } from './signed-in.js';

/** `/auth/settings`: what somebody looks after with a browser: second factor, sessions, apps. */
export function settingsRoutes(ctx: Ctx): Router {
  const router = express.Router();

  router.get(
    settingsPath,
    signedInPageOf(ctx, async ({ res, who }) => {
      const [factor, sessions] = await Promise.all([
        findSecondFactor(ctx, who.user._id),
        listSessions(ctx, who.user._id),
      ]);
      const codes = factor
        ? `Codes are asked for. ${factor.recoveryHashes.length} recovery codes are left.`
        : 'Only your password is asked for.';
      res.type('html').send(settingsPage(ctx, who, { codes, sessions }));
    }),
  );

  router.post(
    '/auth/settings/sessions/revoke',
    apiBody(ctx),
    signedInPageOf(ctx, async ({ res, who, form }) => {
      await revokeSession(ctx, who.user._id, fieldOf(form, 'session', 50));
      res.redirect(302, settingsPath);
    }),
  );
  return router;
}

function settingsPage(
  ctx: Ctx,
  who: SignedInSession,
  { codes, sessions }: { codes: string; sessions: readonly WebSession[] },
): string {
  const { csrf } = who.session;
  const list = sessions.map((session) => sessionOf(session, who));
  const body = html`<section class="card">
      <h1>Your account</h1>
      ${person(ctx, who.account)}
      <p class="soft">${who.user.email ?? 'No e-mail address'}</p>
      ${buttonOf({ action: '/auth/sign_out', csrf, button: 'Sign out' })}
    </section>
    <section class="card">
      <h2>Signing in</h2>
      <p>${codes}</p>
      <p>
        <a href="/auth/settings/second_factor">Change that</a> · <a href="/auth/password">New password</a>
      </p>
    </section>
    <section class="card">
      <h2>Others</h2>
      <p><a href="/auth/settings/invites">Invite people</a></p>
    </section>
    <section class="card">
      <h2>Apps</h2>
      <p><a href="/oauth/authorized_applications">Apps that may use your account</a></p>
    </section>
    <section class="card">
      <h2>Browsers</h2>
      ${list}
    </section>`;
  return page(ctx, { title: 'Your account', body, narrow: true });
}

function sessionOf(session: WebSession, who: SignedInSession): Html {
  const own = session._id === who.session._id;
  const button = buttonOf({
    action: '/auth/settings/sessions/revoke',
    csrf: who.session.csrf,
    hidden: { session: session._id },
    button: 'Sign it out',
  });
  return html`<p>
      <strong>${session.userAgent ?? 'Unknown browser'}</strong><br />
      <span class="soft">since ${session.createdAt.slice(0, 10)}${own ? ', this one' : ''}</span>
    </p>
    ${own ? null : button}`;
}
