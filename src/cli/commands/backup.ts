import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadSettings } from '../../config/load.js';
import { saveBackup } from '../backup/save.js';
import { takeOver, unpackBackup } from '../backup/restore.js';
import {
  command,
  consoleActor,
  jsonOption,
  show,
  showOn,
  withInstance,
  type CommonOptions,
} from '../command.js';
import type { Io } from '../io.js';

export function backupCommand(io: Io): Command {
  const description = 'save database, media and secret to a new folder, while the server runs';
  return command('backup', description, ['backup /backup/2030-01-31'])
    .argument('<folder>', 'new, or empty')
    .option(...jsonOption)
    .action((folder: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const manifest = await saveBackup(ctx, resolve(folder));
        const { files, bytes, missing } = manifest.media;
        const lines = [
          `Saved: the database and ${files} files (${(bytes / 1024 ** 2).toFixed(1)} MB) of media.`,
        ];
        if (missing.length) lines.push(`${missing.length} files that the database names were not there.`);
        lines.push(
          manifest.secrets
            ? 'The secret that opens the private keys is in it: keep it where nobody else can read it.'
            : 'LANDFALL_SECRET is not in it: keep it apart.',
        );
        return { json: manifest, text: lines.join('\n') };
      }),
    );
}

interface RestoreOptions extends CommonOptions {
  keepQueue?: boolean;
}

export function restoreCommand(io: Io): Command {
  const examples = ['restore /backup/2030-01-31', 'restore --keep-queue /backup/of-today'];
  return command('restore', 'put a backup into an empty data folder', examples)
    .argument('<folder>', 'made by `landfall backup`')
    .option(
      '--keep-queue',
      'send what waited to be sent: only for a move, right after the old server was stopped',
    )
    .option(...jsonOption)
    .action((folder: string, options: RestoreOptions) =>
      show(io, options, async () => {
        const manifest = await unpackBackup(loadSettings(io.env), resolve(folder));
        const { dropped } = await withInstance(io, (ctx) =>
          takeOver(ctx, consoleActor(), options.keepQueue === true),
        );
        const text =
          `Restored as of ${manifest.createdAt}; ${dropped} items that waited to be sent were dropped. ` +
          'Never start the old server again. Now: landfall serve';
        return { json: { createdAt: manifest.createdAt, dropped }, text };
      }),
    );
}
