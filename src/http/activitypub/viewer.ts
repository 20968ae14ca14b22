import type { Request } from 'express';
import { viewerIdOf } from '../auth.js';
import { isOpen } from '../../outbox/audience.js';
import type { Status } from '../../model/status.js';
import { identifySigner, requireSigner } from './signer.js';
import type { Site } from './site.js';

/**
 * The account that asks for a document: whoever a bearer token speaks for, else whoever signed; null for the public.
 * `open`: everybody may see it.
 * @throws AppError 401 in secure mode without a good signature, 403 for suspended servers
 */
export async function viewerOf(site: Site, req: Request, open: boolean): Promise<string | null> {
  const own = viewerIdOf(req);
  if (own !== null) return own;
  const { secureMode } = site.ctx.settings;
  const signer = await identifySigner(site.ctx, req, { deps: site, open: open && !secureMode });
  if (secureMode) requireSigner(signer);
  return signer.account?._id ?? null;
}

export const viewerOfStatus = (site: Site, req: Request, status: Status): Promise<string | null> =>
  viewerOf(site, req, isOpen(status));
