import type { Request, Response } from 'express';
import type { JsonObject } from '../../../federation/ports.js';
import { render, type Rendered } from './rendered.js';
import { maybeViewer } from '../auth.js';
import { isSigned } from './signer.js';
import { documentType } from './negotiate.js';

/** How long anybody may keep what is the same for all. A deleted post must not live on in caches for long. */
const keepSeconds = 60;

/** Every answer at a URL of two faces depends on these, errors and redirects included. */
export function varies(res: Response): void {
  res.vary('Accept, Authorization, Signature, Signature-Input');
}

/** Answers depend on who asks, or could: nothing on the way may keep them. */
export function isPersonal(req: Request): boolean {
  return (
    isSigned(req) ||
    req.get('authorization') !== undefined ||
    req.get('cookie') !== undefined ||
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
  { body, tag }: Rendered,
  options: DocumentOptions = {},
): void {
  varies(res);
  res.type(documentType(req.get('accept')));
  if (options.personal || isPersonal(req)) {
    res.set('Cache-Control', 'private, no-store');
    return void res.status(options.status ?? 200).send(body);
  }
  res.set({ 'Cache-Control': `public, max-age=${keepSeconds}`, ETag: tag });
  if (options.status === undefined && matches(req.get('if-none-match'), tag))
    return void res.status(304).end();
  res.status(options.status ?? 200).send(body);
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header
    .slice(0, 2000)
    .split(',')
    .some((given) => ['*', tag, `W/${tag}`].includes(given.trim()));
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
