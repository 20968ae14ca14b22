import { join, resolve } from 'node:path';
import type { Settings } from '../../config/settings.js';
import type { Context } from '../../context.js';
import { asStaff } from '../../domain/audit.js';
import { getInstance } from '../../domain/instance.js';
import { StartError } from '../../errors.js';
import { copyDurably, copyMissing, isThere } from './files.js';
import { databaseName, mediaName, readManifest, secretsName, type Manifest } from './manifest.js';

/**
 * Puts a backup into an empty data folder, the database last, so that what was interrupted can be done again.
 * @throws StartError when there is a database already, or the backup is not whole
 */
export async function unpackBackup(settings: Settings, folder: string): Promise<Manifest> {
  const database = join(settings.data, databaseName);
  if (settings.databaseUrl !== 'embedded:')
    throw new StartError('A backup goes into an embedded database: unset LANDFALL_DATABASE_URL.');
  if (await isThere(database))
    throw new StartError(
      `${resolve(settings.data)} holds a database already. Choose an empty LANDFALL_DATA.`,
    );
  const manifest = await readManifest(folder);
  await copyMissing(join(folder, mediaName), join(settings.data, mediaName));
  if (settings.secret === '' && !(await isThere(join(settings.data, secretsName)))) {
    const size = await copyDurably(join(folder, secretsName), join(settings.data, secretsName), 0o600);
    if (size === null)
      throw new StartError(
        `The backup holds no ${secretsName}: set LANDFALL_SECRET as it was, or put the file there.`,
      );
  }
  await copyDurably(join(folder, databaseName), database, 0o600);
  return manifest;
}

/**
 * Makes the restored copy the one that counts: it has a generation of its own, so a server that still runs on an older
 * one sends nothing more. What waited to be sent is dropped (unless `keepQueue`): it was sent since, or its posts were
 * deleted, and nobody wants either again.
 */
export async function takeOver(ctx: Context, who: string, keepQueue: boolean): Promise<{ dropped: number }> {
  const { _id, generation } = await getInstance(ctx);
  const act = { actor: who, action: 'instance.restore', target: 'instance', details: { keepQueue } };
  return asStaff(ctx, act, async () => {
    await ctx.db.instance.updateOne({ _id }, { $set: { generation: generation + 1 } });
    if (keepQueue) return { dropped: 0 };
    const jobs = await ctx.db.jobs.deleteMany({});
    const deliveries = await ctx.db.deliveries.deleteMany({});
    return { dropped: jobs.deletedCount + deliveries.deletedCount };
  });
}
