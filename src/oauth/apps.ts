import express, { type Router } from 'express';
import { z } from 'zod';
import { unauthorized } from '../errors.js';
import { registerApp } from '../domain/apps.js';
import type { Ctx } from '../domain/ctx.js';
import { vapidPublicKey } from '../domain/push/vapid.js';
import { maybeViewer, requireToken } from '../http/auth.js';
import { text, toList } from '../http/coerce.js';
import { parseParams } from '../http/params.js';
import { addressLimit } from '../http/rate-limits.js';
import type { App } from '../model/access.js';
import { parseScopes } from '../policy/scopes.js';

const registration = z.object({
  client_name: text(1000).default(''),
  redirect_uris: z.unknown().optional(),
  scopes: z.unknown().optional(),
  website: text(10_000).optional(),
});

/** `POST /api/v1/apps` and `GET /api/v1/apps/verify_credentials`. */
export function appRoutes(ctx: Ctx): Router {
  const router = express.Router();
  const limit = addressLimit(ctx, { name: 'apps', max: 5, minutes: 10, shared: true });

  router.post('/api/v1/apps', ...limit, async (req, res) => {
    const input = parseParams(registration, req);
    const { app, clientSecret } = await registerApp(ctx, {
      name: input.client_name,
      redirectUris: parseRedirectUris(input.redirect_uris),
      scopes: parseScopes(input.scopes),
      website: input.website ?? null,
    });
    res.json({
      ...(await toApplication(ctx, app)),
      client_id: app.clientId,
      client_secret: clientSecret,
      client_secret_expires_at: 0,
    });
  });

  router.get('/api/v1/apps/verify_credentials', requireToken(), async (req, res) => {
    const viewer = maybeViewer(req);
    if (!viewer) throw unauthorized();
    res.json(await toApplication(ctx, viewer.app));
  });
  return router;
}

/** One text, several separated by line breaks, or a list. Compared verbatim later, so nothing else is touched. */
export function parseRedirectUris(raw: unknown): string[] {
  const list = toList(raw);
  const texts = Array.isArray(list) ? list : [];
  const lines = texts.flatMap((entry) => (typeof entry === 'string' ? entry.split(/[\r\n]+/) : []));
  return lines.map((line) => line.trim()).filter(Boolean);
}

/** The Application entity. */
async function toApplication(ctx: Ctx, app: App): Promise<Record<string, unknown>> {
  return {
    id: app._id,
    name: app.name,
    website: app.website,
    scopes: app.scopes,
    redirect_uris: app.redirectUris,
    redirect_uri: app.redirectUris.join('\n'),
    vapid_key: await vapidPublicKey(ctx),
  };
}
