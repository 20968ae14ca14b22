import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isBlurhashValid } from 'blurhash';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acceptUpload } from '../../src/media/accept.js';
import { findAvPrograms, framesPerSecond, type AvPrograms } from '../../src/media/av.js';
import { sharp } from '../../src/media/decoder.js';
import type { MediaLimits } from '../../src/media/limits.js';
import { createMediaTools, type MediaTools } from '../../src/media/tools.js';
import type { AcceptedMedia, AcceptResult } from '../../src/media/upload.js';
import { memoryFiles, type MemoryFiles } from './support/memory-files.js';

const run = promisify(execFile);
const programs = await findAvPrograms();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-av-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

function setup(
  av: AvPrograms | null,
  limits: Partial<MediaLimits> = {},
): { tools: MediaTools; files: MemoryFiles } {
  const files = memoryFiles();
  return { files, tools: createMediaTools({ files, av, limits, tempDir: folder }) };
}

function ready(result: AcceptResult): AcceptedMedia {
  if (result.outcome !== 'ready') throw new Error(`refused: ${result.reason}`);
  return result.media;
}

const mp4Head = Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isomavc1', 'latin1');
const webmHead = Buffer.from('\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm', 'latin1');

describe('without ffmpeg', () => {
  test('programs that cannot be started are not found', async () => {
    expect(
      await findAvPrograms({ ffmpeg: join(folder, 'no-ffmpeg'), ffprobe: join(folder, 'no-ffprobe') }),
    ).toBeNull();
  });

  test.each([
    ['mp4', mp4Head, null, 'video', 'video/mp4'],
    ['a WebM recording of sound', webmHead, 'audio/webm;codecs=opus', 'audio', 'video/webm'],
    ['mp3', Buffer.from('ID3\x04\0\0\0\0\0\0'), 'video/mp4', 'audio', 'audio/mpeg'],
  ])('%s is stored as it is', async (...[, data, declaredType, type, mime]) => {
    const { tools, files } = setup(null);
    const media = ready(await acceptUpload(tools, { data, declaredType, focus: { x: 0, y: 1 } }));
    expect(media).toMatchObject({ type, preview: null, blurhash: null, meta: { focus: { x: 0, y: 1 } } });
    expect(media.original.mime).toBe(mime);
    expect(files.stored.get(media.original.path)).toEqual(data);
  });

  test('a file given by its path is read from there, and stays', async () => {
    const { tools, files } = setup(null);
    const path = join(folder, 'upload.html');
    await writeFile(path, mp4Head);
    const media = ready(await acceptUpload(tools, { data: path }));
    expect(media.original.path).toMatch(/\.mp4$/);
    expect(files.stored.get(media.original.path)).toEqual(mp4Head);
    expect(await readFile(path)).toEqual(mp4Head);
  });

  test('a video over the limit', async () => {
    const { tools } = setup(null, { videoBytes: 20 });
    expect(await acceptUpload(tools, { data: mp4Head })).toEqual({ outcome: 'refused', reason: 'too-large' });
  });
});

describe('with programs that misbehave', () => {
  /** Stands in for both programs; writes down how it was called. */
  async function fake(body: string): Promise<AvPrograms> {
    const path = join(folder, 'fake.sh');
    await writeFile(
      path,
      `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/args'\nenv > '${folder}/env'\n${body}\n`,
    );
    await chmod(path, 0o700);
    return { ffmpeg: path, ffprobe: path };
  }

  test.each([
    ['fails', 'exit 1'],
    ['says nothing', 'exit 0'],
    ['says no JSON', 'echo "<html>"'],
    ['says other JSON', 'echo "{\\"streams\\": 7}"'],
    ['finds no stream', 'echo "{\\"streams\\": [], \\"format\\": {}}"'],
    ['never ends', 'exec sleep 60'],
    ['never stops talking', 'exec yes'],
    [
      'finds a video of no size and then writes nothing',
      'echo "{\\"streams\\":[{\\"index\\":0,\\"codec_type\\":\\"video\\"}],\\"format\\":{}}"',
    ],
  ])('one that %s refuses the file and leaves nothing', async (_, body) => {
    const { tools, files } = setup(await fake(body), { seconds: 0.5 });
    const result = await acceptUpload(tools, { data: mp4Head }).catch((error: unknown) => error);
    expect(result).toEqual({ outcome: 'refused', reason: 'broken' });
    expect(files.stored.size).toBe(0);
    // A program that was ended in time may have had none to say how it was called.
    expect(['args', 'env', 'fake.sh']).toEqual(expect.arrayContaining(await readdir(folder)));
  });

  test('the input is one file with one demuxer and no protocol but file; the environment is empty', async () => {
    process.env['LANDFALL_TEST_SECRET'] = 'secret';
    const { tools } = setup(await fake('exit 1'));
    await acceptUpload(tools, { data: mp4Head });
    delete process.env['LANDFALL_TEST_SECRET'];
    const args = (await readFile(join(folder, 'args'), 'utf8')).split('\n');
    const at = args.indexOf('-protocol_whitelist');
    expect(args.slice(at, at + 5)).toEqual(['-protocol_whitelist', 'file', '-f', 'mov', '-i']);
    expect(args[at + 5]).toMatch(/^file:\/.*\/landfall-media-[^/]+\/upload$/);
    expect(await readFile(join(folder, 'env'), 'utf8')).not.toContain('secret');
  });
});

