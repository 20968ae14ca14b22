import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadSecrets } from '../../config/secrets.js';
import { recordAct } from '../../domain/audit.js';
import { StartError } from '../../errors.js';
import { command, consoleActor, jsonOption, withInstance } from '../command.js';
import type { Io } from '../io.js';
import { provision } from '../provision/apply.js';
import { parseProvisionFile } from '../provision/file.js';

export function provisionCommand(io: Io): Command {
  const examples = ['provision accounts.json', 'provision - < accounts.json'];
  return command(
    'provision',
    'make accounts, clients and tokens from a JSON file; again changes nothing',
    examples,
  )
    .argument('<file>', 'path, or - for standard input')
    .option(...jsonOption)
    .action(async (path: string) => {
      const file = parseProvisionFile(await read(io, path));
      const made = await withInstance(io, (ctx) => {
        const details = {
          accounts: file.accounts.length,
          apps: file.apps.length,
          tokens: file.tokens.length,
        };
        const act = { actor: consoleActor(), action: 'provision', target: 'instance', details };
        const { instanceKey } = loadSecrets(ctx.settings);
        return provision(ctx, file, { instanceKey, record: () => recordAct(ctx, act) });
      });
      io.out(JSON.stringify(made, null, 2));
    });
}

async function read(io: Io, path: string): Promise<string> {
  if (path === '-') return io.stdin();
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new StartError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
}
