/** Pictures as they are made. No files and no ports: it can be done in a process of its own. */
import type { Encoded, ImageKind, ImageRefusal, Target } from './images.js';
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
export const inlinePictures: Pictures = {
  make: async (job, limits) => (await import('./make-picture.js')).makePicture(job, limits),
  close: async () => {},
};
