import { Router, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../domain/ctx.js';
import { uploadLater } from '../../domain/upload-later.js';
import { deleteUpload, getOwnMedia, updateMedia, uploadMedia } from '../../domain/uploads.js';
import { invalid, unprocessable } from '../../errors.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { text } from '../../http/coerce.js';
import { readDataUrl } from '../../http/data-url.js';
import { filesOf, paramsOf, parseParams } from '../../http/params.js';
import { toMedia } from '../entities/media.js';
import { viewOf } from '../entities/view.js';
import { deprecated, pathParam, putOrPatch } from '../routing.js';

const params = z.object({ description: text(20_000).optional(), focus: text(100).optional() });

/** Uploads. */
export function mediaRoutes(ctx: Ctx): Router {
  const router = Router();
  const write = requireUser('write', 'write:media');
  router.post('/api/v1/media', deprecated('2020-04-05'), write, uploadHandler(ctx, uploadMedia));
  // Sound and video are processed later: 202, without an address yet.
  router.post(
    '/api/v2/media',
    write,
    uploadHandler(ctx, async (...upload) => (await uploadLater(...upload)) ?? uploadMedia(...upload)),
  );

  router.get('/api/v1/media/:id', write, async (req, res) => {
    const { account } = signedIn(req);
    const media = await getOwnMedia(ctx, account._id, pathParam(req));
    if (media.state === 'failed') throw unprocessable('Error processing thumbnail for uploaded media');
    res.status(media.state === 'processing' ? 206 : 200).json(toMedia(viewOf(ctx, account._id), media));
  });

  putOrPatch(router, '/api/v1/media/:id', write, async (req, res) => {
    const { account } = signedIn(req);
    const input = { ...parseParams(params, req), thumbnail: thumbnailOf(req) };
    res.json(toMedia(viewOf(ctx, account._id), await updateMedia(ctx, account, pathParam(req), input)));
  });

  router.delete('/api/v1/media/:id', write, async (req, res) => {
    await deleteUpload(ctx, signedIn(req).account, pathParam(req));
    res.json({});
  });
  return router;
}

function uploadHandler(ctx: Ctx, store: typeof uploadMedia): RequestHandler {
  return async (req, res) => {
    const { account } = signedIn(req);
    const file = filesOf(req).get('file') ?? readDataUrl(paramsOf(req)['file']);
    if (!file) throw invalid("File can't be blank");
    const media = await store(ctx, account, {
      ...parseParams(params, req),
      data: file.data,
      declaredType: file.declaredType,
      thumbnail: thumbnailOf(req),
    });
    res.status(media.state === 'processing' ? 202 : 200).json(toMedia(viewOf(ctx, account._id), media));
  };
}

function thumbnailOf(req: Request): Buffer | undefined {
  return filesOf(req).get('thumbnail')?.data;
}
