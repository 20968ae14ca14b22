/** Pictures: attachments with preview and blurhash; avatars, headers and emoji with a still version. */
import type { ImageKind, Target } from './images.js';
import { pictureMeta } from './meta.js';
import { kindInfo, type FileKind } from './probe.js';
import { storeFile } from './store-file.js';
import type { MediaTools } from './tools.js';
import {
  bytesOf,
  identify,
  type AcceptedMedia,
  type AcceptedPicture,
  type Refusal,
  type Upload,
} from './upload.js';

/** The caller has checked kind and size. */
export async function acceptImage(
  { files, limits, pictures }: MediaTools,
  upload: Upload,
  kind: ImageKind,
): Promise<AcceptedMedia | Refusal> {
  const made = await pictures.make({ task: 'attachment', data: await bytesOf(upload.data), kind }, limits);
  if (typeof made === 'string') return made;
  const { picture, blurhash } = made;
  const preview = made.small ?? picture;
  const sizes = { original: pictureMeta(picture), small: pictureMeta(preview) };
  return {
    type: 'image',
    original: await storeFile(files, picture.data, picture.kind),
    preview: await storeFile(files, preview.data, preview.kind),
    blurhash,
    meta: upload.focus == null ? sizes : { ...sizes, focus: upload.focus },
  };
}

/** A picture brought to `target`, with a still version where it moves. */
export async function acceptPicture(
  { files, limits, pictures }: MediaTools,
  data: Buffer | string,
  rule: { maxBytes: number; target: Target },
): Promise<AcceptedPicture | Refusal> {
  const { kind, bytes } = await identify(data);
  if (kind === null || !isImageKind(kind)) return 'unsupported';
  if (bytes > rule.maxBytes) return 'too-large';
  const { target } = rule;
  const made = await pictures.make({ task: 'profile', data: await bytesOf(data), kind, target }, limits);
  if (typeof made === 'string') return made;
  const { picture, small } = made;
  return {
    original: await storeFile(files, picture.data, picture.kind),
    still: small === null ? null : await storeFile(files, small.data, small.kind),
  };
}

export function isImageKind(kind: FileKind): kind is ImageKind {
  return kindInfo(kind).family === 'image';
}
