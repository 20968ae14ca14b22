import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** `lfal` in the header of our files, so that another program's database is not taken for ours. */
export const applicationId = 0x6c_66_61_6c;
export const formatVersion = 1;

export type FileKind = 'new' | 'ours' | 'foreign' | 'newer' | 'damaged';

/**
 * What a database file is, judged by its first 100 bytes without opening it, so that nothing is touched.
 * https://www.sqlite.org/fileformat.html#the_database_header
 */
export function judgeFile(path: string): FileKind {
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0) return 'new';
    if (readSync(file, header, 0, 100, 0) < 100) return 'damaged';
    if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') return 'damaged';
    if (isCutOff(path, header, size)) return 'damaged';
  } finally {
    closeSync(file);
  }
  if (header.readUInt32BE(68) !== applicationId) return 'foreign';
  return header.readUInt32BE(60) > formatVersion ? 'newer' : 'ours';
}

/** Shorter than the header says. With a write-ahead log that is no damage: the log may hold the rest. */
function isCutOff(path: string, header: Buffer, size: number): boolean {
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  const counted = header.readUInt32BE(24) === header.readUInt32BE(92);
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return counted && log === 0 && size < pageSize * pages;
}
