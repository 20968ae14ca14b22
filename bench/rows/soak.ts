import type { Fired } from '../load.js';
import { median, nowMs, quantile, residentMb, sleep } from '../lib/measure.js';
import { post, settled, type Check, type Stage } from '../lib/stage.js';
import { getRequest } from '../lib/wire.js';

const minute = 60_000;
/** What one second brings: a steady load well below what the server can do. */
const perSecond = { notes: 20, reads: 20 };
const postEverySeconds = 20;
/** First caches fill, with five times as much, and the heap finds its size. */
const warmUp = 0.3;
const filling = { notes: 100, reads: 40 };

interface Sample {
  at: number;
  mb: number;
}

/** A steady load for ten minutes (`LANDFALL_BENCH_SOAK_MINUTES`): does memory grow, do answers slow down? */
export async function soak(stage: Stage): Promise<Check[]> {
  const { instance } = await stage.community();
  const minutes = Number(process.env['LANDFALL_BENCH_SOAK_MINUTES'] ?? (stage.quick ? 1 : 10));
  await stage.plan({});
  const samples: Sample[] = [];
  const times: number[] = [];
  const start = nowMs();
  for (let second = 0; nowMs() - start < minutes * minute; second++) {
    const began = nowMs();
    const isFilling = began - start < warmUp * minutes * minute;
    const fired = await oneSecond(stage, second, isFilling ? filling : perSecond);
    times.push(quantile([...fired.ms], 0.99));
    samples.push({ at: nowMs(), mb: residentMb(instance.pid()) ?? Number.NaN });
    if (second % 30 === 0) stage.say(`soak ${second} s: ${samples.at(-1)?.mb.toFixed(0)} MB`);
    await sleep(Math.max(0, 1000 - (nowMs() - began)));
  }
  await settled(stage, minute);
  const steady = samples.slice(Math.floor(samples.length * warmUp));
  const half = Math.floor(steady.length / 2);
  const [early, late] = [steady.slice(0, half), steady.slice(half)].map((part) =>
    median(part.map((sample) => sample.mb)),
  ) as [number, number];
  const calm = times.slice(Math.floor(times.length * warmUp));
  const part = Math.floor(calm.length / 3);
  const [first, last] = [median(calm.slice(0, part)), median(calm.slice(-part))];
  return [
    {
      what: `soak, ${minutes} minutes: memory, first half to second half after the warm-up`,
      goal: 'no growth (< 5 %)',
      figure: `${early.toFixed(0)} → ${late.toFixed(0)} MB, most ${Math.max(...samples.map((s) => s.mb)).toFixed(0)}`,
      ratio: late / early,
      pass: late <= early * 1.05,
    },
    {
      what: 'home timeline p99, first third to last third',
      goal: 'told',
      figure: `${first.toFixed(0)} → ${last.toFixed(0)} ms`,
      ratio: null,
      pass: null,
    },
  ];
}

/** Notes come in, the reader reads, and now and then the author writes to everybody. */
async function oneSecond(stage: Stage, second: number, { notes, reads }: typeof perSecond): Promise<Fired> {
  const { instance, author, reader, warm } = await stage.community();
  const run = `s${process.pid}t${second}n`;
  const { keysFile, port } = stage;
  const load = { keysFile, port, host: instance.host, actors: warm, count: notes, run };
  await stage.load.call('prepareInbox', load);
  if (second % postEverySeconds === 0) await post(instance, author.token, `Second ${second} of a long day.`);
  const aim = { run, host: '127.0.0.1', port: instance.port, concurrency: 4 };
  await stage.load.call<Fired>('fireInbox', aim);
  await stage.load.call('forget', run);
  const headers = { authorization: `Bearer ${reader.token}` };
  const requests = [getRequest(instance.host, '/api/v1/timelines/home?limit=20', headers)];
  const target = { host: '127.0.0.1', port: instance.port };
  return stage.fire({ ...target, requests, total: reads, concurrency: 2 });
}
