import type { Request, Response } from 'express';
import type { JsonObject } from '../../../federation/ports.js';
import { maybeViewer } from '../auth.js';
import { sendBytes, sendTagged, type Rendered } from '../bytes.js';
import { render } from './rendered.js';
import { isSigned } from './signer.js';
import { documentType } from './negotiate.js';

/** How long anybody may keep what is the same for all. A deleted post must not live on in caches for long. */
const keepSeconds = 60;

const depends = 'Accept, Authorization, Signature, Signature-Input';

/** Every answer at a URL of two faces depends on these, errors and redirects included. */
export function varies(res: Response): void {
  const said = res.getHeader('Vary');
  if (said === undefined) res.setHeader('Vary', depends);
  else if (said !== depends) res.vary(depends);
}

/** Answers depend on who asks, or could: nothing on the way may keep them. */
export function isPersonal(req: Request): boolean {
  return (
    isSigned(req) ||
    req.headers.authorization !== undefined ||
    req.headers.cookie !== undefined ||
    // A token may stand in the query, too.
    maybeViewer(req) !== null
  );
}

export interface DocumentOptions {
  status?: number;
  /** It is shown to some only. */
  personal?: boolean;
}

/** Sends an ActivityStreams document, with an ETag of its content. */
export function sendDocument(
  req: Request,
  res: Response,
  document: JsonObject,
  options: DocumentOptions = {},
): void {
  sendRendered(req, res, render(document), options);
}

/** As `sendDocument`, with bytes that are at hand. */
export function sendRendered(
  req: Request,
  res: Response,
  rendered: Rendered,
  { status = 200, personal = false }: DocumentOptions = {},
): void {
  varies(res);
  const type = documentType(req.headers.accept);
  const shared = !personal && !isPersonal(req);
  res.setHeader('Cache-Control', shared ? `public, max-age=${keepSeconds}` : 'private, no-store');
  if (shared && status === 200) return sendTagged(req, res, rendered, type);
  if (shared) res.setHeader('ETag', rendered.tag);
  sendBytes(res, rendered.body, { type, status });
}

/** Sends a page for people, which says where its document is. */
export function sendPage(
  req: Request,
  res: Response,
  { html, alternate }: { html: string; alternate?: string },
): void {
  varies(res);
  res.set('Cache-Control', isPersonal(req) ? 'private, no-store' : `public, max-age=${keepSeconds}`);
  if (alternate !== undefined)
    res.append('Link', `<${alternate}>; rel="alternate"; type="application/activity+json"`);
  res.type('html').send(html);
}

/** Sends somebody on within this server. */
export function sendOn(res: Response, url: string): void {
  varies(res);
  res.redirect(302, url);
}
