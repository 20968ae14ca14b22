import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../lib/child.js';
import { createInstance, lastingPort, type Instance } from '../lib/instance.js';
import { median, quantile, sleep } from '../lib/measure.js';
import { freshDatabase, type Check, type Stage } from '../lib/stage.js';
import { getRequest } from '../lib/wire.js';
import type { Person } from '../seed.js';

/** A reader that follows 500 accounts, and so many statuses of theirs in the store. */
export interface Library {
  instance: Instance;
  reader: Person;
  statuses: number;
}

const followed = 500;
const small = 10_000;
/** Bump when the shape of the seeded data changes. */
const seedVersion = 3;
const seedBudgetMs = 240_000;
const mongoBudgetMs = 60_000;
/** Written through the store; what is beyond are copies of these. */
const written = 2_000;

export const largeCount = (stage: Stage): number => (stage.quick ? 20_000 : 1_000_000);

/** Seeded data is kept in the cache folder: a million statuses take minutes to write. */
export async function library(stage: Stage, count: number): Promise<Library> {
  if (stage.mongodb !== null) return mongoLibrary(stage, count);
  const data = join(stage.cache, `statuses-${count}`);
  const noteFile = `${data}.json`;
  const kept = existsSync(noteFile) ? (JSON.parse(readFileSync(noteFile, 'utf8')) as Note) : null;
  if (kept?.version === seedVersion) {
    const instance = await createInstance({ data, port: kept.port, execArgv: stage.execArgv });
    return { instance, reader: kept.reader, statuses: kept.statuses };
  }
  stage.say(`seeding ${count.toLocaleString('en')} statuses`);
  rmSync(data, { recursive: true, force: true });
  const port = await lastingPort();
  const instance = await createInstance({ data, port, execArgv: stage.execArgv });
  // A process of its own: the other one keeps an eye on the community.
  const seed = await startChild(new URL('../seed.js', import.meta.url));
  const opened = { env: instance.env, keysFile: stage.keysFile, port: stage.port };
  await seed.call('open', opened);
  const reader = await seed.call<Person>('person', 'reader');
  const authors = await seed.call<string[]>('actors', { from: 0, to: followed });
  await seed.call('follows', { followers: [reader.id], targets: authors });
  const made = { authors, count: Math.min(count, written), budgetMs: seedBudgetMs };
  await seed.call<number>('history', made);
  await seed.call('close');
  const copies = Math.round(count / written) - 1;
  const file = join(data, 'landfall.sqlite');
  const statuses = await seed.call<number>('multiply', { file, copies });
  await seed.call('open', opened);
  await seed.call('fillHome', reader.id);
  await seed.call('close');
  await seed.stop();
  writeFileSync(noteFile, JSON.stringify({ version: seedVersion, port, reader, statuses } satisfies Note));
  return { instance, reader, statuses };
}

/** Written anew for each run, document by document: so many as there is time for. */
async function mongoLibrary(stage: Stage, count: number): Promise<Library> {
  stage.say(`seeding ${count.toLocaleString('en')} statuses over the MongoDB protocol`);
  const data = stage.folder(`statuses-${count}`);
  const databaseUrl = freshDatabase(stage, `statuses_${count}`);
  const instance = await createInstance({ data, execArgv: stage.execArgv, databaseUrl });
  const seed = await startChild(new URL('../seed.js', import.meta.url));
  await seed.call('open', { env: instance.env, keysFile: stage.keysFile, port: stage.port });
  const reader = await seed.call<Person>('person', 'reader');
  const authors = await seed.call<string[]>('actors', { from: 0, to: followed });
  await seed.call('follows', { followers: [reader.id], targets: authors });
  const statuses = await seed.call<number>('history', { authors, count, budgetMs: mongoBudgetMs });
  await seed.call('fillHome', reader.id);
  await seed.call('close');
  await seed.stop();
  return { instance, reader, statuses };
}

interface Note {
  version: number;
  port: number;
  reader: Person;
  statuses: number;
}

interface Figures {
  p50: number;
  perSecond: number;
}

async function timeline(stage: Stage, { instance, reader }: Library): Promise<Figures> {
  const headers = { authorization: `Bearer ${reader.token}` };
  const requests = [getRequest(instance.host, '/api/v1/timelines/home?limit=20', headers)];
  const aim = { host: '127.0.0.1', port: instance.port, requests };
  const total = stage.quick ? 300 : 1500;
  await stage.fire({ ...aim, total: stage.quick ? 300 : 1500, concurrency: 8 });
  const [alone, many]: [number[], number[]] = [[], []];
  for (let round = 0; round < stage.rounds; round++) {
    alone.push(quantile([...(await stage.fire({ ...aim, total: 200, concurrency: 1 })).ms], 0.5));
    const fired = await stage.fire({ ...aim, total, concurrency: 32 });
    if (fired.statuses[200] !== total) throw new Error(`home timeline: ${JSON.stringify(fired.statuses)}`);
    many.push((total / (fired.endedAt - fired.beganAt)) * 1000);
  }
  return { p50: median(alone), perSecond: median(many) };
}

/** 20 statuses of a home timeline, with few and with many statuses stored; and the start with many. */
export async function home(stage: Stage): Promise<Check[]> {
  const few = await library(stage, small);
  await few.instance.start();
  const base = await timeline(stage, few);
  await few.instance.stop();
  const many = await library(stage, largeCount(stage));
  await many.instance.start();
  const large = await timeline(stage, many);
  await many.instance.stop();
  const stored = many.statuses.toLocaleString('en');
  const ratio = large.perSecond / base.perSecond;
  stage.say(
    `home timeline ${Math.round(large.perSecond)}/s with ${stored}, ${Math.round(base.perSecond)}/s with 10,000`,
  );
  return [
    {
      what: `home timeline, ${stored} statuses stored: p50 alone`,
      goal: '≤ 5 ms',
      figure: `${large.p50.toFixed(1)} ms`,
      ratio: null,
      pass: large.p50 <= 5,
    },
    {
      what: 'the same at concurrency 32',
      goal: '≥ 800/s',
      figure: `${Math.round(large.perSecond)}/s`,
      ratio: null,
      pass: large.perSecond >= 800,
    },
    {
      what: `from 10,000 to ${stored}`,
      goal: 'unchanged within 20 %',
      figure: `${Math.round(base.perSecond)}/s → ${Math.round(large.perSecond)}/s`,
      ratio,
      pass: ratio >= 0.8,
    },
  ];
}

/** The first 200 after the start of the process, with everything stored. */
export async function start(stage: Stage): Promise<Check[]> {
  const many = await library(stage, largeCount(stage));
  const times: number[] = [];
  for (let round = 0; round < stage.rounds + 1; round++) {
    times.push(await many.instance.start());
    await sleep(200);
    await many.instance.stop();
  }
  const ms = median(times);
  return [
    {
      what: `start, ${many.statuses.toLocaleString('en')} statuses stored: first 200`,
      goal: '≤ 1.5 s',
      figure: `${(ms / 1000).toFixed(2)} s`,
      ratio: null,
      pass: ms <= 1500,
    },
  ];
}
