import type { RequestHandler } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { mediaUrl } from '../domain/urls.js';
import { signedIn } from '../http/auth.js';

/** `GET|POST /oauth/userinfo` (OpenID Connect Core section 5.3). `sub` is the actor's IRI, which never changes. */
export function userinfoEndpoint(ctx: Ctx): RequestHandler {
  return (req, res) => {
    const { account } = signedIn(req);
    const picture = account.avatar?.path ?? null;
    res.json({
      iss: ctx.settings.url,
      sub: account.uri,
      name: account.displayName || account.username,
      preferred_username: account.username,
      profile: account.url,
      ...(picture !== null && { picture: mediaUrl(ctx.names, picture) }),
    });
  };
}
