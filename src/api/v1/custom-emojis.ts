import { Router } from 'express';
import type { Ctx } from '../../domain/ctx.js';
import { listCustomEmojis } from '../../domain/custom-emojis.js';
import { toOwnEmoji } from '../entities/emojis.js';

/** The emojis of this server, for pickers. */
export function customEmojisRoutes(ctx: Ctx): Router {
  const router = Router();
  router.get('/api/v1/custom_emojis', async (_req, res) => {
    const found = await listCustomEmojis(ctx);
    res.json(found.filter((e) => !e.disabled).flatMap((e) => toOwnEmoji(ctx.names, e) ?? []));
  });
  return router;
}
