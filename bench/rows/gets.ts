import { median, quantile } from '../lib/measure.js';
import { post, settled, type Check, type Stage } from '../lib/stage.js';
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
  await settled(stage, 30_000, 'pending');
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

async function measure(stage: Stage, { name, path, accept }: Document, bare: number): Promise<Check> {
  const { instance } = await stage.community();
  const total = stage.quick ? 2500 : 5000;
  const aim = async (port: number, host: string): Promise<{ perSecond: number; p99: number }> => {
    const requests = [getRequest(host, path, { accept })];
    const fired = await stage.fire({ host: '127.0.0.1', port, requests, total, concurrency: 32 });
    if (fired.statuses[200] !== total) throw new Error(`${path}: ${JSON.stringify(fired.statuses)}`);
    return {
      perSecond: (total / (fired.endedAt - fired.beganAt)) * 1000,
      p99: quantile([...fired.ms], 0.99),
    };
  };
  await aim(instance.port, instance.host);
  const [mine, limits]: [number[], number[]] = [[], []];
  for (let round = 0; round < stage.rounds; round++) {
    limits.push((await aim(bare, `localhost:${bare}`)).perSecond);
    mine.push((await aim(instance.port, instance.host)).perSecond);
  }
  const ratio = median(mine) / median(limits);
  stage.say(`GET ${name} ${Math.round(median(mine))}/s, bare Express ${Math.round(median(limits))}/s`);
  return {
    what: `GET ${name}`,
    goal: '≥ 0.6 of bare Express',
    figure: `${Math.round(median(mine))}/s of ${Math.round(median(limits))}/s`,
    ratio,
    pass: ratio >= 0.6,
  };
}
