/** Pictures: attachments with preview and blurhash; avatars, headers and emoji with a still version. */
import {
  blurhashOf,
  encodeImage,
  inspectImage,
  previewOf,
  stillOf,
  type Encoded,
  type ImageKind,
  type Target,
} from './images.js';
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
  { files, limits }: MediaTools,
  upload: Upload,
  kind: ImageKind,
): Promise<AcceptedMedia | Refusal> {
  const inspected = await inspectImage(await bytesOf(upload.data), kind, limits);
  if (typeof inspected === 'string') return inspected;
  const encoded = await encodeImage(
    inspected,
    { pixels: limits.storedPixels, side: limits.storedSide },
    limits,
  );
  if (typeof encoded === 'string') return encoded;
  const isOwnPreview = inspected.frames === 1 && encoded.width * encoded.height <= limits.previewPixels;
  const preview = isOwnPreview ? encoded : await previewOf(encoded, limits);
  if (typeof preview === 'string') return preview;
  const blurhash = await blurhashOf(preview);
  const sizes = { original: pictureMeta(encoded), small: pictureMeta(preview) };
  return {
    type: 'image',
    original: await storeFile(files, encoded.data, encoded.kind),
    preview: await storeFile(files, preview.data, preview.kind),
    blurhash,
    meta: upload.focus == null ? sizes : { ...sizes, focus: upload.focus },
  };
}

/** A picture brought to `target`, with a still version where it moves. */
export async function acceptPicture(
  { files, limits }: MediaTools,
  data: Buffer | string,
  rule: { maxBytes: number; target: Target },
): Promise<AcceptedPicture | Refusal> {
  const { kind, bytes } = await identify(data);
  if (kind === null || !isImageKind(kind)) return 'unsupported';
  if (bytes > rule.maxBytes) return 'too-large';
  const inspected = await inspectImage(await bytesOf(data), kind, limits);
  if (typeof inspected === 'string') return inspected;
  const encoded = await encodeImage(inspected, rule.target, limits);
  if (typeof encoded === 'string') return encoded;
  const still: Encoded | null | Refusal = inspected.frames > 1 ? await stillOf(encoded, limits) : null;
  if (typeof still === 'string') return still;
  const original = await storeFile(files, encoded.data, encoded.kind);
  return { original, still: still === null ? null : await storeFile(files, still.data, still.kind) };
}

export function isImageKind(kind: FileKind): kind is ImageKind {
  return kindInfo(kind).family === 'image';
}
