import type { Command } from 'commander';
import { loadSettings } from '../../config/load.js';
import { settingsTable, type SettingKey } from '../../config/settings.js';
import { command, group, jsonOption, show, type CommonOptions } from '../command.js';
import { toTable, type Io } from '../io.js';

export function configCommands(io: Io): Command {
  return group('config', 'settings', [showConfig(io)]);
}

function showConfig(io: Io): Command {
  return command('show', 'all settings, where they come from, and what they mean', [
    'config show',
    'config show --json',
  ])
    .option(...jsonOption)
    .action((options: CommonOptions) =>
      show(io, options, async () => {
        const settings = loadSettings(io.env);
        const rows = (Object.keys(settingsTable) as SettingKey[]).map((key) => {
          const spec = settingsTable[key];
          const given = io.env[spec.env] !== undefined && io.env[spec.env] !== '';
          const hidden = 'secret' in spec && spec.secret && given;
          return { env: spec.env, value: hidden ? '(hidden)' : settings[key], given, help: spec.help };
        });
        const table = rows.map((row) => [
          row.env,
          String(row.value),
          row.given ? 'set' : 'default',
          row.help,
        ]);
        const json = Object.fromEntries(rows.map(({ env, ...rest }) => [env, rest]));
        return { json, text: toTable(['SETTING', 'VALUE', 'FROM', 'WHAT IT IS'], table) };
      }),
    );
}
