import { eventually, type Instance } from './instance.js';
import type { Account, Person, Status } from './person.js';
import type { Tell } from './story.js';

const posts = 25;

interface Stage {
  /** Carol's server, which receives. */
  a: Instance;
  /** Bob's server, which is killed. */
  b: Instance;
  carol: Person;
  bob: Person;
}

/** Kills bob's server while deliveries are queued, and shows that each post arrives exactly once. */
export async function crash(tell: Tell, stage: Stage): Promise<void> {
  const { a, b, carol, bob } = stage;
  await tell('carol, on the same server as alice, follows bob', () => follow(carol, bob));
  const uris = await tell(
    `her server stops answering, and bob posts ${posts} times: deliveries pile up`,
    async () => {
      a.pause();
      const numbers = Array.from({ length: posts }, (_, i) => i + 1);
      const made = await Promise.all(
        numbers.map((n) => bob.post<Status>('/api/v1/statuses', { status: `Message ${n} of ${posts}` })),
      );
      return made.map((s) => s.uri);
    },
  );
  await tell("bob's server is killed (SIGKILL) with deliveries in its queue", async () => {
    await b.kill();
    const queue = await b.landfall<{ deliveries: { waiting: number } }>('queue');
    if (queue.deliveries.waiting === 0) throw new Error('nothing was queued');
  });
  await tell('it is started again, and carol’s server answers again', async () => {
    await b.start();
    a.resume();
  });
  await tell(`all ${posts} posts arrive, each exactly once`, async () => {
    await eventually(
      'all posts arrive',
      async () => ((await arrived(carol, uris)).size === posts ? true : null),
      30,
    );
    await eventually('the queue is empty', async () => {
      const queue = await b.landfall<{ deliveries: { waiting: number } }>('queue');
      return queue.deliveries.waiting === 0 ? true : null;
    });
    const all = await home(carol);
    if (all.length !== new Set(all).size || all.filter((uri) => uris.includes(uri)).length !== posts)
      throw new Error('a post arrived twice');
  });
}

async function follow(carol: Person, bob: Person): Promise<void> {
  const found = await carol.get<{ accounts: Account[] }>(
    `/api/v2/search?type=accounts&resolve=true&q=${encodeURIComponent(`@${bob.acct}`)}`,
  );
  const account = found.accounts.find((x) => x.acct === bob.acct);
  if (!account) throw new Error('bob was not found');
  await carol.post(`/api/v1/accounts/${account.id}/follow`);
  await eventually('the follow is accepted', async () => {
    const [relation] = await carol.get<{ following: boolean }[]>(
      `/api/v1/accounts/relationships?id[]=${account.id}`,
    );
    return relation?.following ? true : null;
  });
}

async function home(person: Person): Promise<string[]> {
  const statuses = await person.get<Status[]>('/api/v1/timelines/home?limit=40');
  return statuses.map((s) => s.uri);
}

async function arrived(person: Person, uris: string[]): Promise<Set<string>> {
  const seen = await home(person);
  return new Set(seen.filter((uri) => uris.includes(uri)));
}
