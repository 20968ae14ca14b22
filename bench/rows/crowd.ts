import { request } from 'node:http';
import type { Fired } from '../load.js';
import { median, nowMs, quantile, residentMb, sleep, until } from '../lib/measure.js';
import { post, settled, type Check, type Stage } from '../lib/stage.js';
import { getRequest } from '../lib/wire.js';
import { actorUri, followerCount } from '../lib/world.js';
import type { FediverseReport } from '../fediverse.js';
import { largeCount, library } from './home.js';

const followers = 5000;
/** The actor whom they all follow; no warm sender, so that other rows stay as they are. */
const star = 500;
const listeners = 20;

/** One incoming post with 5,000 local followers: in all home timelines, and on the streams of some who listen. */
export async function crowd(stage: Stage): Promise<Check[]> {
  const { instance, seed, people } = await gather(stage);
  const [homes, streams]: [number[], number[]] = [[], []];
  for (let round = 0; round < stage.rounds; round++) {
    const arrivals: number[] = [];
    const ends = await Promise.all(
      people.map((p) => listen(instance.port, p.token, () => arrivals.push(nowMs()))),
    );
    const run = `c${process.pid}r${round}n`;
    const { keysFile, port } = stage;
    const load = { keysFile, port, host: instance.host, actors: [star], count: 1, run };
    await stage.load.call('prepareInbox', load);
    const aim = { run, host: '127.0.0.1', port: instance.port, concurrency: 1 };
    const fired = await stage.load.call<Fired>('fireInbox', aim);
    const uri = `${actorUri(star, port)}/statuses/${run}0`;
    const all = async (): Promise<boolean> => (await seed.call<number>('reached', uri)) >= followers;
    await until(all, 30_000, 20);
    homes.push(nowMs() - fired.beganAt);
    await until(async () => arrivals.length >= people.length, 10_000, 5);
    streams.push(arrivals.length < people.length ? Infinity : Math.max(...arrivals) - fired.beganAt);
    for (const end of ends) end();
    await settled(stage, 30_000, 'pending');
  }
  const [home, stream] = [median(homes), median(streams)];
  return [
    {
      what: 'one post, 5,000 local followers: in all homes',
      goal: 'within 1 s',
      figure: `${(home / 1000).toFixed(2)} s`,
      ratio: null,
      pass: home <= 1000,
    },
    {
      what: `the same on the streams (${listeners} listen)`,
      goal: 'within 1 s',
      figure: `${(stream / 1000).toFixed(2)} s`,
      ratio: null,
      pass: stream <= 1000,
    },
  ];
}

async function gather(stage: Stage) {
  const { instance } = await stage.community();
  const { seed } = stage;
  const people = [];
  for (let i = 0; i < listeners; i++)
    people.push(await seed.call<{ id: string; token: string }>('person', `ear${i}`));
  const ids = await seed.call<string[]>('crowd', followers - listeners);
  const author = await seed.call<string>('accountOf', star);
  await seed.call('follows', { followers: [...ids, ...people.map((p) => p.id)], targets: [author] });
  return { instance, seed, people };
}

/** Opens a stream of server-sent events. @returns the way to end it */
function listen(port: number, token: string, onUpdate: () => void): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const req = request({ host: '127.0.0.1', port, path: '/api/v1/streaming/user', headers }, (res) => {
      if (res.statusCode !== 200) return reject(new Error(`streaming: ${res.statusCode}`));
      let told = false;
      res.on('data', (chunk: Buffer) => {
        if (!told && chunk.includes('event: update')) {
          told = true;
          onUpdate();
        }
      });
      res.on('error', () => {});
      resolve(() => void req.destroy());
    });
    req.on('error', reject).end();
  });
}

/** Many posts at once: does the queue keep its pace, its memory, and leave the API alone? */
export async function queue(stage: Stage): Promise<Check[]> {
  const { instance, author } = await stage.community();
  const posts = stage.quick ? 3 : 100;
  const headers = { authorization: `Bearer ${author.token}` };
  const api = [getRequest(instance.host, '/api/v1/accounts/verify_credentials', headers)];
  const aim = { host: '127.0.0.1', port: instance.port, requests: api, concurrency: 2, perSecond: 50 };
  await stage.plan({});
  const idle = quantile([...(await stage.fire({ ...aim, total: 100 })).ms], 0.99);
  await stage.fediverse.call('reset');
  const memory = residentMb(instance.pid()) ?? Number.NaN;
  for (let i = 0; i < posts; i++) await post(instance, author.token, `Post ${i} of a long day.`);
  const wanted = posts * followerCount;
  const began = nowMs();
  const [during, peak] = await Promise.all([
    stage.fire({ ...aim, total: stage.quick ? 100 : 500 }),
    stage.fediverse
      .call('arrived', { count: wanted, timeoutMs: 240_000 })
      .then(() => residentMb(instance.pid())),
  ]);
  const report = await stage.fediverse.call<FediverseReport>('report');
  await settled(stage);
  const busy = quantile([...during.ms], 0.99);
  const grown = (peak ?? Number.NaN) - memory;
  const rate = (report.unique / (report.lastAt - report.firstAt)) * 1000;
  return [
    {
      what: `${wanted.toLocaleString('en')} deliveries queued`,
      goal: 'all, once; rate within 20 % of 1,000',
      figure: `${Math.round(rate)}/s, ${wanted - report.unique} lost, ${report.duplicates} double, ${((nowMs() - began) / 1000).toFixed(0)} s`,
      ratio: null,
      pass: report.unique === wanted && report.duplicates === 0,
    },
    {
      what: 'memory growth',
      goal: '< 100 MB',
      figure: `${grown.toFixed(0)} MB`,
      ratio: null,
      pass: grown < 100,
    },
    {
      what: 'API p99 meanwhile',
      goal: '< 3 × idle',
      figure: `${busy.toFixed(0)} ms, idle ${idle.toFixed(0)} ms`,
      ratio: busy / idle,
      pass: busy < 3 * idle,
    },
  ];
}

/** After everything: what does the server still hold? And one that has nothing to do, not even for the dead. */
export async function memory(stage: Stage): Promise<Check[]> {
  const { instance } = await stage.community();
  await settled(stage, 20_000, 'pending');
  const after = residentMb(instance.pid()) ?? Number.NaN;
  const { instance: quiet } = await library(stage, largeCount(stage));
  await quiet.start();
  await sleep(1500);
  const idle = residentMb(quiet.pid()) ?? Number.NaN;
  await quiet.stop();
  return [
    {
      what: 'memory, idle',
      goal: '≤ 120 MB',
      figure: `${idle.toFixed(0)} MB`,
      ratio: null,
      pass: idle <= 120,
    },
    {
      what: 'after the rows above',
      goal: '≤ 300 MB',
      figure: `${after.toFixed(0)} MB`,
      ratio: null,
      pass: after <= 300,
    },
  ];
}
