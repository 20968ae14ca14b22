import express, { type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { countSubscribers, emailSubscriptionsOpenTo } from '../domain/email-subscriptions/offer.js';
import { setEmailSubscriptions } from '../domain/email-subscriptions/switch.js';
import { apiBody } from '../http/params.js';
import { isWithin } from '../policy/circles.js';
import { html } from '../web/html.js';
import { page } from '../web/layout.js';
import { buttonOf, fieldOf } from './forms.js';
import { signedInPageOf, type SignedInRequest } from './signed-in.js';

const path = '/auth/settings/email_subscriptions';

/** `/auth/settings/email_subscriptions`: whether others may have one's posts by mail. */
export function emailSubscriptionsSettingsRoutes(ctx: Ctx): Router {
  const router = express.Router();
  router.get(
    path,
    signedInPageOf(ctx, (request) => show(ctx, request)),
  );

  router.post(
    path,
    apiBody(ctx),
    signedInPageOf(ctx, async ({ who, form, res }) => {
      await setEmailSubscriptions(ctx, who, fieldOf(form, 'wanted') === '1');
      res.redirect(302, path);
    }),
  );
  return router;
}

async function show(ctx: Ctx, { res, who }: SignedInRequest): Promise<void> {
  const may = isWithin(who.user.role, emailSubscriptionsOpenTo(ctx));
  const isOn = (who.account.emailSubscriptionsAt ?? null) !== null;
  const subscribers = await countSubscribers(ctx, who.account._id);
  const form = { action: path, csrf: who.session.csrf };
  const button = isOn
    ? buttonOf({ ...form, hidden: { wanted: '' }, button: 'Turn it off' })
    : buttonOf({ ...form, hidden: { wanted: '1' }, button: 'Turn it on' });
  const offer = html`<p>
      People without an account can have your public posts sent to them, five minutes after you wrote the
      first of them. Replies to others and boosts are not sent. You do not learn who they are.
    </p>
    <p>It is ${isOn ? 'on' : 'off'}. Subscribers: ${subscribers}</p>
    ${button}`;
  const body = html`<section class="card">
    <h1>Your posts by mail</h1>
    ${may ? offer : html`<p>This server does not offer this to you.</p>`}
    <p class="soft"><a href="/auth/settings">Back</a></p>
  </section>`;
  res.type('html').send(page(ctx, { title: 'Your posts by mail', body, narrow: true }));
}
