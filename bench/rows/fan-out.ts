import type { FediverseReport, Mode, Plan } from '../fediverse.js';
import { median, nowMs, quantile, sleep } from '../lib/measure.js';
import { cpuOf, post, settled, type Check, type Stage } from '../lib/stage.js';
import { limitsThere, there, type Limit } from '../lib/there.js';
import { followerCount, hostCount } from '../lib/world.js';

interface FanOut {
  perSecond: number;
  coreMs: number;
  /** From the post to each arrival. */
  times: number[];
  report: FediverseReport;
}

let posts = 0;

/** One post to everybody; ends when `expected` deliveries came and the queue has settled. */
async function fanOut(stage: Stage, expected: number, timeoutMs: number): Promise<FanOut> {
  const { instance, author } = await stage.community();
  await stage.fediverse.call('reset');
  let began = 0;
  const { coreMs } = await cpuOf(instance.pid(), async () => {
    began = nowMs();
    await post(instance, author.token, `Post ${++posts} to everybody who listens, wherever they are.`);
    await stage.fediverse.call('arrived', { count: expected, timeoutMs });
    if (expected === followerCount) await settled(stage);
  });
  const report = await stage.fediverse.call<FediverseReport>('report');
  const times = [...report.times].map((at) => at - began);
  return {
    perSecond: (report.unique / Math.max(...times)) * 1000,
    coreMs: coreMs / report.unique,
    times,
    report,
  };
}

const exactlyOnce = (runs: readonly FanOut[]): Check => {
  const wrong = runs.reduce((sum, { report }) => sum + report.wrong, 0);
  const checked = runs.reduce((sum, { report }) => sum + report.checked, 0);
  const lost = runs.reduce((sum, { report }) => sum + (followerCount - report.unique), 0);
  const double = runs.reduce((sum, { report }) => sum + report.duplicates, 0);
  return {
    what: 'each delivered exactly once',
    goal: '0 lost, 0 double',
    figure: `${lost} lost, ${double} double, ${wrong} of ${checked} signatures wrong`,
    ratio: null,
    pass: lost === 0 && double === 0 && wrong === 0 && checked > 0,
  };
};

/** "Sign + POST" without a queue, to the same inboxes. */
async function signAndPost({ limits, port }: Stage): Promise<Limit> {
  const { result, coreMs } = await cpuOf(limits.pid, () =>
    limits.call<number>('signAndPost', { port, concurrency: 128 }),
  );
  return { perSecond: result, coreMs: coreMs / followerCount };
}

/** 1,000 inboxes on 200 hosts that answer at once. */
export async function fanOutInstant(stage: Stage): Promise<Check[]> {
  await stage.community();
  await stage.plan({});
  await signAndPost(stage);
  await fanOut(stage, followerCount, 60_000);
  const runs: FanOut[] = [];
  const limits: Limit[] = [];
  for (let round = 0; round < stage.rounds + 1; round++) {
    limits.push(await signAndPost(stage));
    runs.push(await fanOut(stage, followerCount, 60_000));
    stage.say(
      `fan-out ${Math.round(runs.at(-1)?.perSecond ?? 0)}/s, limit ${Math.round(limits.at(-1)?.perSecond ?? 0)}/s`,
    );
  }
  const [mine, limit] = [median(runs.map((r) => r.perSecond)), median(limits.map((l) => l.perSecond))];
  const [core, limitCore] = [median(runs.map((r) => r.coreMs)), median(limits.map((l) => l.coreMs))];
  return [
    {
      what: 'fan-out, 1,000 inboxes on 200 hosts',
      goal: '≥ 0.60 of sign + POST',
      figure: `${Math.round(mine)}/s of ${Math.round(limit)}/s`,
      ratio: mine / limit,
      pass: mine / limit >= 0.6,
    },
    {
      what: 'CPU per delivery',
      goal: '≤ 0.6 core-ms',
      figure: `${core.toFixed(2)} core-ms; sign + POST takes ${limitCore.toFixed(2)}`,
      ratio: null,
      pass: Number.isNaN(core) ? null : core <= 0.6,
      there: there((core * limitsThere.signAndPost.coreMs) / limitCore, { most: 0.6, unit: 'core-ms' }),
    },
    exactlyOnce(runs),
  ];
}

