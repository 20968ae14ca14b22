/** Where files live: a folder now, an object store next. */
import type { Readable } from 'node:stream';

/** A part of a file: the first and the last byte, both included (RFC 9110, 14.1.2). */
export interface ByteRange {
  start: number;
  end: number;
}

export interface StoredObject {
  stream: Readable;
  /** Bytes of the whole file, also when a range was asked for. */
  size: number;
}

/**
 * Paths are relative, of lower-case letters, digits, `-`, `_` and single dots between slashes; any other path is
 * refused with an exception, whatever the method. A file is written whole or not at all, and never changes.
 */
export interface FilesPort {
  /** Resolves when the bytes are on stable storage. Writing a path again with the same bytes is no error. */
  put(relativePath: string, data: Buffer | Readable): Promise<void>;
  /** Throws NotFound where there is no such file. The caller consumes or destroys the stream. */
  get(relativePath: string, range?: ByteRange): Promise<StoredObject>;
  /** Bytes of the file; null where there is none. */
  findSize(relativePath: string): Promise<number | null>;
  exists(relativePath: string): Promise<boolean>;
  /** No error where there is no such file. */
  remove(relativePath: string): Promise<void>;
  /** Lets a file that is there count as written just now. No error where there is none. */
  touch(relativePath: string): Promise<void>;
  /** The files of a folder by content (`ab/cd`) that were written before `before`, in no order. */
  listOld(folder: string, before: Date): Promise<string[]>;
  /** Removes what writers that were killed left behind, begun before `before`. @returns how many */
  removeStaleParts(before: Date): Promise<number>;
  /** The public URL of a file, where the store serves files by itself. */
  urlOf?(relativePath: string): string;
}

const safePath = /^(?:[a-z0-9_-]+\/){0,6}[a-z0-9_-]+(?:\.[a-z0-9]+){0,2}$/;

/** Whether a path may be given to the port: no `..`, no root, no hidden file, no control character, not endless. */
export function isSafePath(relativePath: string): boolean {
  return relativePath.length <= 200 && safePath.test(relativePath);
}

/** The path of a file by its content: `ab/cd/<sha256>.<ext>`. */
export function contentPath(sha256: string, extension: string): string {
  return `${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}.${extension}`;
}
