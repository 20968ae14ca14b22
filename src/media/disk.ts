/** The files port on a local folder. */
import { constants } from 'node:fs';
import {
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  unlink,
  utimes,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { notFound } from '../errors.js';
import { isSafePath, type FilesPort } from './port.js';

/** Half-written files; a leading dot keeps it out of every path the port accepts. */
const incoming = '.incoming';

/** Files under `root`, which is created when it is missing. Each write is synced before it is renamed into place. */
export async function openDiskFiles(root: string): Promise<FilesPort> {
  await mkdir(join(root, incoming), { recursive: true });
  const base = await realpath(root);

  /** The absolute path; null where nothing is, and where a symbolic link would lead away. */
  async function locate(relativePath: string): Promise<string | null> {
    const path = absolute(base, relativePath);
    return (await realpath(path).catch(orNull)) === path ? path : null;
  }

  const findSize = async (relativePath: string): Promise<number | null> => {
    const path = await locate(relativePath);
    const found = path === null ? null : await stat(path).catch(orNull);
    return found?.isFile() === true ? found.size : null;
  };

  return {
    findSize,
    exists: async (relativePath) => (await findSize(relativePath)) !== null,
    async put(relativePath, data) {
      const path = absolute(base, relativePath);
      const part = await mkdtemp(join(base, incoming, 'part-'));
      try {
        await writeSynced(join(part, 'data'), data);
        await mkdir(dirname(path), { recursive: true });
        if ((await realpath(dirname(path))) !== dirname(path))
          throw new Error('a folder of files is a symbolic link');
        await rename(join(part, 'data'), path);
        await syncFolder(dirname(path));
      } finally {
        await rm(part, { recursive: true, force: true });
      }
    },
    async get(relativePath, range) {
      const path = await locate(relativePath);
      const file = path === null ? null : await openFile(path);
      if (file === null) throw notFound();
      const stream = file.handle.createReadStream(range ?? {});
      return { stream, size: file.size };
    },
    async remove(relativePath) {
      const path = await locate(relativePath);
      if (path !== null) await unlink(path).catch(orNull);
    },
    async touch(relativePath) {
      const path = await locate(relativePath);
      const at = new Date();
      if (path !== null) await utimes(path, at, at).catch(orNull);
    },
    listOld: (folder, before) => listOld(base, folder, before),
    async removeStaleParts(before) {
      let removed = 0;
      for (const name of await readdir(join(base, incoming))) {
        const part = join(base, incoming, name);
        const found = await stat(part).catch(orNull);
        if (found === null || found.mtime >= before) continue;
        await rm(part, { recursive: true, force: true });
        removed += 1;
      }
      return removed;
    },
  };
}

async function listOld(base: string, folder: string, before: Date): Promise<string[]> {
  const old: string[] = [];
  for (const name of (await readdir(join(base, folder)).catch(orNull)) ?? []) {
    const path = `${folder}/${name}`;
    const found = isSafePath(path) ? await lstat(join(base, path)).catch(orNull) : null;
    if (found?.isFile() === true && found.mtime < before) old.push(path);
  }
  return old;
}

function absolute(base: string, relativePath: string): string {
  const path = resolve(base, relativePath);
  if (!isSafePath(relativePath) || !path.startsWith(base + sep))
    throw new Error('not a path of a stored file');
  return path;
}

async function openFile(path: string): Promise<{ handle: FileHandle; size: number } | null> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(orNull);
  if (handle === null) return null;
  const found = await handle.stat();
  if (found.isFile()) return { handle, size: found.size };
  await handle.close();
  return null;
}

async function writeSynced(path: string, data: Parameters<FilesPort['put']>[1]): Promise<void> {
  const handle = await open(path, 'wx', 0o640);
  try {
    await writeFile(handle, data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a rename survive a power cut. Some file systems cannot; the file's own bytes are synced in any case. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    if (!hasCode(error, 'EINVAL', 'ENOTSUP', 'EPERM')) throw error;
  } finally {
    await handle.close();
  }
}

function orNull(error: unknown): null {
  if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return null;
  throw error;
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
}
