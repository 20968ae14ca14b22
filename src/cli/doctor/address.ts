import { isLocalName } from '../../config/load.js';
import type { Context } from '../../context.js';
import type { Check } from './checks.js';

const timeoutMs = 8000;

/**
 * Whether the world finds this server under LANDFALL_URL, and its people under the handle domain. Asks with plain
 * `fetch`: the guarded client refuses own names, and this address is the operator's own word.
 */
export async function checkPublicAddress(ctx: Context): Promise<Omit<Check, 'name'>> {
  const { origin, handleDomain, host } = ctx.names;
  const local = isLocalName(new URL(origin).hostname);
  const problem = (await checkHealth(origin)) ?? (await checkNodeInfo(origin));
  if (problem !== null) {
    if (local) return { result: 'warning', text: `${problem} (is the server running?)` };
    return { result: 'failed', text: problem };
  }
  if (handleDomain !== host) {
    const missing = await checkHandles(ctx);
    if (missing !== null) return { result: 'failed', text: missing };
  }
  if (local) return { result: 'ok', text: `${origin} answers (this machine only)` };
  return { result: 'ok', text: `${origin} answers` };
}

async function checkHealth(origin: string): Promise<string | null> {
  const answer = await ask(`${origin}/health`);
  if (typeof answer === 'string') return answer;
  const { status } = (await answer.json().catch(() => ({}))) as { status?: unknown };
  return status === 'UP' ? null : `${origin}/health is answered by something else (status ${answer.status})`;
}

/** Proves that it is a Landfall with these settings, not just any server. */
async function checkNodeInfo(origin: string): Promise<string | null> {
  const answer = await ask(`${origin}/.well-known/nodeinfo`);
  if (typeof answer === 'string') return answer;
  const body = await answer.text();
  return body.includes(`${origin}/`)
    ? null
    : `${origin}/.well-known/nodeinfo names another address: is LANDFALL_URL the same for the server?`;
}

async function checkHandles(ctx: Context): Promise<string | null> {
  const { handleDomain } = ctx.names;
  const owner = await ctx.db.users.findOne({ role: 'owner' });
  const account = owner && (await ctx.db.accounts.findOne({ _id: owner.accountId }));
  if (!account) return null;
  const resource = encodeURIComponent(`acct:${account.username}@${handleDomain}`);
  const url = `https://${handleDomain}/.well-known/webfinger?resource=${resource}`;
  const answer = await ask(url, 'follow');
  if (typeof answer === 'string') return answer;
  const body = await answer.text();
  return answer.ok && body.includes(account.uri)
    ? null
    : `${url} does not lead here: redirect /.well-known/webfinger of ${handleDomain} to this server`;
}

/** The answer, or what went wrong. */
async function ask(url: string, redirect: 'manual' | 'follow' = 'manual'): Promise<Response | string> {
  try {
    return await fetch(url, { redirect, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason =
      cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
    return `${url} cannot be reached: ${reason}`;
  }
}
