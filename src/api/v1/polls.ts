import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { loadViewerMarks } from '../../domain/facts/viewer.js';
import { getPollStatus, vote } from '../../domain/polls.js';
import { notFound } from '../../errors.js';
import { optionalUser, requireUser, signedIn, viewerIdOf } from '../../http/auth.js';
import { int, listOf } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import type { Status } from '../../model/status.js';
import { toPoll } from '../entities/polls.js';
import { viewOf } from '../entities/view.js';
import { pathParam } from '../routing.js';

const choices = z.object({ choices: listOf(int({ min: 0, max: 1000 }), 100) });

export function pollsRoutes(ctx: Ctx): Router {
  const router = Router();

  router.get('/api/v1/polls/:id', optionalUser('read', 'read:statuses'), async (req, res) => {
    const viewerId = viewerIdOf(req);
    res.json(await showPoll(ctx, viewerId, await getPollStatus(ctx, viewerId, pathParam(req))));
  });

  router.post('/api/v1/polls/:id/votes', requireUser('write', 'write:statuses'), async (req, res) => {
    const { account } = signedIn(req);
    const status = await vote(ctx, account, pathParam(req), parseParams(choices, req).choices);
    res.json(await showPoll(ctx, account._id, status));
  });

  return router;
}

async function showPoll(ctx: Ctx, viewerId: string | null, status: Status) {
  if (!status.poll) throw notFound();
  const { votes } = await loadViewerMarks(ctx, viewerId, [status]);
  const { poll, accountId: authorId, emojis } = status;
  return toPoll(viewOf(ctx, viewerId), { poll, authorId, emojis, ownVotes: votes.get(status._id) ?? [] });
}
