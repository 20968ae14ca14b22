import type { Request, RequestHandler } from 'express';
import { viewerIdOf } from '../auth.js';
import { isOpen } from '../../outbox/audience.js';
import type { Status } from '../../model/status.js';
import { wantedOf, type Wanted } from './negotiate.js';
import { identifySigner, requireSigner, type Signer } from './signer.js';
import type { Site } from './site.js';

/**
 * The account that asks for a document: whoever a bearer token speaks for, else whoever signed; null for the public.
 * `open`: everybody may see it.
 * @throws AppError 401 in secure mode without a good signature, 403 for suspended servers
 */
export async function viewerOf(site: Site, req: Request, open: boolean): Promise<string | null> {
  const own = viewerIdOf(req);
  if (own !== null) return own;
  if (site.ctx.settings.secureMode) return (await provenSigner(site, req)).account?._id ?? null;
  return (await identifySigner(site.ctx, req, { deps: site, open })).account?._id ?? null;
}

/** Checked once for each request, whoever asks first. */
function provenSigner(site: Site, req: Request): Promise<Signer> {
  const known = site.signers.get(req);
  if (known) return known;
  const signer = identifySigner(site.ctx, req, { deps: site, open: false }).then(requireSigner);
  site.signers.set(req, signer);
  return signer;
}

/**
 * In secure mode nobody learns without a signature what is here and what is not: checked before anything is looked up.
 * Pages for people stay open; `otherwise` is what these URLs are at heart.
 */
export function secureGuard(site: Site, otherwise: Wanted): RequestHandler {
  return async (req, _res, next) => {
    const { secureMode } = site.ctx.settings;
    if (secureMode && wantedOf(req, otherwise) === 'activity') await viewerOf(site, req, false);
    next();
  };
}

export const viewerOfStatus = (site: Site, req: Request, status: Status): Promise<string | null> =>
  viewerOf(site, req, isOpen(status));
