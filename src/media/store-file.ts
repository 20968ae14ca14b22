/** Puts a file under the hash of its content, once. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { contentPath, type FilesPort } from './port.js';
import { kindInfo, type FileKind } from './probe.js';

/** A file of ours. Two accounts that upload the same picture get the same path: count before removing. */
export interface StoredFile {
  /** Path in the files port. */
  path: string;
  mime: string;
  bytes: number;
  /** Lower-case hexadecimal. */
  sha256: string;
}

/** `source`: the bytes, or the absolute path of a file that nobody changes meanwhile. */
export async function storeFile(
  files: FilesPort,
  source: Buffer | string,
  kind: FileKind,
): Promise<StoredFile> {
  const { sha256, bytes } = await digest(source);
  const { mime, extension } = kindInfo(kind);
  const path = contentPath(sha256, extension);
  // Of an old one that nobody had any more it would be thought that it can go.
  if ((await files.findSize(path)) === bytes) await files.touch(path);
  else await files.put(path, Buffer.isBuffer(source) ? source : createReadStream(source));
  return { path, mime, bytes, sha256 };
}

async function digest(source: Buffer | string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const chunks = Buffer.isBuffer(source) ? [source] : createReadStream(source);
  for await (const chunk of chunks as AsyncIterable<Buffer> | Buffer[]) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
