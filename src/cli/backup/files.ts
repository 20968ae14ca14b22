import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

export interface Copied {
  files: number;
  bytes: number;
}

/** Copies what is not there yet, each file whole or not at all. Files that go meanwhile are left out. */
export async function copyMissing(from: string, to: string): Promise<Copied> {
  const copied = { files: 0, bytes: 0 };
  for (const file of await filesBelow(from)) {
    const target = join(to, relative(from, file));
    const size = (await isThere(target)) ? null : await copyDurably(file, target);
    if (size === null) continue;
    copied.files += 1;
    copied.bytes += size;
  }
  return copied;
}

/** @returns its size; null when there is nothing to copy any more */
export async function copyDurably(from: string, to: string, mode = 0o640): Promise<number | null> {
  const part = `${to}.part`;
  await mkdir(dirname(to), { recursive: true });
  try {
    await copyFile(from, part, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const file = await open(part, 'r+');
  await file.chmod(mode);
  await file.sync();
  const { size } = await file.stat();
  await file.close();
  await rename(part, to);
  return size;
}

export const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Hidden folders hold half-written files. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(folder, file).startsWith('.'));
}
