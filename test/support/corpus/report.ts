import type { Row } from './run.js';

const kinds = ['activity', 'object', 'actor', 'collection', 'webfinger', 'nodeinfo'] as const;

/** How many payloads became what: `status: public` → 243. */
export function countOutcomes(rows: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { became } of rows) counts.set(became, (counts.get(became) ?? 0) + 1);
  return new Map([...counts].toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b)));
}

/** One line for each outcome, with a column for each kind of payload. */
export function toTable(rows: readonly Row[]): string {
  const line = (name: string, cells: readonly (string | number)[]): string =>
    `| ${name.padEnd(20)} | ${cells.map((cell) => String(cell).padStart(10)).join(' | ')} |`;
  const lines = [...countOutcomes(rows)].map(([became, all]) => {
    const of = (kind: string): string =>
      String(rows.filter((row) => row.became === became && row.kind === kind).length || '');
    return line(became, [...kinds.map(of), all]);
  });
  const sums = kinds.map((kind) => rows.filter((row) => row.kind === kind).length);
  const rule = `|${'-'.repeat(22)}|${`${'-'.repeat(11)}:|`.repeat(kinds.length + 1)}`;
  return [line('became', [...kinds, 'all']), rule, ...lines, line('all', [...sums, rows.length])].join('\n');
}

/** Reasons of what did not become anything, with an example each. */
export function toReasons(rows: readonly Row[]): string {
  const dull = ['ignored', 'refused', 'no account', 'waiting', 'no handle', 'no collection'];
  const groups = new Map<string, string[]>();
  for (const { became, reason, file } of rows.filter((row) => dull.includes(row.became))) {
    const key = `${became} | ${reason}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  const sorted = [...groups].toSorted(([, a], [, b]) => b.length - a.length);
  const lines = sorted.map(([key, files]) => `| ${files.length} | ${key} | \`${files[0] ?? ''}\` |`);
  return ['| files | became | reason | for example |', '| ---: | --- | --- | --- |', ...lines].join('\n');
}

/** Where what became of a payload is not what its hint says. */
export function missesOf(rows: readonly Row[]): Row[] {
  return rows.filter(({ expected, became }) => expected !== null && expected !== became);
}

export function toMisses(rows: readonly Row[]): string {
  const lines = missesOf(rows).map(
    ({ expected, became, reason, file }) => `| ${expected ?? ''} | ${became} (${reason}) | \`${file}\` |`,
  );
  return ['| hint | became | file |', '| --- | --- | --- |', ...lines].join('\n');
}

export function toDifferences(rows: readonly Row[]): string {
  const lines = rows
    .filter(({ features }) => features.different.length > 0)
    .map(({ features, file }) => `| ${features.different.join('; ')} | \`${file}\` |`);
  return ['| hint: stored | file |', '| --- | --- |', ...lines].join('\n');
}
