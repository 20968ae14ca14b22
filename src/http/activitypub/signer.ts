import type { Request } from 'express';
import type { KeyResolver } from '../../../federation/ports.js';
import { headersFromRaw, type SignedRequest } from '../../../federation/signature/request.js';
import { readSignedRequest, screenSigners, verifyRequest } from '../../../federation/signature/verify.js';
import type { Ctx } from '../../domain/ctx.js';
import { domainRules } from '../../domain/domains.js';
import type { HostQuota } from '../../domain/remote/host-quota.js';
import { isSuspendedHere } from '../../domain/relationships.js';
import { hostOf } from '../../domain/urls.js';
import { AppError, forbidden, tooManyRequests, unavailable } from '../../errors.js';
import type { Account } from '../../model/account.js';
import { isSuspended } from '../../policy/domains.js';
import type { OwnHosts } from './own-hosts.js';

export interface SignerDeps {
  keys: KeyResolver;
  hosts: OwnHosts;
  fetchQuota: HostQuota;
}

/** Who signed a GET. */
export interface Signer {
  /** Null: nobody who could be made out. */
  account: Account | null;
  /** Why not, where somebody tried. */
  refusal: string | null;
}

export const nobody: Signer = { account: null, refusal: null };

/** True for requests that carry a signature of either dialect, whatever it is worth. */
export function isSigned(req: Request): boolean {
  return (
    req.headers['signature'] !== undefined ||
    req.headers['signature-input'] !== undefined ||
    /^signature /i.test(req.headers.authorization ?? '')
  );
}

export async function toSignedRequest(
  ctx: Ctx,
  req: Request,
  { hosts, body }: { hosts: OwnHosts; body: Buffer },
): Promise<SignedRequest> {
  return {
    method: req.method,
    url: req.originalUrl,
    hosts: await hosts(),
    headers: headersFromRaw(req.rawHeaders),
    body,
    scheme: ctx.names.origin.startsWith('http:') ? 'http' : 'https',
  };
}

/**
 * Finds out who signed a request for a document. Where everybody may see it anyway (`open`), no key is fetched for that:
 * two servers that check each other's every request would never come to an end. A key that is known is checked all
 * the same, so that people whom the author blocks are known by name.
 * @throws AppError 403 for suspended servers and accounts, 429 for a host that asks too much, 503 when a key cannot be fetched
 * at present
 */
export async function identifySigner(
  ctx: Ctx,
  req: Request,
  { deps, open }: { deps: SignerDeps; open: boolean },
): Promise<Signer> {
  if (!isSigned(req)) return nobody;
  const request = await toSignedRequest(ctx, req, { hosts: deps.hosts, body: Buffer.alloc(0) });
  const rules = await domainRules(ctx);
  const isBlocked = (host: string): boolean => isSuspended(rules, host);
  if (open && !(await hasKnownKey(ctx, request, isBlocked))) return nobody;
  const verdict = await verifyRequest(request, { keys: deps.keys, clock: ctx.clock, isBlocked });
  if (verdict.outcome === 'refused') {
    if (verdict.reason === 'blocked') throw refusedServer();
    if (verdict.retryable) throw unavailable('The key could not be fetched');
    return { account: null, refusal: verdict.reason };
  }
  refuseGreedy(req, deps.fetchQuota(hostOf(verdict.key.owner) ?? ''));
  const account = await ctx.db.accounts.findOne({ uri: verdict.key.owner });
  if (account && (await isSuspendedHere(ctx, account))) throw refusedServer();
  return { account, refusal: account ? null : 'unknown-owner' };
}

async function hasKnownKey(
  ctx: Ctx,
  request: SignedRequest,
  isBlocked: (host: string) => boolean,
): Promise<boolean> {
  const claims = readSignedRequest(request);
  if ('outcome' in claims) return false;
  const screened = await screenSigners(claims, request.hosts, isBlocked);
  if ('outcome' in screened) {
    if (screened.reason === 'blocked') throw refusedServer();
    return false;
  }
  const keyId = screened[0]?.keyId ?? '';
  return (await ctx.db.remoteKeys.findOne({ keyId })) !== null;
}

function refuseGreedy(req: Request, wait: number): void {
  if (wait === 0) return;
  req.res?.set('Retry-After', String(wait));
  throw tooManyRequests();
}

const refusedServer = (): AppError => forbidden('This server does not federate with yours');

/** @throws AppError 401 where nobody is told anything without a signature */
export function requireSigner(signer: Signer): Signer {
  if (signer.account) return signer;
  throw new AppError(401, `Request not signed${signer.refusal ? ` (${signer.refusal})` : ''}`);
}
