import type { Outcome, Result } from './row.js';

const outcomes: readonly Outcome[] = ['passed', 'failed', 'not applicable', 'could not be asked'];
const pad = (text: string | number, width: number): string => String(text).padEnd(width);

/** The table: a line for each row, then how many of each outcome by group. */
export function toReport(results: readonly Result[]): string {
  const lines = results.map(({ id, name, outcome, reason }) =>
    `${String(id).padStart(4)}  ${pad(name, 22)}${pad(outcome, 20)}${reason}`.trimEnd(),
  );
  const groups = [...new Set(results.map((r) => r.group))];
  const width = Math.max(...groups.map((g) => g.length), 5) + 2;
  const counts = (list: readonly Result[]): string =>
    outcomes.map((o) => `${list.filter((r) => r.outcome === o).length} ${o}`).join(', ');
  const sums = groups.map((group) => pad(group, width) + counts(results.filter((r) => r.group === group)));
  return [...lines, '', ...sums, pad('All', width) + counts(results)].join('\n');
}
