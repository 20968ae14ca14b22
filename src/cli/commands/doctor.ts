import type { Command } from 'commander';
import { loadSettings, unknownSettings } from '../../config/load.js';
import { AppError, StartError } from '../../errors.js';
import { checkAll, type Check } from '../doctor/checks.js';
import { command, jsonOption, show, withInstance, type CommonOptions } from '../command.js';
import { toTable, type Io } from '../io.js';

export function doctorCommand(io: Io): Command {
  return command('doctor', 'look whether all is well: settings, database, clock, disk, public address', [
    'doctor',
    'doctor --json',
  ])
    .option(...jsonOption)
    .action((options: CommonOptions) =>
      show(io, options, async () => {
        const checks = await examine(io);
        const failed = checks.some((check) => check.result === 'failed');
        const rows = checks.map(({ result, name, text }) => [result, name, text]);
        const verdict = failed ? 'Something needs attention.' : 'All is well.';
        return {
          json: { ok: !failed, checks },
          text: `${toTable(['', 'WHAT', 'FOUND'], rows)}\n\n${verdict}`,
          failed,
        };
      }),
    );
}

/** What makes a start impossible is a finding, not an error. */
async function examine(io: Io): Promise<Check[]> {
  try {
    loadSettings(io.env);
  } catch (error) {
    return [{ name: 'settings', result: 'failed', text: toText(error) }];
  }
  const unknown = unknownSettings(io.env);
  const settings: Check = unknown.length
    ? { name: 'settings', result: 'warning', text: `no settings of this version: ${unknown.join(', ')}` }
    : { name: 'settings', result: 'ok', text: 'can be used' };
  try {
    return [settings, ...(await withInstance(io, checkAll))];
  } catch (error) {
    return [settings, { name: 'database', result: 'failed', text: toText(error) }];
  }
}

function toText(error: unknown): string {
  const expected = error instanceof StartError || error instanceof AppError;
  return expected || !(error instanceof Error)
    ? String(error instanceof Error ? error.message : error)
    : `${error.name}: ${error.message}`;
}
