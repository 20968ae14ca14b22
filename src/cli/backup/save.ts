import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { software } from '../../config/software.js';
import { createContext, type Context } from '../../context.js';
import { getInstance } from '../../domain/instance.js';
import { StartError } from '../../errors.js';
import { copyDurably, copyMissing, isThere } from './files.js';
import { databaseName, hashOf, mediaName, secretsName, writeManifest, type Manifest } from './manifest.js';

/**
 * Saves an instance while it runs: the database as of one moment, every file that it names, and the secret. Files are
 * copied before and after, since they are added and removed meanwhile; what is still lacking is listed.
 * @throws StartError when the folder holds something already
 */
export async function saveBackup(ctx: Context, folder: string): Promise<Manifest> {
  await demandEmpty(folder);
  const { settings } = ctx;
  const [from, to] = [join(settings.data, mediaName), join(folder, mediaName)];
  const early = await copyMissing(from, to);
  await ctx.store.backup(join(folder, databaseName));
  const late = await copyMissing(from, to);
  const secrets = settings.secret === '';
  if (secrets) await copyDurably(join(settings.data, secretsName), join(folder, secretsName), 0o600);
  const missing = await findMissing(ctx, folder);
  const manifest: Manifest = {
    format: 1,
    version: software.version,
    name: ctx.names.host,
    createdAt: ctx.clock.now().toISOString(),
    generation: (await getInstance(ctx)).generation,
    database: await hashOf(join(folder, databaseName)),
    secrets,
    media: { files: early.files + late.files, bytes: early.bytes + late.bytes, missing },
  };
  await writeManifest(folder, manifest);
  return manifest;
}

async function demandEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length) throw new StartError(`${folder} is not empty: choose a new folder.`);
}

/** Files that the saved database names and that are not beside it. */
async function findMissing(ctx: Context, folder: string): Promise<string[]> {
  const saved = await createContext({ ...ctx.settings, data: folder }, { mode: 'command', log: ctx.log });
  try {
    const missing: string[] = [];
    for await (const path of referredPaths(saved.db))
      if (!(await isThere(join(folder, mediaName, path)))) missing.push(path);
    return missing;
  } finally {
    await saved.close();
  }
}

async function* referredPaths({ media, accounts, customEmojis, previewCards }: Context['db']) {
  for await (const { path, previewPath } of all(media)) yield* there(path, previewPath);
  for await (const { avatar, header } of all(accounts))
    yield* there(avatar?.path, avatar?.staticPath, header?.path, header?.staticPath);
  for await (const { path, staticPath } of all(customEmojis)) yield* there(path, staticPath);
  for await (const { page } of all(previewCards)) yield* there(page?.image?.path);
}

const there = (...paths: (string | null | undefined)[]): string[] => paths.flatMap((path) => path ?? []);

const pageSize = 1000;
type Page<T> = { toArray(): Promise<T[]> };
type Readable<T> = {
  find(filter: { _id: { $gt: string } }): { sort(by: { _id: 1 }): { limit(n: number): Page<T> } };
};

/** Every document, page by page. */
async function* all<T extends { _id: string }>(collection: Readable<T>): AsyncGenerator<T> {
  for (let after = ''; ;) {
    const page = await collection
      .find({ _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(pageSize)
      .toArray();
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < pageSize) return;
    after = last._id;
  }
}
