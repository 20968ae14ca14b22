import type { Request } from 'express';
import type { Ctx } from '../domain/ctx.js';
import { findAppByClientId, isClientSecret } from '../domain/apps.js';
import { paramsOf } from '../http/params.js';
import type { App } from '../model/access.js';

interface Credentials {
  clientId: string;
  secret: string;
}

/**
 * The client that makes this request, by HTTP Basic, by `client_id` and `client_secret` parameters, or by both (some
 * clients send both). All that is sent must be right and name the same client; null otherwise.
 */
export async function authenticatedClient(ctx: Ctx, req: Request): Promise<App | null> {
  const params = paramsOf(req);
  const basic = basicCredentials(req.get('authorization'));
  const [id, secret] = [params['client_id'], params['client_secret']];
  const given: Credentials[] = basic ? [basic] : [];
  if (typeof id === 'string' && typeof secret === 'string' && secret !== '')
    given.push({ clientId: id, secret });
  const clientId = basic?.clientId ?? id;
  if (typeof clientId !== 'string' || !given.length) return null;
  if (typeof id === 'string' && id !== clientId) return null;
  const app = await findAppByClientId(ctx, clientId);
  return app && given.every((c) => isClientSecret(app, c.secret)) ? app : null;
}

/** RFC 6749 section 2.3.1: both halves are urlencoded before they are joined. Null when there are none. */
export function basicCredentials(header: string | undefined): Credentials | null {
  const encoded = /^Basic +([A-Za-z0-9+/_=-]{1,4096})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return null;
  return { clientId: urldecode(text.slice(0, colon)), secret: urldecode(text.slice(colon + 1)) };
}

function urldecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
