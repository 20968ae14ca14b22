import { pipeline } from 'node:stream';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';

/** What we can undo, for the `Accept-Encoding` of every request. */
export const ACCEPT_ENCODING = 'gzip, br, deflate';

/** Compressed bytes may outnumber the decoded ones (empty blocks): they have a bound of their own. */
const COMPRESSED_SLACK = 65_536;

type Coding = 'identity' | 'gzip' | 'br' | 'deflate';

/** The one coding of a body; null for unknown ones and for chains, which only bombs use. */
export function codingOf(header: string | undefined): Coding | null {
  const name = (header ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return 'identity';
  if (name === 'gzip' || name === 'x-gzip') return 'gzip';
  return name === 'br' || name === 'deflate' ? name : null;
}

function decoderFor(coding: Exclude<Coding, 'identity'>, firstByte: number): Transform {
  if (coding === 'gzip') return createGunzip();
  if (coding === 'br') return createBrotliDecompress();
  // Some servers send raw DEFLATE under the name; a zlib header starts with method 8.
  return (firstByte & 0x0f) === 8 ? createInflate() : createInflateRaw();
}

class TooLarge extends Error {}

/** Passes chunks on and throws once more than `max` bytes went by. */
async function* atMost(source: AsyncIterable<Buffer>, max: number): AsyncGenerator<Buffer, void, undefined> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > max) throw new TooLarge();
    yield chunk;
  }
}

/** Puts a chunk that was already read back before the rest. */
async function* withHead(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* decoded(
  body: Readable,
  coding: Coding,
  max: number,
): AsyncGenerator<Buffer, void, undefined> {
  if (coding === 'identity') return yield* body as AsyncIterable<Buffer>;
  const compressed = atMost(body, max + COMPRESSED_SLACK)[Symbol.asyncIterator]();
  const head = await compressed.next();
  if (head.done) return;
  const decoder = decoderFor(coding, head.value[0] ?? 0);
  try {
    // Errors of either end surface in the loop of whoever reads.
    yield* pipeline(withHead(head.value, compressed), decoder, () => {}) as AsyncIterable<Buffer>;
  } finally {
    decoder.destroy();
  }
}

/**
 * Reads and decodes a body. Reading stops, and the socket is given up, as soon as the decoded size passes `max`: then
 * `too-large`, or with `cut` the first `max` bytes. Network and decoder errors are thrown.
 */
export async function readBody(
  body: Readable,
  options: { coding: Coding; max: number; cut: boolean },
): Promise<Buffer | 'too-large'> {
  // Giving up early makes the stream report an abort that nobody waits for.
  body.on('error', () => {});
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded(body, options.coding, options.max)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > options.max) break;
    }
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    size = Infinity;
  } finally {
    body.destroy();
  }
  if (size <= options.max) return Buffer.concat(chunks);
  return options.cut ? Buffer.concat(chunks).subarray(0, options.max) : 'too-large';
}