const latencyMs = 100;

/** The same, peers answering after 100 ms. */
export async function fanOutSlow(stage: Stage): Promise<Check[]> {
  await stage.community();
  const runs: FanOut[] = [];
  const limits: number[] = [];
  for (let round = 0; round < stage.rounds + 1; round++) {
    await stage.plan({});
    limits.push((await signAndPost(stage)).perSecond);
    await stage.plan({ latencyMs });
    runs.push(await fanOut(stage, followerCount, 60_000));
  }
  await stage.plan({});
  const counted = runs.slice(1);
  const last = median(counted.map((r) => Math.max(...r.times)));
  const limit = median(limits.slice(1));
  return [
    {
      what: 'fan-out, peers answer after 100 ms',
      goal: 'all 1,000 within 1.2 s',
      figure: `${(last / 1000).toFixed(2)} s, ${Math.round((followerCount / last) * 1000)}/s`,
      ratio: null,
      pass: last <= 1200,
      // Peers are as slow everywhere; the rest is work.
      there: there(((last - latencyMs) * limit) / limitsThere.signAndPost.perSecond, {
        most: 1200 - latencyMs,
        unit: `ms of work and ${latencyMs} of waiting`,
      }),
    },
    exactlyOnce(runs),
  ];
}

const isDead = (host: number): boolean => host % 3 === 0;
const deadHosts = Array.from({ length: hostCount }, (_, i) => i).filter(isDead);
const healthy = followerCount - deadHosts.length * (followerCount / hostCount);
const ways: Mode[] = ['refused', 'black-hole', 'slow'];

/** A third of the hosts dead in three ways: what do the others notice? */
export async function fanOutDead(stage: Stage): Promise<Check[]> {
  const modes: Plan['modes'] = Object.fromEntries(
    deadHosts.map((host, i) => [host, ways[i % ways.length] ?? 'slow']),
  );
  await stage.plan({ latencyMs: 20 });
  await fanOut(stage, followerCount, 60_000);
  const [without, within]: [number[], number[]] = [[], []];
  const [calm, hit]: [number[], number[]] = [[], []];
  for (let round = 0; round < stage.rounds; round++) {
    await stage.plan({ latencyMs: 20 });
    const good = await fanOut(stage, followerCount, 60_000);
    // Of all 1,000, those that go to the hosts which stay healthy: the first two thirds to arrive are as many.
    without.push(quantile(good.times, 0.99));
    calm.push(good.coreMs * followerCount);
  }
  const rest = await afterwards(stage);
  await stage.plan({ latencyMs: 20, modes });
  for (let round = 0; round < stage.rounds; round++) {
    const run = await fanOut(stage, healthy, 60_000);
    within.push(quantile(run.times, 0.99));
    hit.push(run.coreMs * run.report.unique);
  }
  const busy = await afterwards(stage);
  await stage.plan({});
  const ratio = median(within) / median(without);
  return [
    {
      what: 'fan-out, a third of the hosts dead: p99 of the healthy',
      goal: '≤ 1.3 × without the dead',
      figure: `${Math.round(median(within))} ms, without ${Math.round(median(without))} ms`,
      ratio,
      pass: ratio <= 1.3,
    },
    {
      what: 'CPU that the dead take',
      goal: '< 5 %',
      figure: `${(busy - rest).toFixed(1)} % of a core afterwards (${busy.toFixed(1)}, without ${rest.toFixed(1)}); fan-out ${Math.round(median(hit))} core-ms, without ${Math.round(median(calm))}`,
      ratio: null,
      pass: busy - rest < 5,
    },
  ];
}

/** What a server takes of a core, in percent, when a fan-out is over: first the books of the living are closed. */
async function afterwards(stage: Stage): Promise<number> {
  const { instance } = await stage.community();
  const seconds = stage.quick ? 2 : 4;
  await sleep(1000);
  const { coreMs } = await cpuOf(instance.pid(), () => sleep(seconds * 1000));
  return coreMs / (seconds * 10);
}
