/** The `meta` member of a media attachment, as the client API gives it. */
import { framesPerSecond, type AvInfo } from './av.js';
import type { Focus } from './focus.js';

export interface PictureMeta {
  width: number;
  height: number;
  /** `640x360` */
  size: string;
  /** Width by height. */
  aspect: number;
}

export interface StreamMeta {
  /** Seconds. */
  duration: number;
  /** Bits per second. */
  bitrate: number;
  /** A fraction, e.g. `30/1`. */
  frame_rate?: string;
}

/** A type, not an interface, so that it fits the stored document's record of unknown members. */
export type MediaMeta = {
  original?: Partial<PictureMeta> & Partial<StreamMeta>;
  small?: PictureMeta;
  focus?: Focus;
};

export function pictureMeta({ width, height }: { width: number; height: number }): PictureMeta {
  return { width, height, size: `${width}x${height}`, aspect: width / height };
}

export function streamMeta({ duration, bitrate, video }: AvInfo): Partial<PictureMeta> & StreamMeta {
  if (video === null) return { duration, bitrate };
  const { width, height, frameRate } = video;
  const rate = framesPerSecond(frameRate) > 0 ? { frame_rate: frameRate } : {};
  return { ...(width > 0 && height > 0 ? pictureMeta({ width, height }) : {}), ...rate, duration, bitrate };
}
