import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../src/cli/program.js';
import { createClient } from '../support/client.js';
import { freePort } from '../support/instance.js';
import { startPeer, type Delivered, type Peer, type PeerActor } from '../support/peer.js';
import { createServerProcess, type ServerProcess } from './server-process.js';
import { createLedger, sendUnanswered, startTraffic, type Ledger, type Surroundings } from './traffic.js';

export const rounds = 14;
/** In these the process is killed while it starts, before anybody talks to it. */
const startingRounds = [4, 9, 12];

/** Something that the other server was sent. Times are of `performance.now()`. */
export interface Arrival {
  activityId: string;
  type: string;
  objectId: string;
  path: string;
  at: number;
}

/** What was acknowledged, what came out, and when the process began and died. */
export interface Crashed {
  ledger: Ledger;
  arrivals: Arrival[];
  /** One more than kills: the last process is stopped, not killed. */
  starts: number[];
  kills: number[];
  /** Settings of the instance, whose data nobody uses any more. */
  env: NodeJS.ProcessEnv;
  /** Exit code of the last process. */
  code: number | null;
  remove(): Promise<void>;
}

interface Stage extends Omit<Crashed, 'code' | 'remove'> {
  url: string;
  peer: Peer;
  server: ServerProcess;
}

/**
 * Kills a server process again and again while it takes posts and activities, starts it once more, sends what had no
 * answer again, and waits until nothing is left to do.
 */
export async function crashAndRecover(seed: number): Promise<Crashed> {
  const data = await mkdtemp(join(tmpdir(), 'landfall-crash-'));
  const peer = await startPeer();
  const stage = await setUp(data, peer);
  const remove = (): Promise<void> => rm(data, { recursive: true, force: true });
  try {
    await start(stage);
    const surroundings = await befriend(stage);
    await crashAgainAndAgain(stage, surroundings, createRandom(seed));
    await start(stage);
    await sendUnanswered(surroundings);
    await untilQueuesAreEmpty(stage.env);
    return { ...stage, code: await stage.server.stop(), remove };
  } catch (error) {
    await stage.server.kill();
    await remove();
    throw error;
  } finally {
    await peer.close();
  }
}

async function setUp(data: string, peer: Peer): Promise<Stage> {
  const arrivals: Arrival[] = [];
  peer.answerInbox((delivered) => {
    arrivals.push(toArrival(delivered));
    return 202;
  });
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const env = {
    LANDFALL_URL: url,
    LANDFALL_PORT: String(port),
    LANDFALL_DATA: data,
    LANDFALL_FEDERATE_LOOPBACK: 'true',
    LANDFALL_TEST_MODE: 'true',
    LANDFALL_LOG_LEVEL: 'error',
  };
  await landfall(env, 'provision', await writeProvisions(data));
  const server = createServerProcess(env, url);
  return { ledger: createLedger(), arrivals, starts: [], kills: [], env, url, peer, server };
}

function toArrival({ activity, path }: Delivered): Arrival {
  const { id, type, object } = activity;
  const objectId = typeof object === 'object' && object !== null && 'id' in object ? String(object.id) : '';
  return { activityId: String(id), type, objectId, path, at: performance.now() };
}

async function landfall(env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const lines: string[] = [];
  const print = (text: string): void => void lines.push(text);
  const code = await runCli(args, { env, out: print, err: print, stdin: async () => '' });
  if (code !== 0) throw new Error(`landfall ${args.join(' ')}: ${lines.join('\n')}`);
  return lines.join('\n');
}

const tokenOf = (username: string): string => `crash-token-of-${username}`;

async function writeProvisions(data: string): Promise<string> {
  const path = join(data, 'provision.json');
  const users = ['alice', 'bob'];
  const scopes = 'read write follow';
  const app = { client_id: 'crash-client', client_secret: 'crash-client-secret' };
  const provisions = {
    accounts: users.map((username) => ({ username, email: `${username}@mail.example` })),
    apps: [{ name: 'Crash', ...app, redirect_uris: ['urn:ietf:wg:oauth:2.0:oob'], scopes }],
    tokens: users.map((account) => ({ account, client_id: app.client_id, token: tokenOf(account), scopes })),
  };
  await writeFile(path, JSON.stringify(provisions));
  return path;
}

/** Bob follows alice, who is here, and carol, who is there; remy, who is there, follows alice. */
async function befriend({ url, peer, ledger }: Stage): Promise<Surroundings> {
  const carol = peer.actor('carol');
  const remy = peer.actor('remy');
  const bob = createClient(url, tokenOf('bob'));
  const follow = async (uri: string): Promise<void> => {
    const path = `/api/v2/search?resolve=true&type=accounts&q=${encodeURIComponent(uri)}`;
    const [found] = (await bob.get<{ accounts: { id: string }[] }>(path)).accounts;
    await bob.post(`/api/v1/accounts/${found?.id}/follow`);
  };
  const tell = async (by: PeerActor, type: string, object: unknown): Promise<void> => {
    const activity = { id: `${by.uri}/${type}`, type, actor: by.uri, object: object as string };
    const status = await peer.send(`${url}/inbox`, activity, by);
    if (status !== 202) throw new Error(`${type}: ${status}`);
  };
  const aliceUri = `${url}/users/alice`;
  await follow(aliceUri);
  await follow(carol.uri);
  const asked = await peer.next((d) => d.activity.type === 'Follow');
  await tell(carol, 'Accept', asked.activity);
  await tell(remy, 'Follow', aliceUri);
  await peer.next((d) => d.activity.type === 'Accept');
  return { url, token: tokenOf('alice'), aliceUri, peer, carol, ledger };
}

async function crashAgainAndAgain(
  stage: Stage,
  surroundings: Surroundings,
  random: () => number,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    if (startingRounds.includes(round)) {
      stage.starts.push(performance.now());
      stage.server.spawn();
      await new Promise((resolve) => setTimeout(resolve, 50 + random() * 900));
      await kill(stage);
      continue;
    }
    if (round > 0) await start(stage);
    // From the very first answers to well into the work that follows from them.
    const answers = 1 + Math.floor(random() * random() * 120);
    const pauseMs = random() * 25;
    let count = 0;
    const { ended } = startTraffic(surroundings, () => {
      count += 1;
      if (count === answers) setTimeout(() => void kill(stage), pauseMs);
    });
    await ended.catch((error: unknown) => {
      throw new Error(`Round ${round}: ${stage.server.said()}`, { cause: error });
    });
  }
}

async function start({ starts, server }: Stage): Promise<void> {
  starts.push(performance.now());
  await server.start();
}

async function kill({ kills, server }: Stage): Promise<void> {
  kills.push(performance.now());
  await server.kill();
}

/** What was interrupted is taken up again within seconds; then nothing is left to do. */
async function untilQueuesAreEmpty(env: NodeJS.ProcessEnv): Promise<void> {
  type Report = Record<string, { waiting: number; dead: number }>;
  const deadline = Date.now() + 180_000;
  for (;;) {
    const report = JSON.parse(await landfall(env, 'queue', '--json')) as Report;
    if (Object.values(report).every(({ waiting, dead }) => waiting + dead === 0)) return;
    if (Date.now() > deadline) throw new Error(`Still to do: ${JSON.stringify(report)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
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
