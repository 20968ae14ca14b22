/** What comes in and what comes out of `accept.ts`. */
import { open, readFile, stat } from 'node:fs/promises';
import type { MediaType } from '../model/status.js';
import type { Focus } from './focus.js';
import type { MediaMeta } from './meta.js';
import { probe, probeLength, type FileKind } from './probe.js';
import type { StoredFile } from './store-file.js';

export interface Upload {
  /** The bytes, or the absolute path of a file that the caller removes afterwards. */
  data: Buffer | string;
  /** Believed in one point only: a container that may hold a video or just sound, where ffprobe cannot tell. */
  declaredType?: string | null;
  focus?: Focus | null;
}

export interface AcceptedMedia {
  type: MediaType;
  original: StoredFile;
  /** The same file as `original` for a small still picture; null for sound, and without ffmpeg for video. */
  preview: StoredFile | null;
  blurhash: string | null;
  meta: MediaMeta;
}

/** An avatar, a header or an emoji. */
export interface AcceptedPicture {
  original: StoredFile;
  /** A still PNG; null where the original does not move. */
  still: StoredFile | null;
}

export type Refusal = 'too-large' | 'unsupported' | 'broken' | 'too-many-pixels';
export interface Refused {
  outcome: 'refused';
  reason: Refusal;
}
export type AcceptResult = { outcome: 'ready'; media: AcceptedMedia } | Refused;
export type PictureResult = { outcome: 'ready'; picture: AcceptedPicture } | Refused;

/** What the bytes are, whatever they were called, and how many. */
export async function identify(data: Buffer | string): Promise<{ kind: FileKind | null; bytes: number }> {
  if (Buffer.isBuffer(data)) return { kind: probe(data.subarray(0, probeLength)), bytes: data.length };
  const { size } = await stat(data);
  const handle = await open(data);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(probeLength), 0, probeLength, 0);
    return { kind: probe(buffer.subarray(0, bytesRead)), bytes: size };
  } finally {
    await handle.close();
  }
}

export async function bytesOf(data: Buffer | string): Promise<Buffer> {
  return Buffer.isBuffer(data) ? data : readFile(data);
}
