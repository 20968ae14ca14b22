import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StartError } from '../../errors.js';

export const databaseName = 'landfall.sqlite';
export const secretsName = 'secrets.json';
export const mediaName = 'media';
const manifestName = 'manifest.json';

const manifestType = z.object({
  format: z.literal(1),
  version: z.string(),
  /** Host of the instance. */
  name: z.string(),
  createdAt: z.string(),
  generation: z.number(),
  /** SHA-256 of the database file, hexadecimal. */
  database: z.string(),
  /** Whether the secret that seals the keys is in here. */
  secrets: z.boolean(),
  media: z.object({
    files: z.number(),
    bytes: z.number(),
    /** Paths that the database names and that were not there: deleted while the copy was made, or lost before. */
    missing: z.array(z.string()),
  }),
});

/** What a backup holds. Written last: a folder without it is no backup. */
export type Manifest = z.infer<typeof manifestType>;

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const file = await open(join(folder, manifestName), 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @throws StartError when it is none, unfinished, or not what was written */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, manifestName), 'utf8').catch(() => null);
  if (text === null) throw new StartError(`${folder} holds no finished backup: there is no ${manifestName}.`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  const manifest = manifestType.safeParse(json);
  if (!manifest.success)
    throw new StartError(`${join(folder, manifestName)} is not that of a backup of this version.`);
  if ((await hashOf(join(folder, databaseName))) !== manifest.data.database)
    throw new StartError(
      `The database in ${folder} is not the one that was saved: it is damaged or was changed.`,
    );
  return manifest.data;
}

export async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
