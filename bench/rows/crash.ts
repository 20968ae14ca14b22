import type { FediverseReport } from '../fediverse.js';
import type { Fired } from '../load.js';
import { sleep } from '../lib/measure.js';
import { post, settled, type Check, type Stage } from '../lib/stage.js';
import { followerCount, noteUri } from '../lib/world.js';

interface Tally {
  /** IRIs of the notes that were answered with 202. */
  taken: string[];
  /** Posts that were answered. */
  posted: number;
}

const flood = 4000;

/**
 * SIGKILL at random moments while one post after the other goes to 1,000 inboxes and other servers flood the inbox:
 * what was acknowledged must be there, once, and every post must reach everybody. `LANDFALL_BENCH_SEED` repeats a run as
 * far as processes can be repeated.
 */
export async function crash(stage: Stage): Promise<Check[]> {
  const { instance, author, reader } = await stage.community();
  const seed = Number(process.env['LANDFALL_BENCH_SEED'] ?? Date.now() % 1_000_000);
  const random = createRandom(seed);
  const kills = stage.quick ? 3 : 6;
  stage.say(`crash, seed ${seed}, ${kills} kills`);
  // A home keeps its newest lines only; here every note is looked for in it.
  await instance.stop();
  instance.env['LANDFALL_HOME_ENTRIES'] = '100000';
  await instance.start();
  await stage.plan({});
  await stage.fediverse.call('reset');
  const before = await stage.seed.call<number>('written', author.id);
  const tally: Tally = { taken: [], posted: 0 };
  for (let round = 0; round < kills; round++) {
    const afterMs = Math.round(100 + random() * 2500);
    await untilKilled(stage, tally, { round, afterMs });
    stage.say(`killed after ${afterMs} ms: so far ${tally.taken.length} notes, ${tally.posted} posts`);
    await instance.start();
  }
  await settled(stage, 180_000);
  const posts = (await stage.seed.call<number>('written', author.id)) - before;
  const report = await stage.fediverse.call<FediverseReport>('report');
  const wrong = await stage.seed.call<number>('notOnce', { uris: tally.taken, reader: reader.id });
  const whole = report.reached.filter((inboxes) => inboxes === followerCount).length;
  return [
    {
      what: `${kills} kills (seed ${seed}): acknowledged notes not stored and shown exactly once`,
      goal: '0',
      figure: `${wrong} of ${tally.taken.length}`,
      ratio: null,
      pass: wrong === 0,
    },
    {
      what: 'posts that did not reach all 1,000 inboxes',
      goal: '0',
      figure: `${posts - whole} of ${posts} (${tally.posted} acknowledged); ${report.duplicates} deliveries were sent again, their answers not yet on disk`,
      ratio: null,
      pass: whole === posts && posts >= tally.posted,
    },
  ];
}

async function untilKilled(
  stage: Stage,
  tally: Tally,
  { round, afterMs }: { round: number; afterMs: number },
): Promise<void> {
  const { instance, author, warm } = await stage.community();
  const run = `k${process.pid}r${round}n`;
  const { keysFile, port } = stage;
  const load = { keysFile, port, host: instance.host, actors: warm, count: flood, run };
  await stage.load.call('prepareInbox', load);
  const aim = { run, host: '127.0.0.1', port: instance.port, concurrency: 16, mayDie: true };
  const fired = stage.load.call<Fired>('fireInbox', aim);
  let alive = true;
  const posting = (async () => {
    while (alive) {
      const answered = await post(instance, author.token, `Round ${round}, post ${tally.posted}.`).then(
        () => true,
        () => false,
      );
      if (answered) tally.posted += 1;
      await sleep(200);
    }
  })();
  await sleep(afterMs);
  alive = false;
  await instance.kill();
  await posting;
  const { accepted } = await fired;
  for (const index of accepted)
    tally.taken.push(noteUri(warm[index % warm.length] ?? 0, port, `${run}${index}`));
  await stage.load.call('forget', run);
}

/** mulberry32 */
function createRandom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
