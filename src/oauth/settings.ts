import express, { type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import {
  listSessions,
  revokeOtherSessions,
  revokeSession,
  type SignedInSession,
} from '../domain/sessions.js';
import { emailSubscriptionsOpenTo } from '../domain/email-subscriptions/offer.js';
import { apiBody } from '../http/params.js';
import type { WebSession } from '../model/access.js';
import { isWithin } from '../policy/circles.js';
import { html, type Html } from '../web/html.js';
import { page } from '../web/layout.js';
import { buttonOf, fieldOf } from './forms.js';
import { person } from './pages.js';
import { factorsText } from './second-factor.js';
import { settingsPath } from './sign-in.js';
import { signedInPageOf } from './signed-in.js';

/** `/auth/settings`: what somebody looks after with a browser: second factor, sessions, apps. */
export function settingsRoutes(ctx: Ctx): Router {
  const router = express.Router();

  router.get(
    settingsPath,
    signedInPageOf(ctx, async ({ res, who }) => {
      const [factors, sessions] = await Promise.all([
        factorsText(ctx, who.user._id),
        listSessions(ctx, who.user._id),
      ]);
      res.type('html').send(settingsPage(ctx, who, { factors, sessions }));
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

  router.post(
    '/auth/settings/sessions/revoke_others',
    apiBody(ctx),
    signedInPageOf(ctx, async ({ res, who }) => {
      await revokeOtherSessions(ctx, who.user._id, who.session._id);
      res.redirect(302, settingsPath);
    }),
  );
  return router;
}

function settingsPage(
  ctx: Ctx,
  who: SignedInSession,
  { factors, sessions }: { factors: string; sessions: readonly WebSession[] },
): string {
  const { csrf } = who.session;
  const list = sessions.map((session) => sessionOf(session, who));
  const mayHaveSubscribers = isWithin(who.user.role, emailSubscriptionsOpenTo(ctx));
  const others = { action: '/auth/settings/sessions/revoke_others', csrf, button: 'Sign out all others' };
  const body = html`<section class="card">
      <h1>Your account</h1>
      ${person(ctx, who.account)}
      <p class="soft">${who.user.email ?? 'No e-mail address'}</p>
      ${buttonOf({ action: '/auth/sign_out', csrf, button: 'Sign out' })}
    </section>
    <section class="card">
      <h2>Signing in</h2>
      <p>${factors}</p>
      <p>
        <a href="/auth/settings/second_factor">Codes</a> · <a href="/auth/settings/passkeys">Passkeys</a> ·
        <a href="/auth/settings/password">New password</a>
      </p>
    </section>
    <section class="card">
      <h2>Others</h2>
      <p><a href="/auth/settings/invites">Invite people</a></p>
      ${mayHaveSubscribers && html`<p><a href="/auth/settings/email_subscriptions">Your posts by mail</a></p>`}
    </section>
    <section class="card">
      <h2>Apps</h2>
      <p><a href="/oauth/authorized_applications">Apps that may use your account</a></p>
    </section>
    <section class="card">
      <h2>Browsers</h2>
      ${list} ${sessions.length > 1 && buttonOf(others)}
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
  const used = (session.lastUsedAt ?? session.createdAt).slice(0, 16).replace('T', ' ');
  return html`<p>
      <strong>${session.userAgent ?? 'Unknown browser'}</strong><br />
      <span class="soft"
        >since ${session.createdAt.slice(0, 10)}, ${own ? 'this one' : `last used ${used} UTC`}</span
      >
    </p>
    ${own ? null : button}`;
}
