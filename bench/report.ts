import type { Check } from './lib/stage.js';

export interface RowResult {
  name: string;
  checks: Check[];
}

export interface About {
  node: string;
  engine: string;
  /** What one core can do: absolute figures of two machines can be compared by it. */
  machine: { signPerSecond: number; verifyPerSecond: number };
  quick: boolean;
  seconds: number;
  at: Date;
}

const verdictOf = (pass: boolean | null): string => (pass === null ? '–' : pass ? 'reached' : 'missed');

/** What both tables say of a verdict, in the order of their columns. */
const cellsOf = ({ what, goal, figure, ratio, pass, there }: Check): string[] => [
  what,
  goal,
  figure,
  ratio === null ? '' : ratio.toFixed(2),
  verdictOf(pass),
  there ? `${there.figure}, ${verdictOf(there.pass)}` : '',
];
const columns = ['what', 'goal', 'figure', 'ratio', 'verdict', 'where the goals were set'];

/** A table for the terminal. */
export function toText(results: readonly RowResult[]): string {
  const lines = [
    ['row', ...columns],
    ...results.flatMap(({ name, checks }) => checks.map((check) => [name, ...cellsOf(check)])),
  ];
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  return lines.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')).join('\n');
}

/** The same for a page, with a plot of the ratios. */
export function toMarkdown(results: readonly RowResult[], about: About): string {
  const toLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const minutes = (about.seconds / 60).toFixed(1);
  return [
    '# Bench',
    '',
    `Node ${about.node}, ${about.at.toISOString().slice(0, 10)}${about.quick ? ', quick' : ''}, ${minutes} minutes. ` +
      `${about.engine}. One core of this machine makes ${Math.round(about.machine.signPerSecond)} RSA-2048 signatures a ` +
      `second (${(1000 / about.machine.signPerSecond).toFixed(2)} core-ms each) and verifies ` +
      `${Math.round(about.machine.verifyPerSecond)}. Each figure is the median of several rounds; ratios are against ` +
      'limits measured in the same run. The last column tells goals in ms and core-ms as the figure would be on the ' +
      'machine of the goals: to its limit as the figure is to the limit here (bench/lib/there.ts).',
    '',
    toLine(columns),
    `|${columns.map(() => '---|').join('')}`,
    ...results.flatMap(({ checks }) => checks.map((check) => toLine(cellsOf(check)))),
    '',
    toPlot(results),
    '',
  ].join('\n');
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A bar for every ratio, with a line where the limit is. */
function toPlot(results: readonly RowResult[]): string {
  const bars = results.flatMap(({ checks }) => checks.filter((c) => c.ratio !== null));
  const [left, width, step] = [330, 380, 26];
  const height = bars.length * step + 30;
  const scale = Math.max(1, ...bars.map((b) => b.ratio ?? 0));
  const x = (ratio: number): number => left + (ratio / scale) * width;
  const drawn = bars.map((bar, i) => {
    const y = 10 + i * step;
    const colour = bar.pass === false ? '#b4452c' : '#2c7a4b';
    return (
      `<text x="${left - 8}" y="${y + 13}" text-anchor="end">${escape(bar.what)}</text>` +
      `<rect x="${left}" y="${y}" width="${((bar.ratio ?? 0) / scale) * width}" height="18" fill="${colour}"/>` +
      `<text x="${x(bar.ratio ?? 0) + 6}" y="${y + 13}">${(bar.ratio ?? 0).toFixed(2)}</text>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 60} ${height}" font-family="sans-serif" ` +
    `font-size="12">${drawn.join('')}<line x1="${x(1)}" x2="${x(1)}" y1="4" y2="${height - 20}" stroke="#555" ` +
    `stroke-dasharray="4 3"/><text x="${x(1)}" y="${height - 6}" text-anchor="middle">limit</text></svg>`
  );
}
