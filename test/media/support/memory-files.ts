/** The files port in memory, which also counts what was written. */
import { Readable } from 'node:stream';
import { notFound } from '../../../src/errors.js';
import { isSafePath, type FilesPort } from '../../../src/media/port.js';

export interface MemoryFiles extends FilesPort {
  readonly stored: Map<string, Buffer>;
  writes: number;
}

export function memoryFiles(): MemoryFiles {
  const stored = new Map<string, Buffer>();
  return {
    stored,
    writes: 0,
    async put(path, data) {
      if (!isSafePath(path)) throw new Error('unsafe path');
      const chunks: Buffer[] = [];
      if (Buffer.isBuffer(data)) chunks.push(data);
      else for await (const chunk of data) chunks.push(Buffer.from(chunk));
      stored.set(path, Buffer.concat(chunks));
      this.writes += 1;
    },
    async get(path) {
      const data = stored.get(path);
      if (data === undefined) throw notFound();
      return { stream: Readable.from(data), size: data.length };
    },
    findSize: async (path) => stored.get(path)?.length ?? null,
    touch: async () => undefined,
    listOld: async () => [],
    removeStaleParts: async () => 0,
    exists: async (path) => stored.has(path),
    async remove(path) {
      stored.delete(path);
    },
  };
}
