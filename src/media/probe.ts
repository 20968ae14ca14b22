/** What a file really is, by its first bytes. Names and declared types are never believed. SVG is no media here. */

export type MediaFamily = 'image' | 'video' | 'audio';

export interface KindInfo {
  family: MediaFamily;
  mime: string;
  extension: string;
}

const kinds = {
  jpeg: { family: 'image', mime: 'image/jpeg', extension: 'jpg' },
  png: { family: 'image', mime: 'image/png', extension: 'png' },
  gif: { family: 'image', mime: 'image/gif', extension: 'gif' },
  webp: { family: 'image', mime: 'image/webp', extension: 'webp' },
  avif: { family: 'image', mime: 'image/avif', extension: 'avif' },
  heic: { family: 'image', mime: 'image/heic', extension: 'heic' },
  mp4: { family: 'video', mime: 'video/mp4', extension: 'mp4' },
  mov: { family: 'video', mime: 'video/quicktime', extension: 'mov' },
  webm: { family: 'video', mime: 'video/webm', extension: 'webm' },
  m4a: { family: 'audio', mime: 'audio/mp4', extension: 'm4a' },
  mp3: { family: 'audio', mime: 'audio/mpeg', extension: 'mp3' },
  ogg: { family: 'audio', mime: 'audio/ogg', extension: 'ogg' },
  flac: { family: 'audio', mime: 'audio/flac', extension: 'flac' },
  wav: { family: 'audio', mime: 'audio/wav', extension: 'wav' },
} as const satisfies Record<string, KindInfo>;

export type FileKind = keyof typeof kinds;

/** How many first bytes `probe` wants to see. */
export const probeLength = 4096;

export function kindInfo(kind: FileKind): KindInfo {
  return kinds[kind];
}

/** The kind of a file by its first `probeLength` bytes; null for everything that is not accepted. */
export function probe(head: Buffer): FileKind | null {
  for (const [kind, matches] of signatures) if (matches(head)) return kind;
  return isoKind(head) ?? (isMpegAudio(head) ? 'mp3' : null);
}

/** The type to serve a stored file with: by the extension that this room gave it; null for any other. */
export function mimeOfPath(path: string): string | null {
  const extension = /\.([a-z0-9]+)$/.exec(path)?.[1];
  return Object.values(kinds).find((kind) => kind.extension === extension)?.mime ?? null;
}

/** Types that clients are told they may upload. */
export function acceptedMimeTypes(options: { heic: boolean }): string[] {
  const accepted = Object.entries(kinds).filter(([kind]) => kind !== 'heic' || options.heic);
  const aliases = ['audio/x-wav', 'audio/x-m4a', 'audio/mp3', 'audio/opus', 'audio/webm'];
  return [...accepted.map(([, info]) => info.mime), ...aliases];
}

const at = (head: Buffer, offset: number, text: string): boolean =>
  head.length >= offset + text.length && head.toString('latin1', offset, offset + text.length) === text;

const signatures: readonly (readonly [FileKind, (head: Buffer) => boolean])[] = [
  ['jpeg', (head) => at(head, 0, '\xff\xd8\xff')],
  ['png', (head) => at(head, 0, '\x89PNG\r\n\x1a\n')],
  ['gif', (head) => at(head, 0, 'GIF87a') || at(head, 0, 'GIF89a')],
  ['webp', (head) => at(head, 0, 'RIFF') && at(head, 8, 'WEBPVP8')],
  ['wav', (head) => at(head, 0, 'RIFF') && at(head, 8, 'WAVE')],
  ['flac', (head) => at(head, 0, 'fLaC')],
  ['mp3', (head) => at(head, 0, 'ID3') && (head[3] ?? 0) >= 2 && (head[3] ?? 9) <= 4],
  // Matroska with the document type (element 4282) "webm"; Matroska proper is not played by browsers.
  [
    'webm',
    (head) => at(head, 0, '\x1a\x45\xdf\xa3') && head.toString('latin1', 4, 64).includes('\x42\x82\x84webm'),
  ],
  ['ogg', isOggAudio],
];

/** The first packet of the first page (RFC 3533, 6) tells the codec. Ogg video is not accepted. */
function isOggAudio(head: Buffer): boolean {
  if (!at(head, 0, 'OggS')) return false;
  const start = 27 + (head[26] ?? 0);
  return ['OpusHead', '\x01vorbis', '\x7fFLAC'].some((codec) => at(head, start, codec));
}

const brands: readonly (readonly [FileKind, RegExp])[] = [
  ['avif', /^(?:avif|avis)$/],
  ['heic', /^(?:heic|heix|heim|heis|hevc|hevx|mif1|msf1)$/],
  ['m4a', /^M4[AB] $/],
  ['mov', /^qt {2}$/],
  ['mp4', /^(?:iso[m2-9]|mp4[12]|avc1|M4V |M4VH|M4VP|MSNV|dash|cmf[c2]|f4v |3g[pg2][0-9a-z]|mmp4)$/],
];

/** ISO base media: the box `ftyp` lists a major brand and those it is compatible with (ISO/IEC 14496-12, 4.3). */
function isoKind(head: Buffer): FileKind | null {
  if (!at(head, 4, 'ftyp') || head.length < 16) return null;
  const end = Math.min(head.readUInt32BE(0), head.length, 256);
  const listed = [head.toString('latin1', 8, 12)];
  for (let i = 16; i + 4 <= end; i += 4) listed.push(head.toString('latin1', i, i + 4));
  // A picture says `mif1` first and names its codec after that; AVIF wins over HEIC for that reason.
  const [major = '', ...compatible] = listed;
  if (/^(?:mif1|msf1)$/.test(major) && compatible.some((brand) => /^avi[fs]$/.test(brand))) return 'avif';
  for (const brand of listed) {
    const found = brands.find(([, pattern]) => pattern.test(brand));
    if (found !== undefined) return found[0];
  }
  return null;
}

/** MPEG-1 or -2 layer III without an ID3 tag: a valid frame header, and another one where the frame ends. */
function isMpegAudio(head: Buffer): boolean {
  const length = frameLength(head, 0);
  return length !== null && frameLength(head, length) !== null;
}

const bitratesV1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const bitratesV2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const rates: Record<number, readonly number[]> = {
  3: [44_100, 48_000, 32_000],
  2: [22_050, 24_000, 16_000],
  0: [11_025, 12_000, 8000],
};

/** Bytes of the layer III frame at `offset`; null where there is none (ISO/IEC 11172-3, 2.4.1.3). */
function frameLength(head: Buffer, offset: number): number | null {
  if (offset + 4 > head.length) return null;
  const bits = head.readUInt32BE(offset);
  const version = (bits >>> 19) & 3;
  const rate = rates[version]?.[(bits >>> 10) & 3];
  const bitrate = (version === 3 ? bitratesV1 : bitratesV2)[(bits >>> 12) & 15] ?? 0;
  if (bits >>> 21 !== 0x7ff || ((bits >>> 17) & 3) !== 1 || rate === undefined || bitrate === 0) return null;
  const samplesPerByte = version === 3 ? 144 : 72;
  return Math.floor((samplesPerByte * bitrate * 1000) / rate) + ((bits >>> 9) & 1);
}
