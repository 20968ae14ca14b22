import { describe, expect, test } from '@jest/globals';
import { decode, isBlurhashValid } from 'blurhash';
import { acceptAvatar, acceptEmoji, acceptHeader, acceptUpload } from '../../src/media/accept.js';
import { canDecodeHeic, sharp } from '../../src/media/decoder.js';
import type { MediaLimits } from '../../src/media/limits.js';
import type { StoredFile } from '../../src/media/store-file.js';
import { createMediaTools, type MediaTools } from '../../src/media/tools.js';
import type { AcceptedMedia, AcceptedPicture, AcceptResult, PictureResult } from '../../src/media/upload.js';
import { memoryFiles, type MemoryFiles } from './support/memory-files.js';
import {
  animated,
  gifOfFrames,
  gradient,
  jpegWithSecrets,
  pngBomb,
  svg,
  withPngText,
} from './support/pictures.js';

function setup(limits: Partial<MediaLimits> = {}): { tools: MediaTools; files: MemoryFiles } {
  const files = memoryFiles();
  return { files, tools: createMediaTools({ files, av: null, limits }) };
}

function ready(result: AcceptResult): AcceptedMedia {
  if (result.outcome !== 'ready') throw new Error(`refused: ${result.reason}`);
  return result.media;
}

function readyPicture(result: PictureResult): AcceptedPicture {
  if (result.outcome !== 'ready') throw new Error(`refused: ${result.reason}`);
  return result.picture;
}

function bytesOf(files: MemoryFiles, file: StoredFile | null): Buffer {
  const data = files.stored.get(file?.path ?? '');
  if (data === undefined) throw new Error('not stored');
  return data;
}

const refused = (reason: string): object => ({ outcome: 'refused', reason });

