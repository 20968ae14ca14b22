/** What processing media needs, made once when the program starts and passed to every call. */
import { tmpdir } from 'node:os';
import type { AvPrograms } from './av.js';
import { createGate, type Gate } from '../gate.js';
import { mediaLimits, type MediaLimits } from './limits.js';
import { inlinePictures, type Pictures } from './pictures.js';
import type { FilesPort } from './port.js';

export interface MediaTools {
  files: FilesPort;
  limits: MediaLimits;
  gate: Gate;
  /** Where pictures are decoded. */
  pictures: Pictures;
  /** Null where ffmpeg is not installed: video and sound are stored as they come, without preview. */
  av: AvPrograms | null;
  /** Where half-processed files lie; each call removes its own. */
  tempDir: string;
}

export interface MediaToolsOptions {
  files: FilesPort;
  /** The result of `findAvPrograms`. */
  av: AvPrograms | null;
  limits?: Partial<MediaLimits>;
  /** Default: in this process. */
  pictures?: Pictures;
  tempDir?: string;
  /** Files processed at once: fewer than libuv's threads (4), which disk and DNS need too. */
  width?: number;
}

export function createMediaTools(options: MediaToolsOptions): MediaTools {
  const { files, av, limits, pictures = inlinePictures, tempDir, width } = options;
  return {
    files,
    av,
    limits: mediaLimits(limits),
    pictures,
    gate: createGate({ width: width ?? 2, queue: 200 }),
    tempDir: tempDir ?? tmpdir(),
  };
}
