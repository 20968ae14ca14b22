/** What becomes of a picture's bytes. Loads the decoder: servers with `imageProcess` do so in processes of their own only. */
import { blurhashOf, encodeImage, inspectImage, previewOf, stillOf, type ImageRefusal } from './images.js';
import type { MediaLimits } from './limits.js';
import type { MadePicture, PictureJob } from './pictures.js';

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