describe('an attached picture', () => {
  test('is stored under its hash, with preview, blurhash and sizes', async () => {
    const { tools, files } = setup();
    const media = ready(
      await acceptUpload(tools, {
        data: await gradient(1600, 1000).jpeg().toBuffer(),
        focus: { x: 0.5, y: -1 },
      }),
    );
    expect(media.type).toBe('image');
    expect(media.original).toMatchObject({
      mime: 'image/jpeg',
      bytes: bytesOf(files, media.original).length,
    });
    expect(media.original.path).toMatch(/^([0-9a-f]{2})\/([0-9a-f]{2})\/\1\2[0-9a-f]{60}\.jpg$/);
    expect(media.original.path).toContain(media.original.sha256);
    expect(media.preview?.path).not.toBe(media.original.path);
    expect(media.meta).toEqual({
      original: { width: 1600, height: 1000, size: '1600x1000', aspect: 1.6 },
      small: { width: 607, height: 379, size: '607x379', aspect: 607 / 379 },
      focus: { x: 0.5, y: -1 },
    });
    expect(await sharp(bytesOf(files, media.preview)).metadata()).toMatchObject({
      width: 607,
      format: 'jpeg',
    });
    expect(isBlurhashValid(media.blurhash ?? '').result).toBe(true);
  });

  test('the blurhash looks like the picture', async () => {
    const { tools } = setup();
    const red = await sharp({ create: { width: 90, height: 60, channels: 4, background: '#ff0000' } })
      .png()
      .toBuffer();
    const media = ready(await acceptUpload(tools, { data: red }));
    const [r = 0, g = 255, b = 255] = decode(media.blurhash ?? '', 1, 1);
    expect(r).toBeGreaterThan(240);
    expect(Math.max(g, b)).toBeLessThan(15);
  });

  test('a small still one is its own preview', async () => {
    const { tools, files } = setup();
    const media = ready(await acceptUpload(tools, { data: await gradient(300, 200).png().toBuffer() }));
    expect(media.preview).toEqual(media.original);
    expect(files.stored.size).toBe(1);
  });

  test('the same picture again is stored once', async () => {
    const { tools, files } = setup();
    const data = await gradient(300, 200).webp().toBuffer();
    const first = ready(await acceptUpload(tools, { data }));
    const writes = files.writes;
    expect(ready(await acceptUpload(tools, { data }))).toEqual(first);
    expect(files.writes).toBe(writes);
  });

  test.each([
    ['jpeg', 'image/jpeg', 'jpg'],
    ['png', 'image/png', 'png'],
    ['webp', 'image/webp', 'webp'],
    ['gif', 'image/gif', 'gif'],
    ['avif', 'image/jpeg', 'jpg'],
  ] as const)('%s is stored as %s', async (format, mime, extension) => {
    const { tools, files } = setup();
    const data = await gradient(40, 30).toFormat(format).toBuffer();
    // Whatever it was called: only the bytes count.
    const { original } = ready(await acceptUpload(tools, { data, declaredType: 'text/html' }));
    expect(original.mime).toBe(mime);
    expect(original.path.endsWith(`.${extension}`)).toBe(true);
    expect(await sharp(bytesOf(files, original)).metadata()).toMatchObject({ width: 40, height: 30 });
  });

  test('transparent AVIF keeps its transparency as WebP', async () => {
    const { tools, files } = setup();
    const { original } = ready(
      await acceptUpload(tools, { data: await gradient(40, 30, 4).avif().toBuffer() }),
    );
    expect(original.mime).toBe('image/webp');
    expect((await sharp(bytesOf(files, original)).metadata()).hasAlpha).toBe(true);
  });

  test('a large one is brought to 8.3 megapixels, in shape', async () => {
    const { tools } = setup();
    const big = sharp({ create: { width: 6000, height: 5000, channels: 3, background: '#336699' } });
    const { meta } = ready(await acceptUpload(tools, { data: await big.jpeg().toBuffer() }));
    const { width = 0, height = 0 } = meta.original ?? {};
    expect(width * height).toBeLessThanOrEqual(8_294_400);
    expect(width * height).toBeGreaterThan(8_200_000);
    expect(width / height).toBeCloseTo(1.2, 2);
  });

  test.each([
    [20_000, 10],
    [3, 20_000],
  ])('a strip of %d by %d fits what formats can hold', async (width, height) => {
    const { tools } = setup();
    const strip = sharp({ create: { width, height, channels: 3, background: '#336699' } });
    const { meta } = ready(await acceptUpload(tools, { data: await strip.png().toBuffer() }));
    expect(Math.max(meta.original?.width ?? 0, meta.original?.height ?? 0)).toBeLessThanOrEqual(16_383);
    expect(Math.min(meta.small?.width ?? 0, meta.small?.height ?? 0)).toBeGreaterThanOrEqual(1);
  });

  test('a palette PNG stays small and keeps its colours', async () => {
    const { tools, files } = setup();
    const two = Buffer.alloc(300 * 300, 0).fill(255, 45_000);
    const png = await sharp(two, { raw: { width: 300, height: 300, channels: 1 } })
      .png({ palette: true })
      .toBuffer();
    const { original } = ready(await acceptUpload(tools, { data: png }));
    expect(original.bytes).toBeLessThan(png.length * 2);
    const raw = await sharp(bytesOf(files, original)).toColourspace('b-w').raw().toBuffer();
    expect([raw[0], raw[raw.length - 1]]).toEqual([0, 255]);
  });
});

