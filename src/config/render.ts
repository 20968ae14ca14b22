import { settingsTable, type SettingKey } from './settings.js';

/** The settings table in the forms in which it is written down elsewhere (scripts/generate-config.mjs). */

const keys = Object.keys(settingsTable) as SettingKey[];

/** `config/default.json`: what holds where nothing is set. */
export function toDefaultJson(): string {
  const defaults = Object.fromEntries(
    keys.map((key) => [settingsTable[key].env, settingsTable[key].default]),
  );
  return `${JSON.stringify(defaults, null, 2)}\n`;
}

/** `config/example.env`: every setting, commented out, with its meaning. */
export function toExampleEnv(): string {
  const head = '# Settings of Landfall. Lines that begin with # show the default.\n';
  const entries = keys.map((key) => {
    const { env, help, default: value } = settingsTable[key];
    return `\n# ${help}\n#${env}=${String(value)}\n`;
  });
  return head + entries.join('');
}

/** The table of docs/operating.md. */
export function toMarkdownTable(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = keys.map((key) => {
    const { env, help, default: value } = settingsTable[key];
    return `| \`${env}\` | ${value === '' ? '(empty)' : `\`${String(value)}\``} | ${cell(help)} |`;
  });
  return ['| setting | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

export const tableBegin = '<!-- settings:begin (npm run config:generate) -->';
export const tableEnd = '<!-- settings:end -->';

/** A Markdown text with the table put (anew) between its two marks. @throws Error where there are none */
export function withTable(markdown: string): string {
  const begin = markdown.indexOf(tableBegin);
  const end = markdown.indexOf(tableEnd);
  if (begin < 0 || end < begin) throw new Error('The text has no place for the table of settings');
  return `${markdown.slice(0, begin)}${tableBegin}\n\n${toMarkdownTable()}\n\n${markdown.slice(end)}`;
}
