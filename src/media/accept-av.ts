/** Video and sound: metadata stripped and a preview made where ffmpeg is at hand, stored as they come otherwise. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  framesPerSecond,
  inspectAv,
  posterFrame,
  stripMetadata,
  type AvFile,
  type AvInfo,
  type AvKind,
  type AvPrograms,
} from './av.js';
import type { MediaLimits } from './limits.js';
import { pictureMeta, streamMeta, type MediaMeta } from './meta.js';
import type { MadePicture } from './pictures.js';
import { kindInfo } from './probe.js';
import { storeFile } from './store-file.js';
import type { MediaTools } from './tools.js';
import type { AcceptedMedia, Refusal, Upload } from './upload.js';

/** The caller has checked kind and size. */
export async function acceptAv(
  tools: MediaTools,
  upload: Upload,
  kind: AvKind,
): Promise<AcceptedMedia | Refusal> {
  const { av } = tools;
  if (av === null) return storeAsIs(tools, upload, kind);
  const folder = await mkdtemp(join(tools.tempDir, 'landfall-media-'));
  try {
    const path = typeof upload.data === 'string' ? upload.data : join(folder, 'upload');
    if (typeof upload.data !== 'string') await writeFile(path, upload.data);
    return await processAv({ ...tools, av }, { file: { path, kind }, folder }, upload);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Without ffmpeg nothing can be said about the inside: metadata, location included, stays in the file. */
async function storeAsIs(tools: MediaTools, upload: Upload, kind: AvKind): Promise<AcceptedMedia> {
  const original = await storeFile(tools.files, upload.data, kind);
  const saysAudio = upload.declaredType?.toLowerCase().startsWith('audio/') === true;
  const type = kindInfo(kind).family === 'audio' || saysAudio ? 'audio' : 'video';
  return { type, original, preview: null, blurhash: null, meta: withFocus({}, upload) };
}

async function processAv(
  tools: MediaTools & { av: AvPrograms },
  job: { file: AvFile; folder: string },
  upload: Upload,
): Promise<AcceptedMedia | Refusal> {
  const { av, limits } = tools;
  const found = await inspectAv(av, job.file, limits);
  if (found === null) return 'broken';
  const info = kindInfo(job.file.kind).family === 'audio' ? { ...found, video: null } : found;
  if (info.video === null && info.audio === null) return 'broken';
  const refusal = info.video === null ? null : refusalOf(info.video, info.duration, limits);
  if (refusal !== null) return refusal;
  const copy = await stripMetadata(av, { ...job, info }, limits);
  if (copy === null) return 'broken';
  const made = await posterOf(tools, { ...job, info });
  const poster = made?.picture ?? null;
  // A video without a single picture that can be decoded is none.
  if (info.video !== null && poster === null) return 'broken';
  return {
    type: typeOf(info),
    original: await storeCopy(tools, copy, info),
    preview: poster === null ? null : await storeFile(tools.files, poster.data, poster.kind),
    blurhash: made?.blurhash ?? null,
    meta: withFocus(
      { original: streamMeta(info), ...(poster === null ? {} : { small: pictureMeta(poster) }) },
      upload,
    ),
  };
}

/** As in Mastodon, a video without sound is what became of a moving picture: it plays in a loop. */
function typeOf({ video, audio }: AvInfo): 'audio' | 'gifv' | 'video' {
  if (video === null) return 'audio';
  return audio === null ? 'gifv' : 'video';
}

/** A WebM file that holds only sound is served as such. */
async function storeCopy(tools: MediaTools, copy: AvFile, info: AvInfo): Promise<AcceptedMedia['original']> {
  const stored = await storeFile(tools.files, copy.path, copy.kind);
  return info.video === null ? { ...stored, mime: stored.mime.replace('video/', 'audio/') } : stored;
}

function refusalOf(
  video: NonNullable<AvInfo['video']>,
  duration: number,
  limits: MediaLimits,
): Refusal | null {
  const rate = framesPerSecond(video.frameRate);
  if (video.width * video.height > limits.videoPixels) return 'too-many-pixels';
  return rate > limits.videoFramesPerSecond || rate * duration > limits.videoFrames
    ? 'too-many-pixels'
    : null;
}

async function posterOf(
  { av, limits, pictures }: MediaTools & { av: AvPrograms },
  job: { file: AvFile; info: AvInfo; folder: string },
): Promise<MadePicture | null> {
  const path = await posterFrame(av, job, limits);
  const data = path === null ? null : await readFile(path).catch(() => null);
  if (data === null) return null;
  const made = await pictures.make({ task: 'poster', data }, limits);
  return typeof made === 'string' ? null : made;
}

function withFocus(meta: MediaMeta, { focus }: Upload): MediaMeta {
  return focus == null ? meta : { ...meta, focus };
}