describe('metadata', () => {
  const secrets = /SECRET|Exif|GPS|adobe:ns|http:\/\/ns\.adobe/;

  test.each([1, 6] as const)(
    'of a JPEG with orientation %d is gone, and the picture upright',
    async (orientation) => {
      const { tools, files } = setup();
      const data = await jpegWithSecrets(900, 600, orientation);
      expect(data.toString('latin1')).toMatch(secrets);
      expect((await sharp(data).metadata()).orientation).toBe(orientation);
      const media = ready(await acceptUpload(tools, { data }));
      for (const file of [media.original, media.preview]) {
        const stored = bytesOf(files, file);
        expect(stored.toString('latin1')).not.toMatch(secrets);
        const { exif, xmp, iptc, orientation: left } = await sharp(stored).metadata();
        expect([exif, xmp, iptc, left]).toEqual([undefined, undefined, undefined, undefined]);
      }
      expect(media.meta.original).toMatchObject(
        orientation === 6 ? { width: 600, height: 900, size: '600x900' } : { width: 900, height: 600 },
      );
      // The left edge of the picture is dark in red; turned by 90 degrees that is the top edge.
      const { data: raw, info } = await sharp(bytesOf(files, media.original))
        .raw()
        .toBuffer({ resolveWithObject: true });
      const red = (x: number, y: number): number => raw[(y * info.width + x) * info.channels] ?? 0;
      const far = orientation === 6 ? red(5, info.height - 5) : red(info.width - 5, 5);
      expect(red(5, 5)).toBeLessThan(30);
      expect(far).toBeGreaterThan(220);
    },
  );

  test.each(['avatar', 'header', 'emoji'] as const)('of an %s is gone', async (what) => {
    const { tools, files } = setup();
    const accept = { avatar: acceptAvatar, header: acceptHeader, emoji: acceptEmoji }[what];
    const { original } = readyPicture(await accept(tools, await jpegWithSecrets(800, 600)));
    expect(bytesOf(files, original).toString('latin1')).not.toMatch(secrets);
  });

  test('of PNG and GIF is gone', async () => {
    const { tools, files } = setup();
    const png = withPngText(await gradient(50, 50).png().toBuffer(), 'SECRET');
    for (const data of [png, gifOfFrames(3, 20, 20)]) {
      expect(data.toString('latin1')).toContain('SECRET');
      const { original, preview } = ready(await acceptUpload(tools, { data }));
      for (const file of [original, preview])
        expect(bytesOf(files, file).toString('latin1')).not.toContain('SECRET');
    }
  });

  test('colours of a wide gamut are converted, not dropped', async () => {
    const { tools, files } = setup();
    const p3 = await sharp({ create: { width: 30, height: 30, channels: 3, background: '#00c000' } })
      .withIccProfile('p3')
      .png()
      .toBuffer();
    expect((await sharp(p3).metadata()).icc).toBeDefined();
    const { original } = ready(await acceptUpload(tools, { data: p3 }));
    const stored = bytesOf(files, original);
    expect((await sharp(stored).metadata()).icc).toBeUndefined();
    const [r = 0, g = 0] = await sharp(stored).raw().toBuffer();
    expect(Math.abs(g - 192)).toBeLessThan(4);
    expect(r).toBeLessThan(10);
  });
});

describe('animations', () => {
  test.each(['gif', 'webp'] as const)('an animated %s keeps moving; its preview does not', async (kind) => {
    const { tools, files } = setup();
    const media = ready(await acceptUpload(tools, { data: await animated(kind, 4, 60, 40) }));
    expect(media.type).toBe('image');
    expect(media.original.mime).toBe(`image/${kind}`);
    const { pages, delay, loop } = await sharp(bytesOf(files, media.original)).metadata();
    expect({ pages, delay, loop }).toEqual({ pages: 4, delay: [80, 80, 80, 80], loop: 0 });
    expect(media.meta.original).toMatchObject({ width: 60, height: 40 });
    expect((await sharp(bytesOf(files, media.preview)).metadata()).pages ?? 1).toBe(1);
  });

  test.each([
    ['too many frames', gifOfFrames(1300, 10, 10)],
    ['frames too large', gifOfFrames(2, 1200, 1000)],
    ['too many pixels in all', gifOfFrames(1000, 900, 900)],
  ])('%s: refused before decoding', async (_, data) => {
    const { tools, files } = setup();
    expect(await acceptUpload(tools, { data })).toEqual(refused('too-many-pixels'));
    expect(files.stored.size).toBe(0);
  });
});

