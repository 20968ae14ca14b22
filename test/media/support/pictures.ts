/** Pictures and files made for the tests, good and bad. */
import { crc32, deflateSync } from 'node:zlib';
import { sharp } from '../../../src/media/decoder.js';

/** A picture with some structure: a gradient, so that encoders and blurhash have something to do. */
export function gradient(width: number, height: number, channels: 3 | 4 = 3): ReturnType<typeof sharp> {
  const raw = Buffer.alloc(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * channels;
      raw[i] = (x * 255) / width;
      raw[i + 1] = (y * 255) / height;
      raw[i + 2] = 128;
      if (channels === 4) raw[i + 3] = 200;
    }
  }
  return sharp(raw, { raw: { width, height, channels } });
}

/** A JPEG with a camera, a place, a comment and an orientation in its metadata. */
export async function jpegWithSecrets(width: number, height: number, orientation = 1): Promise<Buffer> {
  const jpeg = await gradient(width, height)
    .withExif({
      IFD0: { Make: 'SECRETCAM', Copyright: 'SECRETNAME' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '51/1 30/1 0/1',
        GPSLongitudeRef: 'W',
        GPSLongitude: '0/1 7/1 0/1',
      },
    })
    .withMetadata({ orientation })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRETXMP</x:xmpmeta>')
    .jpeg()
    .toBuffer();
  return withComment(jpeg, '<script>alert("SECRETHTML")</script>');
}

/** Puts a COM segment behind the start of image. */
export function withComment(jpeg: Buffer, text: string): Buffer {
  const comment = Buffer.from(text);
  const head = Buffer.from([0xff, 0xfe, 0, 0]);
  head.writeUInt16BE(comment.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, comment, jpeg.subarray(2)]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A PNG that says it is of this size; its data is one row of zeros whatever it says. */
export function pngBomb(width: number, height: number): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(100_000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Adds a text chunk behind the header of a PNG. */
export function withPngText(png: Buffer, text: string): Buffer {
  return Buffer.concat([
    png.subarray(0, 33),
    chunk('tEXt', Buffer.from(`Comment\0${text}`)),
    png.subarray(33),
  ]);
}

/** An animated GIF of a given size whose frames are one pixel each. */
export function gifOfFrames(frames: number, width: number, height: number): Buffer {
  const head = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1');
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  const loop = Buffer.from('\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0', 'latin1');
  const secret = Buffer.from('\x21\xfe\x06SECRET\0', 'latin1');
  const frame = Buffer.from('\x21\xf9\x04\0\x0a\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0', 'latin1');
  return Buffer.concat([head, loop, secret, ...Array<Buffer>(frames).fill(frame), Buffer.from(';')]);
}

export async function animated(
  kind: 'gif' | 'webp',
  frames: number,
  width: number,
  height: number,
): Promise<Buffer> {
  const raw = Buffer.alloc(width * height * 3 * frames);
  for (let i = 0; i < raw.length; i++)
    raw[i] = (Math.floor(i / (width * height * 3)) * 60 + (i % width)) % 256;
  const image = sharp(raw, { raw: { width, height: height * frames, channels: 3, pageHeight: height } });
  const options = { delay: Array<number>(frames).fill(80), loop: 0 };
  return kind === 'gif' ? image.gif(options).toBuffer() : image.webp(options).toBuffer();
}

export const svg = Buffer.from(
  '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]>' +
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script>' +
    '<image href="file:///etc/passwd" width="10" height="10"/></svg>',
);
