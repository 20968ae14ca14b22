/**
 * Video and sound through `ffmpeg` and `ffprobe` where they are installed. Streams are copied, not encoded again:
 * the container is written anew without metadata. Only the first frame of a video is ever decoded here.
 *
 * Each run names the one demuxer that the file's first bytes call for and may open files only, so that playlists
 * and lists of other files (HLS, concat) reach neither the network nor the disk. No shell, no environment but the
 * search path, a time limit, and bounded output.
 */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { MediaLimits } from './limits.js';
import type { FileKind } from './probe.js';

export interface AvPrograms {
  ffmpeg: string;
  ffprobe: string;
}

export type AvKind = Extract<FileKind, 'mp4' | 'mov' | 'webm' | 'm4a' | 'mp3' | 'ogg' | 'flac' | 'wav'>;

export interface AvInfo {
  /** Seconds. */
  duration: number;
  /** Bits per second of the whole file. */
  bitrate: number;
  audio: { index: number; codec: string } | null;
  /** As shown, that is after rotation. `frameRate` is a fraction such as `30000/1001`. */
  video: { index: number; codec: string; width: number; height: number; frameRate: string } | null;
}

export interface AvFile {
  path: string;
  kind: AvKind;
}

const demuxers: Record<AvKind, string> = {
  mp4: 'mov',
  mov: 'mov',
  m4a: 'mov',
  webm: 'matroska',
  mp3: 'mp3',
  ogg: 'ogg',
  flac: 'flac',
  wav: 'wav',
};

/** Codecs of QuickTime files that an MP4 file may hold as well, which more players can open. */
const mp4Codecs = /^(?:h264|hevc|av1|mpeg4|vp9|aac|mp3|ac3|eac3|opus|flac|alac)$/;

/** The programs, when both can be started; null otherwise. Names are looked up in the search path. */
export async function findAvPrograms(names: Partial<AvPrograms> = {}): Promise<AvPrograms | null> {
  const programs = { ffmpeg: names.ffmpeg ?? 'ffmpeg', ffprobe: names.ffprobe ?? 'ffprobe' };
  const answers = await Promise.all(
    Object.values(programs).map((program) => run(program, ['-version'], { seconds: 10 })),
  );
  return answers.every((answer) => answer !== null) ? programs : null;
}

/** What is in the file; null when ffprobe cannot read it, or finds neither picture nor sound. */
export async function inspectAv(
  programs: AvPrograms,
  file: AvFile,
  limits: MediaLimits,
): Promise<AvInfo | null> {
  const args = ['-v', 'error', ...input(file), '-of', 'json', '-show_format', '-show_streams'];
  const output = await run(programs.ffprobe, args, limits);
  return output === null ? null : parseProbe(output);
}

/**
 * Writes a copy without metadata, chapters, subtitles, data streams and cover pictures to `folder`.
 * Null when ffmpeg fails, takes too long, or the copy would be larger than a fifth above the upload limit.
 */
export async function stripMetadata(
  programs: AvPrograms,
  job: { file: AvFile; info: AvInfo; folder: string },
  limits: MediaLimits,
): Promise<AvFile | null> {
  const { file, info, folder } = job;
  const kind = outputKind(file.kind, info);
  const path = join(folder, `copy.${kind}`);
  const maxBytes = Math.ceil(limits.videoBytes * 1.2);
  const streams = [info.video, info.audio].flatMap((stream) =>
    stream === null ? [] : ['-map', `0:${stream.index}`],
  );
  const args = [
    ...words('-nostdin -v error'),
    ...input(file),
    ...streams,
    ...words('-c copy -dn -sn -map_metadata -1 -map_metadata:s -1 -map_chapters -1'),
    ...words('-fflags +bitexact -flags:v +bitexact -flags:a +bitexact'),
    ...words(muxers[kind]),
    '-fs',
    String(maxBytes),
    `file:${path}`,
  ];
  if ((await run(programs.ffmpeg, args, limits)) === null) return null;
  const written = await stat(path).catch(() => null);
  return written !== null && written.size > 0 && written.size < maxBytes ? { path, kind } : null;
}

