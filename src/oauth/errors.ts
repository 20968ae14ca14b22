import type { ErrorRequestHandler } from 'express';
import { AppError } from '../errors.js';
import type { Ctx } from '../domain/ctx.js';
import { toErrorAnswer, wantsPage } from '../http/errors.js';
import { stateOf } from '../http/state.js';
import { html } from '../web/html.js';
import { messagePage } from '../web/layout.js';

/** Words of RFC 6749 (4.1.2.1, 5.2), RFC 6750 and OpenID Connect that are used here. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_redirect_uri'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'access_denied'
  | 'login_required'
  | 'consent_required';

/** An error in OAuth's own form: `{ error, error_description }`. */
export function oauthError(code: OAuthErrorCode, description: string, status = 400): AppError {
  return new AppError(status, code, { error_description: description });
}

/** Errors of the pages a person sees: HTML for browsers, JSON for whatever else asked. */
export function pageErrors(ctx: Ctx): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent || !wantsPage(req)) return next(error);
    stateOf(req).failure = error;
    const { status, body } = toErrorAnswer(error);
    const { error: code, error_description: description } = body;
    const said = typeof description === 'string' ? description : code;
    const page = messagePage(ctx, {
      title: status >= 500 ? 'Something went wrong' : 'This request cannot go on',
      text: said,
      ...(said !== code && { details: html`<p class="soft">Error: <code>${code}</code></p>` }),
    });
    res.status(status).type('html').send(page);
  };
}
