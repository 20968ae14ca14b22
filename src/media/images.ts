/**
 * Pictures: decoded and encoded again, so that nothing but pixels gets through (no EXIF, XMP, comments, trailing
 * data). Colours are converted to sRGB. All of it happens on sharp's threads.
 */
import { encode } from 'blurhash';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { canDecodeHeic, sharp } from './decoder.js';
import type { MediaLimits } from './limits.js';
import type { FileKind } from './probe.js';

export type ImageKind = Extract<FileKind, 'jpeg' | 'png' | 'gif' | 'webp' | 'avif' | 'heic'>;
export type OutputKind = Extract<ImageKind, 'jpeg' | 'png' | 'gif' | 'webp'>;
export type ImageRefusal = 'unsupported' | 'broken' | 'too-many-pixels';

/** An encoded picture; `width` and `height` are of one frame. */
export interface Encoded {
  data: Buffer;
  kind: OutputKind;
  width: number;
  height: number;
}

/** Where a picture goes: into so many pixels keeping its shape, or cut to a box. Never enlarged. */
export type Target =
  { pixels: number; side: number } | { width: number; height: number; fit: 'cover' | 'inside' };

export interface Inspected {
  data: Buffer;
  kind: ImageKind;
  /** Of one frame, upright. */
  width: number;
  height: number;
  frames: number;
  hasAlpha: boolean;
  isPalette: boolean;
}

/** Reads the header and refuses what is too large before a pixel is decoded. */
export async function inspectImage(
  data: Buffer,
  kind: ImageKind,
  limits: MediaLimits,
): Promise<Inspected | ImageRefusal> {
  if (kind === 'heic' && !canDecodeHeic) return 'unsupported';
  const metadata = await sharp(data, { failOn: 'error', limitInputPixels: false })
    .metadata()
    .catch(() => null);
  if (metadata === null || !isFormat(metadata, kind)) return 'broken';
  const { width, height } = metadata.autoOrient;
  const frames = kind === 'gif' || kind === 'webp' ? (metadata.pages ?? 1) : 1;
  if (width < 1 || height < 1) return 'broken';
  if (width * height > limits.imagePixels) return 'too-many-pixels';
  if (frames > 1 && !isSmallAnimation(width * height, frames, limits)) return 'too-many-pixels';
  return { data, kind, width, height, frames, hasAlpha: metadata.hasAlpha, isPalette: metadata.isPalette };
}

/** Encodes again, by default in the picture's own family; AVIF and HEIC, which few servers read, as JPEG or WebP. */
export async function encodeImage(
  image: Inspected,
  target: Target,
  limits: MediaLimits,
  kind: OutputKind = outputKind(image),
): Promise<Encoded | ImageRefusal> {
  const animated = image.frames > 1;
  const input: SharpOptions = {
    failOn: 'error',
    limitInputPixels: animated ? limits.animatedPixels : limits.imagePixels,
    ...(animated ? { animated: true } : {}),
  };
  const upright = sharp(image.data, input).autoOrient();
  return finish(encoderFor(resized(upright, image, target), kind, image.isPalette), kind, limits);
}

/** A still version of a moving picture, as PNG. */
export async function stillOf(image: Encoded, limits: MediaLimits): Promise<Encoded | ImageRefusal> {
  return finish(sharp(image.data, { pages: 1, failOn: 'error' }).png(), 'png', limits);
}

/** The small version for timelines: a still of at most `limits.previewPixels`. */
export async function previewOf(image: Encoded, limits: MediaLimits): Promise<Encoded | ImageRefusal> {
  const kind = image.kind === 'gif' ? 'png' : image.kind;
  const target = { pixels: limits.previewPixels, side: limits.storedSide };
  const first = sharp(image.data, { pages: 1, failOn: 'error' });
  return finish(encoderFor(resized(first, image, target), kind, false), kind, limits);
}

/** BlurHash of 4 by 4 components from a thumbnail of at most 32 pixels a side. */
export async function blurhashOf(image: Encoded): Promise<string> {
  const { data, info } = await sharp(image.data, { pages: 1 })
    .resize(32, 32, { fit: 'inside' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return encode(new Uint8ClampedArray(data), info.width, info.height, 4, 4);
}

function isFormat(metadata: Metadata, kind: ImageKind): boolean {
  const format: string = metadata.format;
  return format === (kind === 'avif' || kind === 'heic' ? 'heif' : kind);
}

function isSmallAnimation(framePixels: number, frames: number, limits: MediaLimits): boolean {
  if (framePixels > limits.animatedFramePixels || frames > limits.animatedFrames) return false;
  return framePixels * frames <= limits.animatedPixels;
}

function outputKind({ kind, hasAlpha }: Inspected): OutputKind {
  if (kind === 'avif' || kind === 'heic') return hasAlpha ? 'webp' : 'jpeg';
  return kind;
}

function resized(image: Sharp, from: { width: number; height: number }, target: Target): Sharp {
  if ('pixels' in target) {
    const longest = Math.max(from.width, from.height);
    const scale = Math.min(1, Math.sqrt(target.pixels / (from.width * from.height)), target.side / longest);
    if (scale === 1) return image;
    return image.resize({
      width: scaled(from.width, scale),
      height: scaled(from.height, scale),
      fit: 'fill',
    });
  }
  const { width, height, fit } = target;
  const ratio = { width: from.width / width, height: from.height / height };
  const scale = Math.min(1, fit === 'cover' ? Math.min(ratio.width, ratio.height) : Infinity);
  return image.resize({
    width: scaled(width, scale),
    height: scaled(height, scale),
    fit,
    withoutEnlargement: true,
  });
}

function scaled(length: number, scale: number): number {
  return Math.max(1, Math.floor(length * scale));
}

function encoderFor(image: Sharp, kind: OutputKind, isPalette: boolean): Sharp {
  if (kind === 'jpeg') return image.jpeg({ quality: 90, progressive: true });
  // A picture that came with at most 256 colours keeps them, and its size.
  if (kind === 'png') return image.png(isPalette ? { palette: true, quality: 100, dither: 0 } : {});
  if (kind === 'webp') return image.webp({ quality: 90 });
  return image.gif();
}

async function finish(image: Sharp, kind: OutputKind, limits: MediaLimits): Promise<Encoded | ImageRefusal> {
  try {
    const { data, info } = await image
      .timeout({ seconds: limits.seconds })
      .toBuffer({ resolveWithObject: true });
    return { data, kind, width: info.width, height: info.pageHeight ?? info.height };
  } catch (error) {
    // libvips tells nothing apart but in words.
    return /pixel limit/.test(String(error)) ? 'too-many-pixels' : 'broken';
  }
}
