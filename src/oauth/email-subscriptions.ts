import express, { type Response, type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { getSubscribable } from '../domain/email-subscriptions/offer.js';
import {
  confirmSubscription,
  findByUnsubscribeToken,
  subscribe,
  unsubscribe,
} from '../domain/email-subscriptions/subscribe.js';
import { AppError } from '../errors.js';
import { apiBody, queryOf } from '../http/params.js';
import { addressLimit } from '../http/rate-limits.js';
import { stateOf } from '../http/state.js';
import type { Account } from '../model/account.js';
import { html } from '../web/html.js';
import { messagePage } from '../web/layout.js';
import { checkForm, formToken } from './cookies.js';
import { fieldOf, formPage } from './forms.js';
import { person } from './pages.js';

const path = '/auth/email_subscriptions';

/** `/auth/email_subscriptions`: posts by mail for people without an account: asking for them, and where the links in mails lead. */
export function emailSubscriptionsRoutes(ctx: Ctx): Router {
  const router = express.Router();
  const limit = addressLimit(ctx, { name: 'mail', max: 10, minutes: 30, shared: true });

  router.get(path, async (req, res) => {
    const account = await getSubscribable(ctx, fieldOf(queryOf(req), 'account'));
    res.type('html').send(askPage(ctx, { account, csrf: formToken(ctx, req, res), problem: null }));
  });

  router.post(path, apiBody(ctx), ...limit, async (req, res) => {
    const form = stateOf(req).body ?? {};
    checkForm(ctx, req, null, form['csrf']);
    const account = await getSubscribable(ctx, fieldOf(form, 'account'));
    const problem = await problemOf(
      subscribe(ctx, { accountId: account._id, email: fieldOf(form, 'email') }),
    );
    if (problem !== null) {
      const page = askPage(ctx, { account, csrf: formToken(ctx, req, res), problem });
      return void res.status(422).type('html').send(page);
    }
    const text = 'Unless you get these posts already, a link to confirm that you want them is on its way.';
    res.type('html').send(messagePage(ctx, { title: 'Look into your mailbox', text }));
  });

  router.get(`${path}/confirmation`, async (req, res) => {
    const account = await confirmSubscription(ctx, fieldOf(queryOf(req), 'token'));
    if (!account) return sendInvalid(ctx, res);
    const text = `From now on you get the public posts of @${account.username} by mail. Each mail has a link that ends it.`;
    const details = person(ctx, account);
    res.type('html').send(messagePage(ctx, { title: 'Your subscription is confirmed', text, details }));
  });

  // Programs follow links in mails, too: only the button changes anything.
  router.get(`${path}/unsubscribe`, async (req, res) => {
    const token = fieldOf(queryOf(req), 'token');
    const found = await findByUnsubscribeToken(ctx, token);
    if (found === undefined) return sendInvalid(ctx, res);
    res.type('html').send(found ? buttonPage(ctx, found.account, token) : overPage(ctx));
  });

  // RFC 8058: mail programs send this without cookies. Whoever has the token may.
  router.post(`${path}/unsubscribe`, apiBody(ctx), async (req, res) => {
    if (!(await unsubscribe(ctx, fieldOf(queryOf(req), 'token')))) return sendInvalid(ctx, res);
    res.type('html').send(overPage(ctx));
  });
  return router;
}

/** What is wrong with what was typed; null when nothing is. */
async function problemOf(act: Promise<void>): Promise<string | null> {
  try {
    await act;
    return null;
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 422) throw error;
    return error.publicText.replace(/^Validation failed: /, '');
  }
}

interface Ask {
  account: Account;
  csrf: string;
  problem: string | null;
}

function askPage(ctx: Ctx, { account, csrf, problem }: Ask): string {
  return formPage(ctx, {
    title: 'Posts by mail',
    intro: html`${person(ctx, account)}
      <p>New public posts are sent to your address. You need no account, and can end it with any mail.</p>`,
    problem,
    action: path,
    csrf,
    hidden: { account: account._id },
    fields: [{ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'email' }],
    button: 'Subscribe',
  });
}

function buttonPage(ctx: Ctx, account: Account, token: string): string {
  return formPage(ctx, {
    title: 'No more mails?',
    intro: html`${person(ctx, account)}
      <p>You get these posts by mail.</p>`,
    action: `${path}/unsubscribe?token=${token}`,
    csrf: '',
    fields: [],
    button: 'Unsubscribe',
  });
}

function overPage(ctx: Ctx): string {
  const text = 'You get no more mails of this subscription.';
  return messagePage(ctx, { title: 'Your subscription is over', text });
}

function sendInvalid(ctx: Ctx, res: Response): void {
  const text = 'It is too old, or not complete.';
  res
    .status(400)
    .type('html')
    .send(messagePage(ctx, { title: 'This link does not work', text }));
}
