import type { Fired } from '../load.js';
import type { FediverseReport } from '../fediverse.js';
import { median, nowMs, quantile, until } from '../lib/measure.js';
import { cpuOf, settled, type Check, type Stage } from '../lib/stage.js';
import { limitsThere, there, type Limit } from '../lib/there.js';
import { firstStranger } from '../lib/world.js';
import type { Seen } from '../seed.js';

/** `perSecond`: taken, stored and in timelines. */
interface Flood extends Limit {
  acceptedPerSecond: number;
  p99: number;
  lost: number;
}

let runs = 0;

async function prepare(
  stage: Stage,
  { host, actors, count }: { host: string; actors: number[]; count: number },
) {
  const run = `r${process.pid}x${++runs}n`;
  const { keysFile, port } = stage;
  await stage.load.call('prepareInbox', { keysFile, port, host, actors, count, run });
  return run;
}

const accepted = (fired: Fired): number => fired.statuses[202] ?? 0;

async function flood(stage: Stage, count: number): Promise<Flood> {
  const { instance, warm } = await stage.community();
  const run = await prepare(stage, { host: instance.host, actors: warm, count });
  const before = await stage.look(null);
  let seen: Seen = before;
  const { result, coreMs } = await cpuOf(instance.pid(), async () => {
    const fired = await stage.load.call<Fired>('fireInbox', {
      run,
      host: '127.0.0.1',
      port: instance.port,
      concurrency: 32,
    });
    await until(async () => (seen = await stage.look(null)).pending === 0, 120_000, 40);
    return { fired, doneAt: nowMs() };
  });
  await stage.load.call('forget', run);
  const { fired, doneAt } = result;
  return {
    perSecond: (count / (doneAt - fired.beganAt)) * 1000,
    acceptedPerSecond: (count / (fired.endedAt - fired.beganAt)) * 1000,
    p99: quantile([...fired.ms], 0.99),
    coreMs: coreMs / count,
    lost: Math.max(accepted(fired), count) - (seen.processed - before.processed),
  };
}

/** The same load on an Express app that keeps everything in memory. */
async function ceiling(stage: Stage, count: number): Promise<Limit> {
  const { warm } = await stage.community();
  const port = await stage.limits.call<number>('inboxApp');
  const run = await prepare(stage, { host: `localhost:${port}`, actors: warm, count });
  const { result: fired, coreMs } = await cpuOf(stage.limits.pid, () =>
    stage.load.call<Fired>('fireInbox', { run, host: '127.0.0.1', port, concurrency: 32 }),
  );
  await stage.load.call('forget', run);
  await stage.limits.call('close');
  if (accepted(fired) !== count) throw new Error(`the ceiling refused: ${JSON.stringify(fired.statuses)}`);
  return { perSecond: (count / (fired.endedAt - fired.beganAt)) * 1000, coreMs: coreMs / count };
}

/** Warm keys, concurrency 32: stored, and processed into timelines. */
export async function inboxWarm(stage: Stage): Promise<Check[]> {
  const count = stage.quick ? 1000 : 3000;
  await stage.community();
  // As long as it takes until the code that all of it runs through is compiled, on either side.
  await ceiling(stage, 1000);
  await flood(stage, stage.quick ? 800 : 3000);
  const [floods, limits]: [Flood[], Limit[]] = [[], []];
  for (let round = 0; round < stage.rounds; round++) {
    limits.push(await ceiling(stage, count));
    floods.push(await flood(stage, count));
    const last = floods.at(-1);
    stage.say(
      `inbox ${Math.round(last?.perSecond ?? 0)}/s, limit ${Math.round(limits.at(-1)?.perSecond ?? 0)}/s`,
    );
  }
  const mine = median(floods.map((f) => f.perSecond));
  const limit = median(limits.map((l) => l.perSecond));
  const limitCore = median(limits.map((l) => l.coreMs));
  const p99 = median(floods.map((f) => f.p99));
  const core = median(floods.map((f) => f.coreMs));
  const lost = floods.reduce((sum, f) => sum + f.lost, 0);
  const taken = median(floods.map((f) => f.acceptedPerSecond));
  return [
    {
      what: 'inbox, warm keys: stored and in timelines',
      goal: '≥ 0.40 of the in-memory ceiling',
      figure: `${Math.round(mine)}/s (accepted at ${Math.round(taken)}/s) of ${Math.round(limit)}/s`,
      ratio: mine / limit,
      pass: mine / limit >= 0.4,
    },
    {
      what: 'its p99',
      goal: '≤ 60 ms',
      figure: `${p99.toFixed(0)} ms`,
      ratio: null,
      pass: p99 <= 60,
      there: there((p99 * limit) / limitsThere.inboxCeiling.perSecond, { most: 60, unit: 'ms' }),
    },
    {
      what: 'CPU per message',
      goal: '≤ 0.6 core-ms',
      figure: `${core.toFixed(2)} core-ms; the ceiling takes ${limitCore.toFixed(2)}`,
      ratio: null,
      pass: Number.isNaN(core) ? null : core <= 0.6,
      there: there((core * limitsThere.inboxCeiling.coreMs) / limitCore, { most: 0.6, unit: 'core-ms' }),
    },
    { what: 'accepted and then lost', goal: '0', figure: String(lost), ratio: null, pass: lost === 0 },
  ];
}

/** Actors never seen before, whose documents take 100 ms: known senders must not notice. */
export async function inboxUnknown(stage: Stage): Promise<Check[]> {
  const { instance, warm } = await stage.community();
  const perSecond = 150;
  const count = perSecond * (stage.quick ? 2 : 4);
  const known = async (): Promise<Fired> => {
    const run = await prepare(stage, { host: instance.host, actors: warm, count });
    const aim = { run, host: '127.0.0.1', port: instance.port, concurrency: 16, perSecond };
    const fired = await stage.load.call<Fired>('fireInbox', aim);
    await settled(stage, 60_000, 'pending');
    return fired;
  };
  await stage.plan({ documentMs: 100 });
  const alone = await known();
  const strangers = Array.from({ length: 100 }, (_, i) => firstStranger + runs * 1000 + i);
  const each = 3;
  const run = await prepare(stage, {
    host: instance.host,
    actors: strangers,
    count: strangers.length * each,
  });
  await stage.fediverse.call('reset');
  const [among, fired] = await Promise.all([
    known(),
    stage.load.call<Fired>('fireInbox', { run, host: '127.0.0.1', port: instance.port, concurrency: 32 }),
  ]);
  await settled(stage, 60_000, 'pending');
  const report = await stage.fediverse.call<FediverseReport>('report');
  await stage.plan({});
  const [before, after] = [quantile([...alone.ms], 0.95), quantile([...among.ms], 0.95)];
  const refused = strangers.length * each - accepted(fired);
  return [
    {
      what: 'inbox, unknown actors: fetches for each',
      goal: '1',
      figure: `${(report.fetches / strangers.length).toFixed(2)} (at most ${report.mostFetches}), ${refused} refused`,
      ratio: null,
      pass: report.mostFetches === 1 && refused === 0,
    },
    {
      what: 'known senders meanwhile: p95',
      goal: 'not delayed (≤ 50 ms)',
      figure: `${after.toFixed(0)} ms, alone ${before.toFixed(0)} ms`,
      ratio: null,
      pass: after <= 50,
    },
  ];
}
