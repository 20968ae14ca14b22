import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { acceptedMimeTypes, kindInfo, mimeOfPath, probe } from '../../src/media/probe.js';
import { animated, gradient, svg } from './support/pictures.js';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const ftyp = (major: string, ...compatible: string[]): Buffer => {
  const out = latin(`\0\0\0\0ftyp${major}\0\0\0\0${compatible.join('')}`);
  out.writeUInt32BE(out.length, 0);
  return out;
};
const mp3Frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(413)]);
const oggPage = (packet: string): Buffer => latin(`OggS\0\x02${'\0'.repeat(20)}\x01\x13${packet}`);

describe('real files of each picture format', () => {
  test.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('%s', async (format) => {
    expect(probe(await gradient(20, 10).toFormat(format).toBuffer())).toBe(format);
  });

  test('animated WebP', async () => {
    expect(probe(await animated('webp', 2, 8, 8))).toBe('webp');
  });
});

describe('by magic bytes', () => {
  test.each<[string, Buffer, string | null]>([
    ['mp4', ftyp('isom', 'iso2', 'avc1', 'mp41'), 'mp4'],
    ['mp4 of an unknown major brand', ftyp('XYZ1', 'isom'), 'mp4'],
    ['mov', ftyp('qt  '), 'mov'],
    ['m4a', ftyp('M4A ', 'mp42', 'isom'), 'm4a'],
    ['heic', ftyp('heic', 'mif1'), 'heic'],
    ['heic by mif1', ftyp('mif1', 'heic'), 'heic'],
    ['avif by mif1', ftyp('mif1', 'avif', 'miaf'), 'avif'],
    ['3gp', ftyp('3gp5'), 'mp4'],
    ['Canon raw', ftyp('crx ', 'crx '), null],
    ['JPEG 2000', latin('\0\0\0\x0cjP  \r\n\x87\n'), null],
    ['webm', latin('\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm\x42\x87\x81\x04'), 'webm'],
    ['matroska', latin('\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska'), null],
    ['opus', oggPage('OpusHead\x01\x02'), 'ogg'],
    ['vorbis', oggPage('\x01vorbis'), 'ogg'],
    ['theora', oggPage('\x80theora'), null],
    ['flac', latin('fLaC\0\0\0\x22'), 'flac'],
    ['wav', latin('RIFF\x24\0\0\0WAVEfmt '), 'wav'],
    ['avi', latin('RIFF\x24\0\0\0AVI LIST'), null],
    ['mp3 with ID3', latin('ID3\x04\0\0\0\0\0\0'), 'mp3'],
    ['mp3 without', Buffer.concat([mp3Frame, mp3Frame]), 'mp3'],
    ['one lonely frame header', mp3Frame, null],
    ['svg', svg, null],
    ['svg behind spaces', Buffer.concat([latin('  \n'), svg]), null],
    ['html', latin('<!doctype html><script>alert(1)</script>'), null],
    ['json', latin('{"@context":"https://www.w3.org/ns/activitystreams","type":"Note"}'), null],
    ['playlist', latin('#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n'), null],
    ['concat list', latin('ffconcat version 1.0\nfile /etc/passwd'), null],
    ['pdf', latin('%PDF-1.7'), null],
    ['postscript', latin('%!PS-Adobe'), null],
    ['mvg', latin('push graphic-context\nviewbox 0 0 640 480'), null],
    ['tiff', latin('II*\0\x08\0\0\0'), null],
    ['bmp', latin('BM\x36\0\0\0'), null],
    ['ico', latin('\0\0\x01\0\x01\0'), null],
    ['zip', latin('PK\x03\x04'), null],
    ['elf', latin('\x7fELF'), null],
    ['nothing', Buffer.alloc(0), null],
    ['three bytes', latin('GIF'), null],
  ])('%s', (_, head, kind) => {
    expect(probe(head)).toBe(kind);
  });

  test('any bytes give an answer', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void probe(Buffer.from(bytes))));
  });
});

test('the type to serve comes from our own extension', () => {
  expect(mimeOfPath('ab/cd/abcd.jpg')).toBe('image/jpeg');
  expect(mimeOfPath('ab/cd/abcd.m4a')).toBe('audio/mp4');
  for (const path of ['a.html', 'a.svg', 'a.json', 'a', 'jpg', 'a.jpg.html', ''])
    expect(mimeOfPath(path)).toBeNull();
});

test('clients are told what is accepted', () => {
  expect(acceptedMimeTypes({ heic: false })).toEqual(
    expect.arrayContaining(['image/png', 'video/mp4', 'audio/mpeg']),
  );
  expect(acceptedMimeTypes({ heic: false })).not.toContain('image/heic');
  expect(acceptedMimeTypes({ heic: true })).toContain('image/heic');
  expect(acceptedMimeTypes({ heic: true })).not.toContain('image/svg+xml');
  expect(kindInfo('mov')).toEqual({ family: 'video', mime: 'video/quicktime', extension: 'mov' });
});
