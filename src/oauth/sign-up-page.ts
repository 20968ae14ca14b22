import express, { type Router } from 'express';
import { AppError } from '../errors.js';
import type { Ctx } from '../domain/ctx.js';
import { findInvite } from '../domain/invites.js';
import { registrationsOf, signUp } from '../domain/sign-up.js';
import { apiBody, queryOf } from '../http/params.js';
import { addressLimit } from '../http/rate-limits.js';
import { stateOf } from '../http/state.js';
import { html } from '../web/html.js';
import { messagePage } from '../web/layout.js';
import { checkForm, formToken } from './cookies.js';
import { fieldOf, formPage, type FormField } from './forms.js';

/** `/auth/sign_up`: an account for somebody who comes with a browser. */
export function signUpPageRoutes(ctx: Ctx): Router {
  const router = express.Router();
  const limit = addressLimit(ctx, { name: 'sign-up-page', max: 25, minutes: 5, shared: true });

  router.get('/auth/sign_up', async (req, res) => {
    const code = queryOf(req)['invite_code'];
    const invite = typeof code === 'string' ? await findInvite(ctx, code) : null;
    if (registrationsOf(ctx) === 'closed' && !invite) {
      const text = code === undefined ? closed : `The invite is not good any more. ${closed}`;
      return void res.type('html').send(messagePage(ctx, { title: 'Closed', text }));
    }
    const typed = { invite_code: invite?.code ?? '' };
    const csrf = formToken(ctx, req, res);
    res.type('html').send(signUpPage(ctx, { csrf, typed, problem: null, invited: invite !== null }));
  });

  router.post('/auth/sign_up', apiBody(ctx), ...limit, async (req, res) => {
    const typed = stateOf(req).body ?? {};
    checkForm(ctx, req, null, typed['csrf']);
    try {
      const { user } = await signUp(ctx, {
        username: fieldOf(typed, 'username', 100),
        email: fieldOf(typed, 'email'),
        password: fieldOf(typed, 'password', 5000),
        // The form says that whoever sends it agrees.
        agreement: true,
        reason: fieldOf(typed, 'reason', 10_000),
        inviteCode: fieldOf(typed, 'invite_code', 100),
        ip: req.ip ?? null,
      });
      res.type('html').send(user.confirmedAt === null ? mailPage(ctx) : readyPage(ctx));
    } catch (error) {
      if (!(error instanceof AppError) || error.status !== 422) throw error;
      const problem = error.publicText.replace(/^Validation failed: /, '');
      const invited = (await findInvite(ctx, fieldOf(typed, 'invite_code', 100))) !== null;
      const page = signUpPage(ctx, { csrf: formToken(ctx, req, res), typed, problem, invited });
      res.status(422).type('html').send(page);
    }
  });
  return router;
}

function mailPage(ctx: Ctx): string {
  const text = 'We sent you a mail. Open the link in it to confirm that the address is yours.';
  return messagePage(ctx, { title: 'Look into your mailbox', text });
}

function readyPage(ctx: Ctx): string {
  const details = html`<p><a href="/auth/sign_in">Sign in</a></p>`;
  return messagePage(ctx, { title: 'Welcome', text: 'Your account is ready.', details });
}

interface SignUpForm {
  csrf: string;
  typed: Record<string, unknown>;
  problem: string | null;
  /** They have an invite that is good. */
  invited: boolean;
}

const closed = 'This server takes no new people at present.';

function signUpPage(ctx: Ctx, { csrf, typed, problem, invited }: SignUpForm): string {
  const approval = registrationsOf(ctx) === 'approval' && !invited;
  const reason: FormField = {
    name: 'reason',
    label: 'Why do you want to join?',
    type: 'text',
    autocomplete: 'off',
    value: fieldOf(typed, 'reason'),
    maxLength: 2000,
  };
  return formPage(ctx, {
    title: `Join ${ctx.names.handleDomain}`,
    intro: html`<p>
      By joining you agree to <a href="/about">the rules of this server</a>.
      ${approval ? 'Its staff looks at each request.' : null} ${invited ? 'You are invited.' : null}
    </p>`,
    problem,
    action: '/auth/sign_up',
    csrf,
    hidden: { invite_code: fieldOf(typed, 'invite_code', 100) },
    fields: [
      {
        name: 'username',
        label: 'Username',
        type: 'text',
        autocomplete: 'username',
        value: fieldOf(typed, 'username', 100),
        maxLength: 30,
      },
      {
        name: 'email',
        label: 'E-mail address',
        type: 'email',
        autocomplete: 'email',
        value: fieldOf(typed, 'email'),
        maxLength: 254,
      },
      {
        name: 'password',
        label: 'Password (8 characters or more)',
        type: 'password',
        autocomplete: 'new-password',
        maxLength: 256,
      },
      ...(approval ? [reason] : []),
    ],
    button: 'Sign up',
    below: html`<p class="soft">Already here? <a href="/auth/sign_in">Sign in</a></p>`,
  });
}
