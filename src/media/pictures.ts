/** What becomes of a picture's bytes. No files and no ports: it can be done in a process of its own. */
import {
  blurhashOf,
  encodeImage,
  inspectImage,
  previewOf,
  stillOf,
  type Encoded,
  type ImageKind,
  type ImageRefusal,
  type Target,
} from './images.js';
import type { MediaLimits } from './limits.js';

export type PictureJob =
  /** Made as large as we keep it, with preview and blurhash. */
  | { task: 'attachment'; data: Buffer; kind: ImageKind }
  /** Brought to `target`, with a still version where it moves. */
  | { task: 'profile'; data: Buffer; kind: ImageKind; target: Target }
  /** The first frame of a film, a PNG of ours, as a preview with blurhash. */
  | { task: 'poster'; data: Buffer };

export interface MadePicture {
  picture: Encoded;
  /** Preview or still; null where the picture is its own. */
  small: Encoded | null;
  blurhash: string | null;
}

export interface Pictures {
  /** A bad picture is an outcome; an exception (503) means that nothing can be said about it now. */
  make(job: PictureJob, limits: MediaLimits): Promise<MadePicture | ImageRefusal>;
  /** Ends the processes that were started. */
  close(): Promise<void>;
}

/** In this process: for commands, tests, and where the setting says so. */
export const inlinePictures: Pictures = { make: makePicture, close: async () => {} };

export async function makePicture(job: PictureJob, limits: MediaLimits): Promise<MadePicture | ImageRefusal> {
  const kind = job.task === 'poster' ? 'png' : job.kind;
  const inspected = await inspectImage(job.data, kind, limits);
  if (typeof inspected === 'string') return inspected;
  const { storedPixels, previewPixels, storedSide } = limits;
  const target =
    job.task === 'profile'
      ? job.target
      : { pixels: job.task === 'poster' ? previewPixels : storedPixels, side: storedSide };
  const picture = await encodeImage(inspected, target, limits, job.task === 'poster' ? 'jpeg' : undefined);
  if (typeof picture === 'string') return picture;
  const moves = inspected.frames > 1;
  if (job.task === 'profile') {
    const still = moves ? await stillOf(picture, limits) : null;
    return typeof still === 'string' ? still : { picture, small: still, blurhash: null };
  }
  const isSmall = !moves && picture.width * picture.height <= previewPixels;
  const small = isSmall ? null : await previewOf(picture, limits);
  if (typeof small === 'string') return small;
  return { picture, small, blurhash: await blurhashOf(small ?? picture) };
}
