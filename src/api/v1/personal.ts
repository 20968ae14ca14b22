import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { findMarkers, markedTimelines, setMarker } from '../../domain/markers.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { idParam, stringList } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import { isId } from '../../model/ids.js';
import { toMarkers, toPreferences } from '../entities/personal.js';

const wanted = z.object({ timeline: stringList(10).default([]) });
const moved = z.object({ last_read_id: idParam }).optional();
const moves = z.object({ home: moved, notifications: moved });

/** What a client keeps for one person: how far it has read, and its defaults. */
export function personalRoutes(ctx: Ctx): Router {
  const router = Router();

  router.get('/api/v1/preferences', requireUser('read', 'read:accounts'), (req, res) => {
    res.json(toPreferences(signedIn(req).user.preferences));
  });

  router.get('/api/v1/markers', requireUser('read', 'read:statuses'), async (req, res) => {
    const { timeline } = parseParams(wanted, req);
    const known = markedTimelines.filter((t) => timeline.includes(t));
    res.json(toMarkers(await findMarkers(ctx, signedIn(req).account._id, known)));
  });

  router.post('/api/v1/markers', requireUser('write', 'write:statuses'), async (req, res) => {
    const { account } = signedIn(req);
    const given = parseParams(moves, req);
    const markers = [];
    for (const timeline of markedTimelines) {
      const lastReadId = given[timeline]?.last_read_id;
      if (isId(lastReadId)) markers.push(await setMarker(ctx, account._id, { timeline, lastReadId }));
    }
    res.json(toMarkers(markers));
  });

  return router;
}
