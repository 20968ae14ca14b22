/** Uploads, from bytes to stored files. The only door: nothing is stored that did not pass here. */
import { acceptAv } from './accept-av.js';
import { acceptImage, acceptPicture, isImageKind } from './accept-image.js';
import { kindInfo } from './probe.js';
import type { MediaTools } from './tools.js';
import {
  identify,
  type AcceptResult,
  type PictureResult,
  type Refused,
  type Refusal,
  type Upload,
} from './upload.js';

/**
 * Finds out what an attachment really is, strips its metadata, brings it to size, and stores it with its preview.
 * A bad file is an outcome; a full disk, or too many uploads at once (503), an exception.
 */
export async function acceptUpload(tools: MediaTools, upload: Upload): Promise<AcceptResult> {
  const { limits, gate } = tools;
  const { kind, bytes } = await identify(upload.data);
  if (bytes > limits.videoBytes) return refused('too-large');
  if (kind === null) return refused('unsupported');
  if (kindInfo(kind).family === 'image' && bytes > limits.imageBytes) return refused('too-large');
  const media = await gate.run(async () =>
    isImageKind(kind) ? acceptImage(tools, upload, kind) : acceptAv(tools, upload, kind),
  );
  return typeof media === 'string' ? refused(media) : { outcome: 'ready', media };
}

/** Cut to a square of 400 pixels or less. `data`: the bytes, or the absolute path of a file. */
export async function acceptAvatar(tools: MediaTools, data: Buffer | string): Promise<PictureResult> {
  const rule = {
    maxBytes: tools.limits.profileImageBytes,
    target: { width: 400, height: 400, fit: 'cover' },
  } as const;
  return toResult(await tools.gate.run(async () => acceptPicture(tools, data, rule)));
}

/** Cut to three by one, 1500 pixels wide or less. */
export async function acceptHeader(tools: MediaTools, data: Buffer | string): Promise<PictureResult> {
  const rule = {
    maxBytes: tools.limits.profileImageBytes,
    target: { width: 1500, height: 500, fit: 'cover' },
  } as const;
  return toResult(await tools.gate.run(async () => acceptPicture(tools, data, rule)));
}

/** Kept in shape, 512 pixels or less a side. */
export async function acceptEmoji(tools: MediaTools, data: Buffer | string): Promise<PictureResult> {
  const rule = {
    maxBytes: tools.limits.emojiBytes,
    target: { width: 512, height: 512, fit: 'inside' },
  } as const;
  return toResult(await tools.gate.run(async () => acceptPicture(tools, data, rule)));
}

function toResult(picture: Awaited<ReturnType<typeof acceptPicture>>): PictureResult {
  return typeof picture === 'string' ? refused(picture) : { outcome: 'ready', picture };
}

function refused(reason: Refusal): Refused {
  return { outcome: 'refused', reason };
}
