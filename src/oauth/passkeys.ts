import express, { type Router } from 'express';
import { notFound } from '../errors.js';
import type { Ctx } from '../domain/ctx.js';
import { findFactors } from '../domain/second-factor/factors.js';
import { addPasskey, beginPasskey, removePasskey } from '../domain/second-factor/passkeys.js';
import type { SignInGuard } from '../domain/sign-in-guard.js';
import { apiBody } from '../http/params.js';
import type { Passkey } from '../model/access.js';
import { fieldOf } from './forms.js';
import { passkeysPage, removalPage } from './passkey-pages.js';
import { sendWithPasskeys } from './passkey-script.js';
import { askForProof, longestAnswer, passwordProblemOf, proofProblemOf } from './proof.js';
import { showRecoveryCodes } from './second-factor.js';
import { signedInPageOf, type SignedInRequest } from './signed-in.js';

const path = '/auth/settings/passkeys';
const refused = 'Your browser made no passkey that this server can take. Please try again.';

/** `/auth/settings/passkeys`: adding passkeys, by the password; removing them, by the password and a second factor. */
export function passkeyRoutes(ctx: Ctx, guard: SignInGuard | null): Router {
  const router = express.Router();
  const body = apiBody(ctx);

  router.get(
    path,
    signedInPageOf(ctx, (request) => showList(ctx, request, null)),
  );

  router.post(
    path,
    body,
    signedInPageOf(ctx, async (request) => {
      const { form, who } = request;
      const problem = await passwordProblemOf(ctx, guard, request);
      if (problem !== null) return showList(ctx, request, problem);
      const codes = await addPasskey(ctx, {
        user: who.user,
        sessionId: who.session._id,
        response: fieldOf(form, 'passkey', longestAnswer),
        name: fieldOf(form, 'name', 200),
      });
      if (codes === null) return showList(ctx, request, refused);
      if (codes.length) return showRecoveryCodes(ctx, request, codes);
      request.res.redirect(302, path);
    }),
  );

  router.get(
    `${path}/:id`,
    signedInPageOf(ctx, async (request) => showRemoval(ctx, request, null)),
  );

  router.post(
    `${path}/:id`,
    body,
    signedInPageOf(ctx, async (request) => {
      const passkey = await passkeyOf(ctx, request);
      const problem = await proofProblemOf(ctx, guard, request);
      if (problem !== null) return showRemoval(ctx, request, problem);
      await removePasskey(ctx, request.who.user._id, passkey._id);
      request.res.redirect(302, path);
    }),
  );
  return router;
}

async function showList(ctx: Ctx, request: SignedInRequest, problem: string | null): Promise<void> {
  const { res, who } = request;
  const { user, account, session } = who;
  const passkeys = (await findFactors(ctx, user._id))?.passkeys ?? [];
  const options = await beginPasskey(ctx, { user, account, sessionId: session._id });
  const proof = await askForProof(ctx, request);
  res.status(problem === null ? 200 : 422);
  sendWithPasskeys(ctx, res, (head) =>
    passkeysPage(ctx, { passkeys, csrf: session.csrf, problem, options, proof, head }),
  );
}

async function showRemoval(ctx: Ctx, request: SignedInRequest, problem: string | null): Promise<void> {
  const passkey = await passkeyOf(ctx, request);
  const proof = await askForProof(ctx, request);
  request.res.status(problem === null ? 200 : 422);
  const { csrf } = request.who.session;
  sendWithPasskeys(ctx, request.res, (head) =>
    removalPage(ctx, { passkey, csrf, problem, options: proof, head }),
  );
}

/** @throws AppError 404 when it is none of theirs */
async function passkeyOf(ctx: Ctx, { req, who }: SignedInRequest): Promise<Passkey> {
  const found = await ctx.db.passkeys.findOne({ _id: String(req.params['id']), userId: who.user._id });
  if (!found) throw notFound();
  return found;
}
