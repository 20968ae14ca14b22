import type { Router } from 'express';
import { parseJsonObject } from '../../../../federation/vocabulary/json.js';
import { filledText } from '../../../../federation/vocabulary/values.js';
import { uploadMedia } from '../../../domain/uploads.js';
import { badRequest } from '../../../errors.js';
import { toAttachment } from '../../../outbox/objects/attachment.js';
import { requireUser, signedIn } from '../../auth.js';
import { filesOf, paramsOf } from '../../params.js';
import type { Site } from '../site.js';

/**
 * `uploadMedia` (SWICG media upload): a multipart form with the `file` and a shell `object` whose `name` describes it.
 * Answers the Document that a Note may carry in its `attachment`, and where the file is.
 */
export function uploadRoute(router: Router, { ctx }: Site): void {
  // Under /api the form is parsed and the caller known before any route (http/app.ts).
  router.post('/api/c2s/uploadMedia', requireUser('write', 'write:media'), async (req, res) => {
    const file = filesOf(req).get('file');
    if (!file) throw badRequest('param is missing or the value is empty: file');
    const description = descriptionOf(paramsOf(req)['object']);
    const media = await uploadMedia(ctx, signedIn(req).account, {
      data: file.data,
      declaredType: file.declaredType,
      ...(description !== null && { description }),
    });
    const document = toAttachment(ctx.names, media);
    res.location(String(document['url'])).status(201).type('application/activity+json; charset=utf-8');
    res.send(Buffer.from(JSON.stringify(document)));
  });
}

function descriptionOf(object: unknown): string | null {
  const parsed = typeof object === 'string' ? parseJsonObject(object, { maxBytes: 65_536 }) : null;
  return parsed?.outcome === 'ok' ? filledText(parsed.value['name'], 10_000) : null;
}
