import express, { type Router } from 'express';
import { confirmEmail } from '../domain/confirmation.js';
import type { Ctx } from '../domain/ctx.js';
import { requestMail } from '../domain/mail/request.js';
import { apiBody, queryOf } from '../http/params.js';
import { addressLimit } from '../http/rate-limits.js';
import { stateOf } from '../http/state.js';
import { html } from '../web/html.js';
import { messagePage } from '../web/layout.js';
import { checkForm, formToken } from './cookies.js';
import { fieldOf, formPage } from './forms.js';

const answers = {
  confirmed: {
    status: 200,
    title: 'Your address is confirmed',
    text: 'Your account is ready. Go back to your app, or sign in here.',
  },
  pending: {
    status: 200,
    title: 'Your address is confirmed',
    text: 'The staff of this server will look at your request. You get a mail once they agreed.',
  },
  invalid: {
    status: 400,
    title: 'This link does not work',
    text: 'It is too old, or not complete. You can have another one sent.',
  },
} as const;

/** `/auth/confirmation`: where the link of a confirmation mail leads, and where another one is asked for. */
export function confirmationRoutes(ctx: Ctx): Router {
  const router = express.Router();
  const limit = addressLimit(ctx, { name: 'mail', max: 10, minutes: 30, shared: true });

  router.get('/auth/confirmation', async (req, res) => {
    const { token } = queryOf(req);
    if (token === undefined) return void res.type('html').send(askPage(ctx, formToken(ctx, req, res)));
    const result = await confirmEmail(ctx, typeof token === 'string' ? token : '');
    const { status, ...message } = answers[result];
    const next =
      result === 'invalid'
        ? html`<p><a href="/auth/confirmation">Send another link</a></p>`
        : html`<p><a href="/auth/sign_in">Sign in</a></p>`;
    res
      .status(status)
      .type('html')
      .send(messagePage(ctx, { ...message, details: next }));
  });

  router.post('/auth/confirmation', apiBody(ctx), ...limit, async (req, res) => {
    const form = stateOf(req).body ?? {};
    checkForm(ctx, req, null, form['csrf']);
    await requestMail(ctx, { mail: 'confirmation-again', email: fieldOf(form, 'email', 320) });
    const text = 'If an account with this address waits for its confirmation, a link is on its way.';
    res.type('html').send(messagePage(ctx, { title: 'Look into your mailbox', text }));
  });
  return router;
}

function askPage(ctx: Ctx, csrf: string): string {
  return formPage(ctx, {
    title: 'Confirm your address',
    intro: 'The mail with the link can be sent again.',
    action: '/auth/confirmation',
    csrf,
    fields: [{ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'email' }],
    button: 'Send the link',
  });
}
