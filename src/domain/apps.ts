import { invalid } from '../errors.js';
import type { App } from '../model/access.js';
import { defaultScope, isKnownScope } from '../policy/scopes.js';
import { parseUrl } from '../text/url.js';
import { now, type Ctx } from './ctx.js';
import { hashSecret, isSameText } from './secrets.js';

/** The redirect target of clients without one: the code is shown on a page (out of band). */
export const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';

export interface NewApp {
  name: string;
  website?: string | null;
  redirectUris: readonly string[];
  /** Empty: the default scope. */
  scopes: readonly string[];
  /** Given from outside (provisioning); default: made here. */
  clientId?: string;
  clientSecret?: string;
}

const maxName = 60;
const maxUri = 2000;
const maxUris = 50;
/** Schemes that run or read something in the browser that is sent there. */
const dangerousScheme = /^(javascript|data|vbscript|file|blob|about|filesystem|view-source):/i;

/**
 * Registers a client. `clientSecret` is shown once; only its hash is stored.
 * @throws AppError 422 with the texts clients know from Mastodon
 */
export async function registerApp(ctx: Ctx, input: NewApp): Promise<{ app: App; clientSecret: string }> {
  const name = input.name.trim();
  if (name === '') throw invalid("Name can't be blank");
  if (name.length > maxName) throw invalid(`Name is too long (maximum is ${maxName} characters)`);
  const scopes = input.scopes.length ? [...input.scopes] : [defaultScope];
  if (!scopes.every(isKnownScope)) throw invalid("Scopes doesn't match configured on the server.");
  const clientSecret = input.clientSecret ?? ctx.randomToken(32);
  const app: App = {
    _id: ctx.ids.next(),
    clientId: input.clientId ?? ctx.randomToken(32),
    clientSecretHash: hashSecret(clientSecret),
    name,
    website: checkWebsite(input.website ?? null),
    redirectUris: checkRedirectUris(input.redirectUris),
    scopes,
    createdAt: now(ctx),
  };
  await ctx.db.apps.insertOne(app);
  return { app, clientSecret };
}

function checkWebsite(website: string | null): string | null {
  const text = website?.trim() ?? '';
  if (text === '') return null;
  if (text.length > maxUri) throw invalid(`Website is too long (maximum is ${maxUri} characters)`);
  if (!/^https?:\/\/[^\s"<>\\]+$/i.test(text) || parseUrl(text) === null)
    throw invalid('Website must be a valid URL');
  return text;
}

/** Any scheme of a client's own is fine; what is refused could do harm in a browser or hide the code. */
function checkRedirectUris(uris: readonly string[]): string[] {
  const wanted = [...new Set(uris)];
  if (!wanted.length) throw invalid("Redirect URI can't be blank");
  if (wanted.length > maxUris) throw invalid('Redirect URI has too many entries');
  for (const uri of wanted) {
    if (uri.length > maxUri) throw invalid(`Redirect URI is too long (maximum is ${maxUri} characters)`);
    if (!/^[a-z][a-z0-9+.-]*:[^\s"<>\\\p{Cc}]*$/iu.test(uri))
      throw invalid('Redirect URI must be an absolute URI.');
    if (uri.includes('#')) throw invalid('Redirect URI cannot contain a fragment.');
    if (dangerousScheme.test(uri)) throw invalid('Redirect URI is forbidden by the server.');
  }
  return wanted;
}

export function findAppByClientId(ctx: Ctx, clientId: string): Promise<App | null> {
  return clientId.length > 512 ? Promise.resolve(null) : ctx.db.apps.findOne({ clientId });
}

export function isClientSecret(app: App, secret: string): boolean {
  return isSameText(hashSecret(secret), app.clientSecretHash);
}
