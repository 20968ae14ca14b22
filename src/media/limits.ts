/** What may be uploaded and how large the copies are. Numbers are Mastodon's unless a line says otherwise. */

export interface MediaLimits {
  /** Bytes of an uploaded picture. */
  imageBytes: number;
  /** Bytes of an uploaded video or sound. */
  videoBytes: number;
  /** Bytes of an uploaded avatar or header. */
  profileImageBytes: number;
  /** Bytes of an uploaded emoji. */
  emojiBytes: number;
  /** Pixels that are decoded at most (width times height). */
  imagePixels: number;
  /** Pixels of one frame of an animated picture. */
  animatedFramePixels: number;
  /** Frames of an animated picture. Not Mastodon's, which makes a video of it. */
  animatedFrames: number;
  /** Pixels of all frames together, about nine bytes of memory each while they are encoded. Not Mastodon's. */
  animatedPixels: number;
  /** A larger picture is made smaller, to this many pixels. */
  storedPixels: number;
  /** The longer side of a stored picture: more than WebP can hold is no use to anybody. */
  storedSide: number;
  previewPixels: number;
  videoPixels: number;
  videoFramesPerSecond: number;
  videoFrames: number;
  /** Seconds that one file may occupy a decoder. Not Mastodon's. */
  seconds: number;
  /** Characters of a description (alt text) of a local upload. */
  descriptionCharacters: number;
  /** Characters of a description that come from elsewhere. */
  remoteDescriptionCharacters: number;
  /** Attachments of one status. */
  attachments: number;
}

const mebibyte = 1024 * 1024;

export const defaultMediaLimits: Readonly<MediaLimits> = Object.freeze({
  imageBytes: 16 * mebibyte,
  videoBytes: 99 * mebibyte,
  profileImageBytes: 8 * mebibyte,
  emojiBytes: 256 * 1024,
  imagePixels: 33_177_600,
  animatedFramePixels: 921_600,
  animatedFrames: 1200,
  animatedPixels: 41_472_000,
  storedPixels: 8_294_400,
  storedSide: 16_383,
  previewPixels: 230_400,
  videoPixels: 8_294_400,
  videoFramesPerSecond: 120,
  videoFrames: 36_000,
  seconds: 60,
  descriptionCharacters: 1500,
  remoteDescriptionCharacters: 10_000,
  attachments: 4,
});

/** The defaults with some numbers replaced, e.g. from the settings. */
export function mediaLimits(overrides: Partial<MediaLimits> = {}): MediaLimits {
  return { ...defaultMediaLimits, ...overrides };
}