/** The first frame as PNG in `folder`, upright, at most 1280 pixels wide. Null when it cannot be decoded. */
export async function posterFrame(
  programs: AvPrograms,
  job: { file: AvFile; info: AvInfo; folder: string },
  limits: MediaLimits,
): Promise<string | null> {
  const { file, info, folder } = job;
  if (info.video === null) return null;
  const path = join(folder, 'poster.png');
  const args = [
    ...words('-nostdin -v error -threads 1'),
    ...input(file),
    '-map',
    `0:${info.video.index}`,
    ...words("-frames:v 1 -vf scale=w='min(1280,iw)':h=-2 -c:v png -f image2 -update 1"),
    `file:${path}`,
  ];
  return (await run(programs.ffmpeg, args, limits)) === null ? null : path;
}

const muxers: Record<AvKind, string> = {
  mp4: '-f mp4 -movflags +faststart',
  m4a: '-f mp4 -movflags +faststart',
  mov: '-f mov -movflags +faststart',
  webm: '-f webm',
  mp3: '-f mp3 -id3v2_version 0 -write_id3v1 0 -write_xing 0',
  ogg: '-f ogg',
  flac: '-f flac',
  wav: '-f wav',
};

function words(text: string): string[] {
  return text.split(' ');
}

function input({ path, kind }: AvFile): string[] {
  return ['-protocol_whitelist', 'file', '-f', demuxers[kind], '-i', `file:${path}`];
}

function outputKind(kind: AvKind, { video, audio }: AvInfo): AvKind {
  const codecs = [video, audio].flatMap((stream) => (stream === null ? [] : [stream.codec]));
  if (kind !== 'mp4' && kind !== 'mov' && kind !== 'm4a') return kind;
  if (!codecs.every((codec) => mp4Codecs.test(codec))) return kind === 'm4a' ? 'mp4' : kind;
  return video === null ? 'm4a' : 'mp4';
}

const streamSchema = z.object({
  index: z.number().int().nonnegative(),
  codec_type: z.string().optional(),
  codec_name: z.string().default(''),
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
  avg_frame_rate: z.string().default(''),
  r_frame_rate: z.string().default(''),
  disposition: z.object({ attached_pic: z.number().default(0) }).default({ attached_pic: 0 }),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).default([]),
});
const probeSchema = z.object({
  streams: z.array(streamSchema),
  format: z.object({ duration: z.coerce.number().optional(), bit_rate: z.coerce.number().optional() }),
});
type Stream = z.infer<typeof streamSchema>;

function parseProbe(output: string): AvInfo | null {
  const parsed = probeSchema.safeParse(parseJson(output));
  if (!parsed.success) return null;
  const { streams, format } = parsed.data;
  const video = streams.find((s) => s.codec_type === 'video' && s.disposition.attached_pic === 0);
  const audio = streams.find((s) => s.codec_type === 'audio');
  if (video === undefined && audio === undefined) return null;
  return {
    duration: finite(format.duration),
    bitrate: Math.round(finite(format.bit_rate)),
    audio: audio === undefined ? null : { index: audio.index, codec: audio.codec_name },
    video: video === undefined ? null : videoOf(video),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function videoOf(stream: Stream): AvInfo['video'] {
  const { index, codec_name: codec, width = 0, height = 0 } = stream;
  const turned = stream.side_data_list.some(({ rotation = 0 }) => Math.abs(rotation) % 180 === 90);
  const frameRate =
    [stream.avg_frame_rate, stream.r_frame_rate].find((rate) => framesPerSecond(rate) > 0) ?? '0/1';
  return { index, codec, frameRate, ...(turned ? { width: height, height: width } : { width, height }) };
}

/** The value of a fraction such as `30000/1001`; 0 for what is none. */
export function framesPerSecond(fraction: string): number {
  const [top = 0, bottom = 1] = fraction.split('/').map(Number);
  return finite(top / bottom);
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : 0;
}

/** Standard output of a program; null when it fails, is killed at the time limit, or says too much. */
async function run(
  program: string,
  args: string[],
  { seconds }: { seconds: number },
): Promise<string | null> {
  const options = {
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
    maxBuffer: 1024 * 1024,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    windowsHide: true,
  } as const;
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout) => resolve(error === null ? stdout : null));
  });
}
