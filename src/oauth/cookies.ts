import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { forbidden } from '../errors.js';
import type { Ctx } from '../domain/ctx.js';
import { isSameText } from '../domain/secrets.js';
import { findSession, sessionSeconds, type SignedInSession } from '../domain/sessions.js';
import { parseUrl } from '../text/url.js';

const isHttps = (ctx: Ctx): boolean => ctx.settings.url.startsWith('https:');
/** With https the prefix makes browsers refuse such a cookie from subdomains and without Secure. */
const sessionName = (ctx: Ctx): string => (isHttps(ctx) ? '__Host-landfall' : 'landfall');
const formName = (ctx: Ctx): string => (isHttps(ctx) ? '__Host-landfall-form' : 'landfall-form');

function cookieOf(req: Request, name: string): string {
  return parseCookie(req.get('cookie') ?? '')[name] ?? '';
}

function setCookie(ctx: Ctx, res: Response, cookie: { name: string; value: string; maxAge?: number }): void {
  res.append(
    'Set-Cookie',
    stringifySetCookie({ ...cookie, path: '/', httpOnly: true, sameSite: 'lax', secure: isHttps(ctx) }),
  );
}

export function sessionSecretOf(ctx: Ctx, req: Request): string {
  return cookieOf(req, sessionName(ctx));
}

/** Who is signed in with this browser; null for nobody. */
export function sessionOf(ctx: Ctx, req: Request): Promise<SignedInSession | null> {
  return findSession(ctx, sessionSecretOf(ctx, req));
}

export function setSession(ctx: Ctx, res: Response, secret: string): void {
  setCookie(ctx, res, { name: sessionName(ctx), value: secret, maxAge: sessionSeconds });
}

export function clearSession(ctx: Ctx, res: Response): void {
  setCookie(ctx, res, { name: sessionName(ctx), value: '', maxAge: 0 });
}

/** A token for forms of people who are not signed in yet: the same text in a cookie and in the form. */
export function formToken(ctx: Ctx, req: Request, res: Response): string {
  const present = cookieOf(req, formName(ctx));
  if (/^[\w-]{32,64}$/.test(present)) return present;
  const fresh = ctx.randomToken(24);
  setCookie(ctx, res, { name: formName(ctx), value: fresh });
  return fresh;
}

/**
 * Refuses forms that another site sends: the token must be the one this browser was given, and the form must come
 * from this server where the browser says where it comes from.
 * @throws AppError 403
 */
export function checkForm(ctx: Ctx, req: Request, expected: string | null, given: unknown): void {
  const token = expected ?? cookieOf(req, formName(ctx));
  const same = typeof given === 'string' && token !== '' && isSameText(given, token);
  if (!same || !isOwnOrigin(ctx, req))
    throw forbidden(
      'This form is too old or came from elsewhere. Please go back, reload the page and try again.',
    );
}

function isOwnOrigin(ctx: Ctx, req: Request): boolean {
  const origin = req.get('origin');
  if (origin === undefined || origin === 'null') return true;
  const host = parseUrl(origin)?.host;
  return host !== undefined && (host === req.get('host') || ctx.names.isOwn(host));
}
