import { median } from '../lib/measure.js';
import { cpuOf, post, settled, type Check, type Stage } from '../lib/stage.js';
import { getRequest } from '../lib/wire.js';

interface Document {
  name: string;
  path: string;
  accept: string;
}

const activity = 'application/activity+json';

/** GET of public documents, against an Express app that answers the same bytes. */
export async function gets(stage: Stage): Promise<Check[]> {
  const { instance, author } = await stage.community();
  await post(instance, author.token, 'A post to fetch again and again.');
  // Its deliveries, too: they would be counted as work of the answers.
  await settled(stage, 30_000);
  const documents: Document[] = [
    { name: 'actor', path: `/users/${author.username}`, accept: activity },
    { name: 'object', path: await newestObject(stage), accept: activity },
    {
      name: 'WebFinger',
      path: `/.well-known/webfinger?resource=acct:${author.username}@${instance.host}`,
      accept: 'application/jrd+json',
    },
    { name: 'NodeInfo', path: '/nodeinfo/2.1', accept: 'application/json' },
  ];
  const answers = await Promise.all(
    documents.map(async ({ path, accept }) => {
      const response = await fetch(`${instance.url}${path}`, { headers: { accept } });
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      const type = response.headers.get('content-type') ?? activity;
      return { path: path.split('?')[0] ?? path, type, body: new Uint8Array(await response.arrayBuffer()) };
    }),
  );
  const bare = await stage.limits.call<number>('bareApp', answers);
  const checks: Check[] = [];
  for (const document of documents) checks.push(await measure(stage, document, bare));
  await stage.limits.call('close');
  return checks;
}

async function newestObject(stage: Stage): Promise<string> {
  const { instance, author } = await stage.community();
  const response = await fetch(`${instance.url}/api/v1/accounts/${author.id}/statuses?limit=1`, {
    headers: { authorization: `Bearer ${author.token}` },
  });
  const [status] = (await response.json()) as { uri: string }[];
  return new URL(status?.uri ?? '').pathname;
}

interface Aimed {
  perSecond: number;
  /** CPU time of the server for one answer, core-ms. */
  core: number;
}

async function measure(stage: Stage, { name, path, accept }: Document, bare: number): Promise<Check> {
  const { instance } = await stage.community();
  const total = stage.quick ? 800 : 5000;
  const aim = async (pid: number, port: number, host: string): Promise<Aimed> => {
    const requests = [getRequest(host, path, { accept })];
    const aimed = { host: '127.0.0.1', port, requests, total, concurrency: 32 };
    const { result: fired, coreMs } = await cpuOf(pid, () => stage.fire(aimed));
    if (fired.statuses[200] !== total) throw new Error(`${path}: ${JSON.stringify(fired.statuses)}`);
    return { perSecond: (total / (fired.endedAt - fired.beganAt)) * 1000, core: coreMs / total };
  };
  const ours = (): Promise<Aimed> => aim(instance.pid(), instance.port, instance.host);
  const theirs = (): Promise<Aimed> => aim(stage.limits.pid, bare, `localhost:${bare}`);
  await ours();
  const [mine, limits]: [Aimed[], Aimed[]] = [[], []];
  for (let round = 0; round < stage.rounds; round++) {
    limits.push(await theirs());
    mine.push(await ours());
  }
  const rateOf = (runs: readonly Aimed[]): number => median(runs.map((r) => r.perSecond));
  const coreOf = (runs: readonly Aimed[]): number => median(runs.map((r) => r.core));
  const ratio = rateOf(mine) / rateOf(limits);
  const rates = `${Math.round(rateOf(mine))}/s of ${Math.round(rateOf(limits))}/s`;
  const cores = `${coreOf(mine).toFixed(2)} core-ms, bare ${coreOf(limits).toFixed(2)}`;
  stage.say(`GET ${name} ${rates}, ${cores}`);
  return {
    what: `GET ${name}`,
    goal: '≥ 0.6 of bare Express',
    figure: `${rates}; ${cores} (${(coreOf(limits) / coreOf(mine)).toFixed(2)})`,
    ratio,
    pass: ratio >= 0.6,
  };
}
