import { createHash, randomBytes } from 'node:crypto';
import type { Express } from 'express';
import request from 'supertest';
import type { Ctx } from '../../src/domain/ctx.js';
import { createApp } from '../../src/http/app.js';
import { oauthRoutes } from '../../src/oauth/routes.js';
import { errorPage } from '../../src/web/layout.js';

export const callback = 'https://client.example/callback';
export const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';
export const password = 'correct horse battery';

export function oauthApp(ctx: Ctx): Express {
  return createApp(ctx, { routers: [oauthRoutes(ctx)], errorPage: errorPage(ctx) });
}

export interface RegisteredClient {
  client_id: string;
  client_secret: string;
  [member: string]: unknown;
}

export async function register(app: Express, body: Record<string, unknown> = {}): Promise<RegisteredClient> {
  const res = await request(app)
    .post('/api/v1/apps')
    .send({ client_name: 'Elk', redirect_uris: callback, scopes: 'read write follow push', ...body });
  if (res.status !== 200) throw new Error(`registration failed: ${res.text}`);
  return res.body as RegisteredClient;
}

/** Reads a form of a page as a browser would fill it in. */
export function formOf(html: string): { action: string; fields: Record<string, string> } {
  const action = /<form[^>]*action="([^"]*)"/.exec(html)?.[1];
  if (action === undefined) throw new Error(`no form in: ${html}`);
  const fields: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1];
    if (name !== undefined) fields[unescape(name)] = unescape(/value="([^"]*)"/.exec(tag)?.[1] ?? '');
  }
  return { action, fields };
}

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

export type Agent = ReturnType<typeof request.agent>;

/** Signs in through the form of a page that asks for it; returns the answer. */
export async function submitSignIn(agent: Agent, html: string, as: { username: string; password?: string }) {
  const { action, fields } = formOf(html);
  return agent
    .post(action)
    .type('form')
    .send({ ...fields, username: as.username, password: as.password ?? password });
}

export const authorizeUrl = (params: Record<string, string>): string =>
  `/oauth/authorize?${new URLSearchParams({ response_type: 'code', redirect_uri: callback, ...params }).toString()}`;

/** From the first page to the consent page, whatever is in between. */
export async function toConsent(agent: Agent, url: string, username: string): Promise<string> {
  const first = await agent.get(url);
  if (!first.text.includes('name="password"')) return first.text;
  const signedIn = await submitSignIn(agent, first.text, { username });
  const consent = await agent.get(String(signedIn.headers['location']));
  return consent.text;
}

export async function decide(agent: Agent, html: string, decision: 'allow' | 'deny') {
  const { action, fields } = formOf(html);
  return agent
    .post(action)
    .type('form')
    .send({ ...fields, decision });
}

/** The whole way to a code. */
export async function codeFor(agent: Agent, url: string, username: string): Promise<string> {
  const res = await decide(agent, await toConsent(agent, url, username), 'allow');
  const code = new URL(String(res.headers['location']), 'http://own.invalid').searchParams.get('code');
  if (code === null) throw new Error(`no code: ${res.status} ${res.text}`);
  return code;
}

export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export { request };
