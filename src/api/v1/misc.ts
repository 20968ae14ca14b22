import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { cachedFor, peerDomains } from '../../domain/instance.js';
import { findOwnStatus } from '../../domain/remote/own.js';
import { visibleOf } from '../../domain/visible.js';
import { notFound } from '../../errors.js';
import { int, text } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import { toOEmbed } from '../entities/oembed.js';
import { viewOf } from '../entities/view.js';
import { showStatus } from '../show.js';

const oembedParams = z.object({
  url: text(4096),
  maxwidth: int({ min: 0, max: 10_000 }).default(400),
  maxheight: int({ min: 0, max: 10_000 }).optional(),
});
const searchParams = z.object({ q: text(300) });
const mostFound = 10;

/** Small things that belong to nothing else. */
export function miscRoutes(ctx: Ctx): Router {
  const router = Router();
  const peers = cachedFor(ctx, 3_600_000, () => peerDomains(ctx));

  // How other sites show one of our posts (oembed.com). Only what anybody may read.
  router.get('/api/oembed', async (req, res) => {
    const { url, maxwidth } = parseParams(oembedParams, req);
    const status = await findOwnStatus(ctx, url);
    const [shown] = status ? await visibleOf(ctx, null, [status]) : [];
    if (!shown || shown.reblogOfId !== null) throw notFound();
    res.json(toOEmbed(viewOf(ctx, null), await showStatus(ctx, null, shown), maxwidth));
  });

  router.get('/api/v1/peers/search', async (req, res) => {
    const q = parseParams(searchParams, req).q.trim().toLowerCase();
    const known = await peers();
    const begins = known.filter((d) => d.startsWith(q));
    const contains = known.filter((d) => d.includes(q) && !d.startsWith(q));
    res.json(q === '' ? [] : [...begins, ...contains].slice(0, mostFound));
  });
  return router;
}
