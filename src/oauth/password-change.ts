import express, { type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { changePassword } from '../domain/password-change.js';
import type { SignInGuard } from '../domain/sign-in-guard.js';
import { apiBody } from '../http/params.js';
import { html } from '../web/html.js';
import { messagePage } from '../web/layout.js';
import { fieldOf, formPage, newPasswordField } from './forms.js';
import { passwordProblemOf } from './proof.js';
import { passwordField } from './second-factor-pages.js';
import { beginSession } from './sign-in.js';
import { signedInPageOf, type SignedInRequest } from './signed-in.js';

const path = '/auth/settings/password';

/** `/auth/settings/password`: a new password for somebody who knows the old one. */
export function passwordChangeRoutes(ctx: Ctx, guard: SignInGuard | null): Router {
  const router = express.Router();

  router.get(
    path,
    signedInPageOf(ctx, async (request) => showForm(ctx, request, null)),
  );

  router.post(
    path,
    apiBody(ctx),
    signedInPageOf(ctx, async (request) => {
      const { who, form, req, res } = request;
      const problem = await passwordProblemOf(ctx, guard, request);
      if (problem !== null) return showForm(ctx, request, problem);
      const password = fieldOf(form, 'new_password', 5000);
      const unfit = await changePassword(ctx, who.user, password);
      if (unfit !== null) return showForm(ctx, request, `The new password ${unfit}.`);
      await beginSession(ctx, req, res, who.user);
      const text = 'Everything else that was signed in with the old one is signed out: browsers and apps.';
      const details = html`<p><a href="/auth/settings">Back</a></p>`;
      res.type('html').send(messagePage(ctx, { title: 'Your password is changed', text, details }));
    }),
  );
  return router;
}

function showForm(ctx: Ctx, { res, who }: SignedInRequest, problem: string | null): void {
  const content = formPage(ctx, {
    title: 'A new password',
    problem,
    action: path,
    csrf: who.session.csrf,
    fields: [passwordField, { ...newPasswordField, name: 'new_password' }],
    button: 'Change the password',
    below: html`<p class="soft">
      <a href="/auth/password">Forgot the old one?</a> · <a href="/auth/settings">Back</a>
    </p>`,
  });
  res
    .status(problem === null ? 200 : 422)
    .type('html')
    .send(content);
}
