import type { Router } from 'express';
import type { LoadedDocument } from '../../../../federation/ports.js';
import { hostOf } from '../../../domain/urls.js';
import { AppError, badRequest, forbidden, gone, notFound } from '../../../errors.js';
import { requireUser } from '../../auth.js';
import { apiBase } from '../../app.js';
import { paramsOf } from '../../params.js';
import type { Site } from '../site.js';

/**
 * `proxyUrl` (section 4.1): a document of another server, fetched and signed by this one for people who are signed in.
 * The form parameter `id` names it.
 */
export function proxyRoute(router: Router, { ctx }: Site): void {
  router.post('/proxy', ...apiBase(ctx), requireUser('read', 'read:search'), async (req, res) => {
    const { id } = paramsOf(req);
    const host = typeof id === 'string' ? hostOf(id) : null;
    if (typeof id !== 'string' || host === null)
      throw badRequest('param is missing or the value is empty: id');
    if (ctx.names.isOwn(host)) throw badRequest('This is on this server: ask for it directly');
    const loaded = await ctx.documents.load(id);
    if (loaded.outcome !== 'ok') throw toError(loaded.outcome);
    res.set('Cache-Control', 'private, no-store').type('application/activity+json; charset=utf-8');
    res.send(Buffer.from(JSON.stringify(loaded.document)));
  });
}

function toError(outcome: Exclude<LoadedDocument['outcome'], 'ok'>): AppError {
  switch (outcome) {
    case 'gone':
      return gone();
    case 'not-found':
      return notFound();
    case 'refused':
      return forbidden('The other server, or a rule of this one, does not allow it');
    case 'invalid':
      return new AppError(502, 'What the other server sent is no ActivityStreams document');
    case 'unavailable':
      return new AppError(504, 'The other server did not answer');
  }
}
