import express, { type Router } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { createInvite, invitesOf, revokeInvite } from '../domain/invites.js';
import { AppError, invalid } from '../errors.js';
import { apiBody } from '../http/params.js';
import type { Invite } from '../model/access.js';
import { isOpenInvite, mayInvite } from '../policy/invites.js';
import { html, type Html } from '../web/html.js';
import { page } from '../web/layout.js';
import { buttonOf, fieldOf, formOf, type FormField } from './forms.js';
import { inviteUrl } from './invite-links.js';
import { signedInPageOf, type SignedInRequest } from './signed-in.js';

const path = '/auth/settings/invites';

/** How often and how long, as Mastodon offers it. */
const uses = ['1', '5', '10', '25', '50', '100'];
const lifetimes = [
  ['1800', '30 minutes'],
  ['3600', '1 hour'],
  ['21600', '6 hours'],
  ['43200', '12 hours'],
  ['86400', '1 day'],
  ['604800', '1 week'],
] as const;
const choice = { type: 'text', autocomplete: 'off' } as const;
const fields: FormField[] = [
  {
    ...choice,
    name: 'max_uses',
    label: 'How many people may come with it',
    choices: [...uses.map((n) => [n, n] as const), ['', 'any number']],
    value: '1',
  },
  {
    ...choice,
    name: 'expires_in',
    label: 'How long it is good',
    choices: [...lifetimes, ['', 'for good']],
    value: '604800',
  },
  {
    ...choice,
    name: 'autofollow',
    label: 'They follow you from the start',
    choices: [
      ['', 'no'],
      ['1', 'yes'],
    ],
    value: '',
  },
];

/** `/auth/settings/invites`: somebody's invites. */
export function invitesRoutes(ctx: Ctx): Router {
  const router = express.Router();
  router.get(
    path,
    signedInPageOf(ctx, (request) => show(ctx, request, null)),
  );

  router.post(
    path,
    apiBody(ctx),
    signedInPageOf(ctx, async (request) => {
      const { who, form, res } = request;
      try {
        await createInvite(ctx, who, {
          maxUses: numberOf(form, 'max_uses'),
          lifetimeMs: numberOf(form, 'expires_in', 1000),
          autofollow: fieldOf(form, 'autofollow') === '1',
        });
      } catch (error) {
        if (!(error instanceof AppError) || error.status !== 422) throw error;
        return show(ctx, request, error.publicText.replace(/^Validation failed: /, ''));
      }
      res.redirect(302, path);
    }),
  );

  router.post(
    `${path}/revoke`,
    apiBody(ctx),
    signedInPageOf(ctx, async ({ who, form, res }) => {
      await revokeInvite(ctx, who, fieldOf(form, 'code', 100));
      res.redirect(302, path);
    }),
  );
  return router;
}

/** Null when nothing was chosen. @throws AppError 422 */
function numberOf(form: Record<string, unknown>, name: string, times = 1): number | null {
  const text = fieldOf(form, name, 20);
  if (text === '') return null;
  if (!/^\d+$/.test(text)) throw invalid(`${name} is not a number`);
  return Number(text) * times;
}

async function show(ctx: Ctx, { res, who }: SignedInRequest, problem: string | null): Promise<void> {
  const { csrf } = who.session;
  const at = ctx.clock.now().toISOString();
  const invites = await invitesOf(ctx, who.account._id);
  const form = html`<p>Whoever has the link may sign up here, without being asked anything more.</p>
    ${problem && html`<p class="notice bad" role="alert">${problem}</p>`}
    ${formOf({ action: path, csrf, fields, button: 'Make a link' })}`;
  const body = html`<section class="card">
      <h1>Invite people</h1>
      ${mayInvite(who.user.role, ctx.settings.invites) ? form : html`<p>This server lets you invite nobody.</p>`}
      <p class="soft"><a href="/auth/settings">Back</a></p>
    </section>
    ${invites.map((invite) => inviteOf(ctx, invite, { at, csrf }))}`;
  res
    .status(problem === null ? 200 : 422)
    .type('html')
    .send(page(ctx, { title: 'Invite people', body, narrow: true }));
}

function inviteOf(ctx: Ctx, invite: Invite, { at, csrf }: { at: string; csrf: string }): Html {
  const isOpen = isOpenInvite(invite, at);
  const most = invite.maxUses === null ? '' : ` of ${invite.maxUses}`;
  const until =
    invite.expiresAt === null ? '' : `, until ${invite.expiresAt.slice(0, 16).replace('T', ' ')} UTC`;
  return html`<section class="card">
    ${isOpen ? html`<code class="code">${inviteUrl(ctx, invite.code)}</code>` : null}
    <p class="soft">
      ${isOpen ? '' : 'Over. '}Used ${invite.uses}${most}
      times${until}${invite.autofollow ? ', they follow you' : ''}
    </p>
    ${isOpen && buttonOf({ action: `${path}/revoke`, csrf, hidden: { code: invite.code }, button: 'End it' })}
  </section>`;
}