describe('avatars, headers, emoji', () => {
  test.each([
    [800, 500, 400],
    [500, 2000, 400],
    [100, 120, 100],
  ])('an avatar of %d by %d is cut to a square of %d', async (width, height, side) => {
    const { tools, files } = setup();
    const picture = readyPicture(await acceptAvatar(tools, await gradient(width, height).png().toBuffer()));
    expect(picture.still).toBeNull();
    expect(await sharp(bytesOf(files, picture.original)).metadata()).toMatchObject({
      width: side,
      height: side,
    });
  });

  test.each([
    [3000, 2000, 1500, 500],
    [600, 600, 600, 200],
    [2000, 300, 900, 300],
  ])('a header of %d by %d is cut to three by one', async (width, height, outWidth, outHeight) => {
    const { tools, files } = setup();
    const picture = readyPicture(await acceptHeader(tools, await gradient(width, height).jpeg().toBuffer()));
    expect(await sharp(bytesOf(files, picture.original)).metadata()).toMatchObject({
      width: outWidth,
      height: outHeight,
    });
  });

  test('a moving avatar keeps moving and has a still version', async () => {
    const { tools, files } = setup();
    const picture = readyPicture(await acceptAvatar(tools, await animated('gif', 3, 600, 450)));
    expect(await sharp(bytesOf(files, picture.original)).metadata()).toMatchObject({
      pages: 3,
      width: 400,
      height: 400,
    });
    expect(picture.still?.mime).toBe('image/png');
    expect(await sharp(bytesOf(files, picture.still)).metadata()).toMatchObject({ width: 400, height: 400 });
  });

  test('an emoji keeps its shape and is not enlarged', async () => {
    const { tools, files } = setup();
    const small = readyPicture(await acceptEmoji(tools, await gradient(64, 32).png().toBuffer()));
    expect(await sharp(bytesOf(files, small.original)).metadata()).toMatchObject({ width: 64, height: 32 });
    const large = readyPicture(await acceptEmoji(tools, await gradient(1024, 512).png().toBuffer()));
    expect(await sharp(bytesOf(files, large.original)).metadata()).toMatchObject({ width: 512, height: 256 });
  });

  test.each([
    ['video', Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isomavc1', 'latin1'), 'unsupported'],
    ['svg', svg, 'unsupported'],
    ['nothing', Buffer.alloc(0), 'unsupported'],
    ['more than 256 KiB', Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(300_000)]), 'too-large'],
  ])('no emoji: %s', async (_, data, reason) => {
    expect(await acceptEmoji(setup().tools, data)).toEqual(refused(reason));
  });

  test('no avatar of more than 8 MiB', async () => {
    const data = Buffer.concat([await gradient(10, 10).png().toBuffer(), Buffer.alloc(9 * 1024 * 1024)]);
    expect(await acceptAvatar(setup().tools, data)).toEqual(refused('too-large'));
  });
});

