import type { Response } from 'express';
import type { Ctx } from '../domain/ctx.js';
import type { Html } from '../web/html.js';
import { passkeyScriptTag } from '../web/script.js';

/** Sends a page that has the script for passkeys in its head. This answer's policy allows that script and no other. */
export function sendWithPasskeys(ctx: Ctx, res: Response, render: (head: Html) => string): void {
  const nonce = ctx.randomToken(16);
  const policy = res.get('Content-Security-Policy') ?? "default-src 'none'";
  res.set('Content-Security-Policy', `${policy};script-src 'nonce-${nonce}'`);
  res.type('html').send(render(passkeyScriptTag(nonce)));
}