test.each([
  ['30/1', 30],
  ['30000/1001', 30000 / 1001],
  ['0/0', 0],
  ['1/0', 0],
  ['-5/1', 0],
  ['x', 0],
  ['', 0],
])('framesPerSecond(%j) is %d', (fraction, value) => {
  expect(framesPerSecond(fraction)).toBe(value);
});

const withFfmpeg = programs === null ? describe.skip : describe;

withFfmpeg('with ffmpeg', () => {
  const av = programs ?? { ffmpeg: '', ffprobe: '' };
  const secretTags = [
    '-metadata',
    'title=SECRET',
    '-metadata',
    'location=+51.5-000.1/',
    '-metadata',
    'comment=SECRET',
  ];

  /** Makes a file of two seconds: `input` are lavfi sources, `output` the encoder's options. */
  async function make(name: string, sources: string[], output: string[]): Promise<string> {
    const path = join(folder, name);
    const inputs = sources.flatMap((source) => ['-f', 'lavfi', '-i', source]);
    await run(av.ffmpeg, ['-v', 'error', ...inputs, '-t', '2', ...secretTags, ...output, path]);
    return path;
  }

  const picture = 'testsrc=size=320x180:rate=10';
  const sound = 'sine=frequency=440';
  const h264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'];

  async function tagsOf(data: Buffer, name: string): Promise<string> {
    const path = join(folder, `check-${name}`);
    await writeFile(path, data);
    const { stdout } = await run(av.ffprobe, [
      '-v',
      'error',
      '-of',
      'json',
      '-show_format',
      '-show_streams',
      path,
    ]);
    return stdout;
  }

  test('a video: stripped, measured, with a poster', async () => {
    const { tools, files } = setup(av);
    const path = await make(
      'in.mp4',
      [picture, sound],
      [...h264, '-c:a', 'aac', '-movflags', 'use_metadata_tags'],
    );
    expect((await readFile(path)).toString('latin1')).toContain('SECRET');
    const media = ready(await acceptUpload(tools, { data: path, focus: { x: 0, y: 0 } }));
    expect(media.type).toBe('video');
    expect(media.original.mime).toBe('video/mp4');
    const stored = files.stored.get(media.original.path) ?? Buffer.alloc(0);
    expect(stored.toString('latin1')).not.toMatch(/SECRET|\+51\.5/);
    expect(await tagsOf(stored, 'v.mp4')).not.toMatch(/SECRET|51\.5/);
    expect(media.meta.original).toMatchObject({
      width: 320,
      height: 180,
      size: '320x180',
      frame_rate: '10/1',
    });
    expect(media.meta.original?.duration).toBeCloseTo(2, 0);
    expect(media.meta.original?.bitrate).toBeGreaterThan(1000);
    expect(media.meta.small).toMatchObject({ width: 320, height: 180 });
    expect(media.preview?.mime).toBe('image/jpeg');
    expect(await sharp(files.stored.get(media.preview?.path ?? '')).metadata()).toMatchObject({ width: 320 });
    expect(isBlurhashValid(media.blurhash ?? '').result).toBe(true);
    expect((await readdir(folder)).filter((name) => name.startsWith('landfall-media-'))).toEqual([]);
  });

  test('the same video twice is one file', async () => {
    const { tools, files } = setup(av);
    const data = await readFile(await make('in.mp4', [picture, sound], [...h264, '-c:a', 'aac']));
    const first = ready(await acceptUpload(tools, { data }));
    expect(ready(await acceptUpload(tools, { data })).original).toEqual(first.original);
    expect(files.stored.size).toBe(2);
  });

  test('a silent video is a gifv', async () => {
    const { tools } = setup(av);
    const media = ready(await acceptUpload(tools, { data: await make('in.mp4', [picture], h264) }));
    expect(media.type).toBe('gifv');
  });

  test('a turned video is measured as it is shown', async () => {
    const { tools, files } = setup(av);
    const flat = await make('flat.mp4', [picture], h264);
    const turned = join(folder, 'turned.mp4');
    await run(av.ffmpeg, ['-v', 'error', '-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90', turned]);
    const media = ready(await acceptUpload(tools, { data: turned }));
    expect(media.meta.original).toMatchObject({ width: 180, height: 320 });
    expect(await sharp(files.stored.get(media.preview?.path ?? '')).metadata()).toMatchObject({
      width: 180,
      height: 320,
    });
    // The copy still says that it is turned.
    const copy = join(folder, 'copy.mp4');
    await writeFile(copy, files.stored.get(media.original.path) ?? '');
    expect(ready(await acceptUpload(tools, { data: copy })).meta.original).toMatchObject({
      width: 180,
      height: 320,
    });
  });

  test('QuickTime with the usual codecs becomes MP4', async () => {
    const { tools } = setup(av);
    const media = ready(
      await acceptUpload(tools, { data: await make('in.mov', [picture, sound], [...h264, '-c:a', 'aac']) }),
    );
    expect(media.original.mime).toBe('video/mp4');
  });

  test('QuickTime with others stays what it is', async () => {
    const { tools } = setup(av);
    const path = await make('in.mov', [picture, sound], ['-c:v', 'mjpeg', '-c:a', 'pcm_s16le']);
    expect(ready(await acceptUpload(tools, { data: path })).original.mime).toBe('video/quicktime');
  });

  test.each([
    ['in.webm', [picture, sound], ['-c:v', 'libvpx', '-c:a', 'libopus'], 'video', 'video/webm'],
    ['in.webm', [sound], ['-c:a', 'libopus'], 'audio', 'audio/webm'],
    ['in.mp3', [sound], ['-c:a', 'libmp3lame'], 'audio', 'audio/mpeg'],
    ['in.ogg', [sound], ['-c:a', 'libvorbis'], 'audio', 'audio/ogg'],
    ['in.opus', [sound], ['-c:a', 'libopus'], 'audio', 'audio/ogg'],
    ['in.flac', [sound], ['-c:a', 'flac'], 'audio', 'audio/flac'],
    ['in.wav', [sound], ['-c:a', 'pcm_s16le'], 'audio', 'audio/wav'],
    ['in.m4a', [sound], ['-c:a', 'aac'], 'audio', 'audio/mp4'],
    ['in.mp4', [sound], ['-c:a', 'aac'], 'audio', 'audio/mp4'],
  ])('%s of %j with %j is %s, %s', async (...[name, sources, output, type, mime]) => {
    const { tools, files } = setup(av);
    const path = await make(name, sources, output);
    const media = ready(await acceptUpload(tools, { data: await readFile(path) }));
    expect(media.type).toBe(type);
    expect(media.original.mime).toBe(mime);
    expect(media.meta.original?.duration).toBeCloseTo(2, 0);
    const stored = files.stored.get(media.original.path) ?? Buffer.alloc(0);
    expect(stored.toString('latin1')).not.toContain('SECRET');
    expect(await tagsOf(stored, name)).not.toContain('SECRET');
    expect(media.preview === null).toBe(type === 'audio');
  });

  test('a cover picture is no video, and is left out', async () => {
    const { tools, files } = setup(av);
    const cover = join(folder, 'cover.png');
    await sharp({ create: { width: 20, height: 20, channels: 3, background: '#336699' } })
      .png()
      .toFile(cover);
    const plain = await make('plain.mp3', [sound], []);
    const covered = join(folder, 'covered.mp3');
    await run(av.ffmpeg, [
      '-v',
      'error',
      '-i',
      plain,
      '-i',
      cover,
      '-map',
      '0',
      '-map',
      '1',
      '-c',
      'copy',
      covered,
    ]);
    const media = ready(await acceptUpload(tools, { data: covered }));
    expect(media.type).toBe('audio');
    expect((files.stored.get(media.original.path) ?? Buffer.alloc(0)).toString('latin1')).not.toContain(
      'PNG',
    );
  });

  test.each([
    ['truncated', async (data: Buffer) => data.subarray(0, Math.floor(data.length / 2)), 'broken'],
    ['only a head', async () => mp4Head, 'broken'],
    [
      'a playlist behind a head',
      async () => Buffer.concat([mp4Head, Buffer.from('#EXTM3U\nfile:///etc/passwd\n')]),
      'broken',
    ],
    [
      'text behind an ID3 tag',
      async () => Buffer.from(`ID3\x04\0\0\0\0\0\0${'<script>'.repeat(900)}`),
      'broken',
    ],
  ])('%s: refused', async (_, change, reason) => {
    const { tools, files } = setup(av);
    const whole = await readFile(await make('in.mp4', [picture], h264));
    expect(await acceptUpload(tools, { data: await change(whole) })).toEqual({ outcome: 'refused', reason });
    expect(files.stored.size).toBe(0);
  });

  test.each<[string, Partial<MediaLimits>]>([
    ['too many pixels', { videoPixels: 320 * 180 - 1 }],
    ['too many frames a second', { videoFramesPerSecond: 9 }],
    ['too many frames', { videoFrames: 10 }],
  ])('%s: refused', async (_, limits) => {
    const { tools } = setup(av, limits);
    const path = await make('in.mp4', [picture], h264);
    expect(await acceptUpload(tools, { data: path })).toEqual({
      outcome: 'refused',
      reason: 'too-many-pixels',
    });
  });
});
