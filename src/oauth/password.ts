import express, { type Response, type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { isResetLink, requestPasswordReset, resetPassword } from '../domain/password-reset.js';
import { apiBody, queryOf } from '../http/params.js';
import { addressLimit } from '../http/rate-limits.js';
import { stateOf } from '../http/state.js';
import { html } from '../web/html.js';
import { messagePage } from '../web/layout.js';
import { checkForm, clearSession, formToken } from './cookies.js';
import { fieldOf, formPage, newPasswordField } from './forms.js';

/** `/auth/password`: a new password for somebody who has lost theirs, by a link in a mail. */
export function passwordRoutes(ctx: Ctx): Router {
  const router = express.Router();
  const limit = addressLimit(ctx, { name: 'mail', max: 10, minutes: 30, shared: true });

  router.get('/auth/password', (req, res) => {
    res.type('html').send(askPage(ctx, formToken(ctx, req, res)));
  });

  // The answer is the same for everybody, so that it does not tell who has an account.
  router.post('/auth/password', apiBody(ctx), ...limit, async (req, res) => {
    const form = stateOf(req).body ?? {};
    checkForm(ctx, req, null, form['csrf']);
    await requestPasswordReset(ctx, fieldOf(form, 'email', 320));
    const text = 'If somebody here has this address, a link is on its way. It works for an hour.';
    res.type('html').send(messagePage(ctx, { title: 'Look into your mailbox', text }));
  });

  router.get('/auth/password/edit', async (req, res) => {
    const secret = fieldOf(queryOf(req), 'token');
    if (!(await isResetLink(ctx, secret))) return sendInvalid(ctx, res);
    res.type('html').send(editPage(ctx, { csrf: formToken(ctx, req, res), secret, problem: null }));
  });

  router.post('/auth/password/edit', apiBody(ctx), ...limit, async (req, res) => {
    const form = stateOf(req).body ?? {};
    checkForm(ctx, req, null, form['csrf']);
    const secret = fieldOf(form, 'token');
    const result = await resetPassword(ctx, secret, fieldOf(form, 'password', 5000));
    if (result.outcome === 'invalid') return sendInvalid(ctx, res);
    if (result.outcome === 'unfit') {
      const problem = `The password ${result.problem}.`;
      return void res
        .status(422)
        .type('html')
        .send(editPage(ctx, { csrf: formToken(ctx, req, res), secret, problem }));
    }
    clearSession(ctx, res);
    const text = 'Everything that was signed in with the old one is signed out.';
    const details = html`<p><a href="/auth/sign_in">Sign in</a></p>`;
    res.type('html').send(messagePage(ctx, { title: 'Your password is changed', text, details }));
  });
  return router;
}

function sendInvalid(ctx: Ctx, res: Response): void {
  const text = 'It is too old, was used already, or is not complete.';
  const details = html`<p><a href="/auth/password">Send another link</a></p>`;
  res
    .status(400)
    .type('html')
    .send(messagePage(ctx, { title: 'This link does not work', text, details }));
}

function askPage(ctx: Ctx, csrf: string): string {
  return formPage(ctx, {
    title: 'A new password',
    intro: 'A link to choose a new password is sent to the address of your account.',
    action: '/auth/password',
    csrf,
    fields: [{ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'email' }],
    button: 'Send the link',
  });
}

function editPage(ctx: Ctx, form: { csrf: string; secret: string; problem: string | null }): string {
  return formPage(ctx, {
    title: 'Choose a new password',
    problem: form.problem,
    action: '/auth/password/edit',
    csrf: form.csrf,
    hidden: { token: form.secret },
    fields: [newPasswordField],
    button: 'Set the password',
  });
}