describe('hostile files (ATTACKS.md, I)', () => {
  test.each<[string, Buffer | (() => Promise<Buffer>), string]>([
    ['svg', svg, 'unsupported'],
    ['html', Buffer.from('<!doctype html><script>alert(1)</script>'), 'unsupported'],
    [
      'ActivityStreams',
      Buffer.from('{"@context":"https://www.w3.org/ns/activitystreams","type":"Note"}'),
      'unsupported',
    ],
    ['empty', Buffer.alloc(0), 'unsupported'],
    ['html that begins like a GIF', Buffer.from('GIF89a=1;/*<script>alert(1)</script>*/'), 'broken'],
    [
      'svg behind a PNG signature',
      Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), svg]),
      'broken',
    ],
    ['pixel bomb 50,000 x 50,000', pngBomb(50_000, 50_000), 'too-many-pixels'],
    ['pixel bomb 14,000 x 14,000', pngBomb(14_000, 14_000), 'too-many-pixels'],
    // libpng itself refuses it.
    ['one pixel wide, endless', pngBomb(1, 268_402_690), 'broken'],
    ['33 megapixels and a row', pngBomb(7681, 4320), 'too-many-pixels'],
    ['data shorter than the header says', pngBomb(5000, 5000), 'broken'],
    ['truncated JPEG', async () => half(await gradient(600, 400).jpeg().toBuffer()), 'broken'],
    ['truncated PNG', async () => half(await gradient(600, 400).png().toBuffer()), 'broken'],
    ['truncated WebP', async () => half(await gradient(600, 400).webp().toBuffer()), 'broken'],
    ['truncated AVIF', async () => half(await gradient(600, 400).avif().toBuffer()), 'broken'],
    [
      'HEIC without a picture',
      Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
      canDecodeHeic ? 'broken' : 'unsupported',
    ],
  ])('%s', async (_, made, reason) => {
    const { tools, files } = setup();
    const data = Buffer.isBuffer(made) ? made : await made();
    for (const declaredType of ['image/png', 'image/svg+xml', 'application/activity+json']) {
      expect(await acceptUpload(tools, { data, declaredType })).toEqual(refused(reason));
    }
    expect(files.stored.size).toBe(0);
  });

  test('a polyglot loses its second nature', async () => {
    const { tools, files } = setup();
    const evil = '<html><script>alert("SECRET")</script></html>PK\x03\x04';
    const jpeg = Buffer.concat([await jpegWithSecrets(100, 100), Buffer.from(evil)]);
    const { original } = ready(await acceptUpload(tools, { data: jpeg, declaredType: 'text/html' }));
    expect(original.mime).toBe('image/jpeg');
    expect(original.path).toMatch(/\.jpg$/);
    expect(bytesOf(files, original).toString('latin1')).not.toMatch(/SECRET|<script|html/);
  });

  test('bytes over the limit', async () => {
    const { tools, files } = setup();
    const png = await gradient(10, 10).png().toBuffer();
    const large = Buffer.concat([png, Buffer.alloc(16 * 1024 * 1024)]);
    expect(await acceptUpload(tools, { data: large })).toEqual(refused('too-large'));
    expect(await acceptUpload(tools, { data: Buffer.alloc(100 * 1024 * 1024) })).toEqual(
      refused('too-large'),
    );
    expect(files.stored.size).toBe(0);
  });

  test('limits can be set', async () => {
    const { tools } = setup({ imagePixels: 99 });
    const data = await gradient(10, 10).png().toBuffer();
    expect(await acceptUpload(tools, { data })).toEqual(refused('too-many-pixels'));
  });

  test('bytes turned at random never crash and never store what cannot be opened', async () => {
    const { tools, files } = setup();
    const originals = await Promise.all(
      (['jpeg', 'png', 'webp', 'gif', 'avif'] as const).map(async (f) =>
        gradient(48, 36).toFormat(f).toBuffer(),
      ),
    );
    let seed = 20_240_229;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const seen = new Set<string>();
    for (let i = 0; i < 150; i++) {
      const data = Buffer.from(originals[i % originals.length]!);
      for (let k = 0; k < 1 + random(8); k++) data[random(data.length)] = random(256);
      const result = await acceptUpload(tools, { data });
      seen.add(result.outcome === 'ready' ? 'ready' : result.reason);
    }
    expect(seen).toContain('broken');
    expect(seen).toContain('ready');
    for (const stored of files.stored.values())
      expect((await sharp(stored).metadata()).width).toBeGreaterThan(0);
  });

  test('decoders outside the list are closed', async () => {
    const tiff = Buffer.from('II*\0\x08\0\0\0', 'latin1');
    for (const data of [svg, tiff, Buffer.from('%PDF-1.4')]) {
      await expect(sharp(data).metadata()).rejects.toThrow('unsupported image format');
    }
  });
});

test('the event loop turns while a large picture is processed', async () => {
  const { tools } = setup();
  const data = await sharp({ create: { width: 5700, height: 5700, channels: 3, background: '#336699' } })
    .png()
    .toBuffer();
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 5);
  const started = performance.now();
  ready(await acceptUpload(tools, { data }));
  const took = performance.now() - started;
  clearInterval(timer);
  // Work on the event loop would leave no more than a turn or two.
  expect(turns).toBeGreaterThan(Math.min(20, took / 50));
});

function half(data: Buffer): Buffer {
  return data.subarray(0, Math.floor(data.length / 2));
}
