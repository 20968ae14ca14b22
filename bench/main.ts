import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nowMs } from './lib/measure.js';
import { setStage, type Check, type Stage } from './lib/stage.js';
import { toMarkdown, toText, type About, type RowResult } from './report.js';
import { fanOutDead, fanOutInstant, fanOutSlow } from './rows/fan-out.js';
import { crash } from './rows/crash.js';
import { crowd, memory, queue } from './rows/crowd.js';
import { gets } from './rows/gets.js';
import { home, start } from './rows/home.js';
import { inboxUnknown, inboxWarm } from './rows/inbox.js';
import { soak } from './rows/soak.js';

/** Name → what is measured; in the order in which they run. */
const rows: Readonly<Record<string, (stage: Stage) => Promise<Check[]>>> = {
  'fan-out': fanOutInstant,
  'fan-out-100ms': fanOutSlow,
  inbox: inboxWarm,
  'inbox-unknown': inboxUnknown,
  get: gets,
  home,
  start,
  crowd,
  queue,
  'fan-out-dead': fanOutDead,
  memory,
};
/** Only on request: they take long, or end the server. */
const further: typeof rows = { soak, crash };

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    profile: { type: 'boolean', default: false },
    out: { type: 'string', default: 'bench/results' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const all = { ...rows, ...further };
  const names = Object.keys(all);
  if (values.help || values.only.some((name) => !names.includes(name))) {
    console.log(
      `npm run bench -- [--quick] [--only ROW]… [--profile] [--out FOLDER]\nRows: ${names.join(', ')}\n(${Object.keys(further).join(' and ')} only with --only)`,
    );
    process.exit(values.help ? 0 : 2);
  }
  mkdirSync(values.out, { recursive: true });
  const began = nowMs();
  const say = (text: string): void => {
    process.stderr.write(`${((nowMs() - began) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);
  };
  const execArgv = values.profile
    ? ['--cpu-prof', `--cpu-prof-dir=${values.out}`, '--cpu-prof-interval=500']
    : [];
  const mongodb = process.env['LANDFALL_BENCH_MONGODB_URL'] ?? null;
  const stage = await setStage({ quick: values.quick, cache: '.cache/bench', execArgv, mongodb, say });
  const results: RowResult[] = [];
  const machine = await stage.limits.call<About['machine']>('signatures');
  try {
    for (const name of values.only.length ? values.only : Object.keys(rows)) {
      say(name);
      const row = all[name];
      if (!row) continue;
      const checks = await runRow(row, stage, say);
      // Figures of the MongoDB engine are told, without a goal.
      results.push({ name, checks: mongodb === null ? checks : checks.map((c) => ({ ...c, pass: null })) });
    }
  } finally {
    await stage.close();
  }
  const limits = {
    node: process.version,
    engine: mongodb === null ? 'embedded engine' : 'MongoDB protocol',
    machine,
    quick: values.quick,
    seconds: (nowMs() - began) / 1000,
    at: new Date(),
  };
  console.log(toText(results));
  writeFileSync(join(values.out, 'bench.json'), JSON.stringify({ ...limits, results }, null, 2));
  writeFileSync(join(values.out, 'bench.md'), toMarkdown(results, limits));
  say(`written to ${values.out}/bench.md and bench.json`);
}

async function runRow(
  row: (stage: Stage) => Promise<Check[]>,
  stage: Stage,
  say: (text: string) => void,
): Promise<Check[]> {
  try {
    return await row(stage);
  } catch (error) {
    say(`failed: ${String((error as Error).stack ?? error)}`);
    return [{ what: 'the row itself', goal: 'ends', figure: String(error), ratio: null, pass: false }];
  }
}

await main();
process.exit(0);
