import type { Request, RequestHandler, Response } from 'express';
import type { Ctx } from '../domain/ctx.js';
import type { SignedInSession } from '../domain/sessions.js';
import { stateOf } from '../http/state.js';
import { checkForm, sessionOf } from './cookies.js';
import { settingsPath } from './sign-in.js';

export interface SignedInRequest {
  req: Request;
  res: Response;
  who: SignedInSession;
  /** What was typed; empty for a GET. */
  form: Record<string, unknown>;
}

/** A page for people who are signed in with this browser; others go and sign in. Forms must be of this session. */
export function signedInPageOf(
  ctx: Ctx,
  handle: (request: SignedInRequest) => Promise<void>,
): RequestHandler {
  return async (req, res) => {
    const who = await sessionOf(ctx, req);
    if (!who) {
      const query = new URLSearchParams({ continue: settingsPath }).toString();
      return res.redirect(302, `/auth/sign_in?${query}`);
    }
    const form = stateOf(req).body ?? {};
    if (req.method === 'POST') checkForm(ctx, req, who.session.csrf, form['csrf']);
    await handle({ req, res, who, form });
  };
}
