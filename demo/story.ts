import sharp from 'sharp';
import { eventually } from './instance.js';
import type { Account, Notification, Person, Status } from './person.js';

/** Says a line, then makes it true; a mark shows that the other side confirmed it. */
export type Tell = <T>(line: string, act: () => Promise<T>) => Promise<T>;

export interface Cast {
  alice: Person;
  bob: Person;
}

const has = (list: Notification[], type: string, acct: string): boolean =>
  list.some((n) => n.type === type && n.account.acct === acct);

/** alice@A and bob@B meet, talk, and part. Each step is checked through the client API of the other side. */
export async function story(tell: Tell, { alice, bob }: Cast): Promise<void> {
  const seenBob = await meet(tell, { alice, bob });
  const post = await bobPosts(tell, { alice, bob });
  await aliceAnswers(tell, { alice, bob }, post);
  await bobChangesHisMind(tell, { alice, bob }, post);
  await part(tell, { alice, bob }, seenBob);
}

async function meet(tell: Tell, { alice, bob }: Cast): Promise<Account> {
  const seenBob = await tell(
    `alice looks for @${bob.acct} (WebFinger, then a signed fetch of his actor)`,
    async () => {
      const found = await alice.get<{ accounts: Account[] }>(
        `/api/v2/search?type=accounts&resolve=true&q=${encodeURIComponent(`@${bob.acct}`)}`,
      );
      const account = found.accounts.find((a) => a.acct === bob.acct);
      if (!account) throw new Error(`${bob.acct} was not found`);
      return account;
    },
  );
  await tell('alice follows bob; his server accepts', async () => {
    await alice.post(`/api/v1/accounts/${seenBob.id}/follow`);
    await eventually('the follow is accepted', async () => {
      const [relation] = await alice.get<{ following: boolean }[]>(
        `/api/v1/accounts/relationships?id[]=${seenBob.id}`,
      );
      return relation?.following ? true : null;
    });
    await eventually('bob has a new follower', async () => {
      const told = await bob.get<Notification[]>('/api/v1/notifications');
      return has(told, 'follow', alice.acct) ? true : null;
    });
  });
  return seenBob;
}

async function bobPosts(tell: Tell, { alice, bob }: Cast): Promise<{ his: Status; hers: Status }> {
  const his = await tell(
    'bob posts: a picture with alt text, a content warning, a mention and a hashtag',
    async () => {
      const form = new FormData();
      form.set('file', new Blob([await picture()], { type: 'image/png' }), 'sunrise.png');
      form.set('description', 'A sunrise in two colours');
      const media = await bob.post<{ id: string }>('/api/v2/media', form);
      const text = `Good morning @${alice.acct}, the first light of #Landfall`;
      return bob.post<Status>('/api/v1/statuses', {
        status: text,
        spoiler_text: 'weather',
        media_ids: [media.id],
      });
    },
  );
  const hers = await tell("it appears in alice's home timeline, with all of that", () =>
    eventually('the post arrives', async () => {
      const home = await alice.get<Status[]>('/api/v1/timelines/home');
      const status = home.find((s) => s.uri === his.uri);
      if (!status) return null;
      const [image] = status.media_attachments;
      const complete =
        image?.description === 'A sunrise in two colours' &&
        status.spoiler_text === 'weather' &&
        status.tags[0]?.name === 'landfall' &&
        status.mentions[0]?.acct === alice.name;
      if (!complete) throw new Error(`the copy is not complete: ${JSON.stringify(status)}`);
      return status;
    }),
  );
  return { his, hers };
}

async function aliceAnswers(
  tell: Tell,
  { alice, bob }: Cast,
  { his, hers }: { his: Status; hers: Status },
): Promise<void> {
  await tell('alice replies, favourites and boosts', async () => {
    await alice.post('/api/v1/statuses', {
      status: `@${bob.acct} good morning to you!`,
      in_reply_to_id: hers.id,
    });
    await alice.post(`/api/v1/statuses/${hers.id}/favourite`);
    await alice.post(`/api/v1/statuses/${hers.id}/reblog`);
  });
  await tell('bob is told of all three, and sees the counts and the thread', async () => {
    await eventually('the notifications arrive', async () => {
      const told = await bob.get<Notification[]>('/api/v1/notifications');
      return ['mention', 'favourite', 'reblog'].every((type) => has(told, type, alice.acct)) ? true : null;
    });
    const now = await bob.get<Status>(`/api/v1/statuses/${his.id}`);
    if (now.favourites_count !== 1 || now.reblogs_count !== 1) throw new Error('the counts are wrong');
    const thread = await bob.get<{ descendants: Status[] }>(`/api/v1/statuses/${his.id}/context`);
    if (thread.descendants.length !== 1) throw new Error('the reply is not in the thread');
  });
}

async function bobChangesHisMind(
  tell: Tell,
  { alice, bob }: Cast,
  { his, hers }: { his: Status; hers: Status },
): Promise<void> {
  await tell("bob edits the post; alice's copy follows", async () => {
    await bob.put(`/api/v1/statuses/${his.id}`, { status: 'Good morning, edited', spoiler_text: '' });
    await eventually('the edit arrives', async () => {
      const copy = await alice.get<Status>(`/api/v1/statuses/${hers.id}`);
      return copy.content.includes('edited') && copy.edited_at !== null ? true : null;
    });
  });
  await tell("bob deletes it; alice's copy is gone", async () => {
    await bob.delete(`/api/v1/statuses/${his.id}`);
    await eventually('the deletion arrives', async () =>
      (await alice.status(`/api/v1/statuses/${hers.id}`)) === 404 ? true : null,
    );
  });
}

async function part(tell: Tell, { alice, bob }: Cast, seenBob: Account): Promise<void> {
  await tell('bob blocks alice; she no longer follows him', async () => {
    const found = await bob.get<Account>(`/api/v1/accounts/lookup?acct=${encodeURIComponent(alice.acct)}`);
    await bob.post(`/api/v1/accounts/${found.id}/block`);
    await eventually('the block arrives', async () => {
      const [relation] = await alice.get<{ following: boolean; blocked_by: boolean }[]>(
        `/api/v1/accounts/relationships?id[]=${seenBob.id}`,
      );
      return relation && !relation.following && relation.blocked_by ? true : null;
    });
  });
}

/** A sunrise, drawn here. */
async function picture(): Promise<Uint8Array<ArrayBuffer>> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360">
    <rect width="640" height="200" fill="#f4a259"/><circle cx="320" cy="200" r="80" fill="#f7e1a0"/>
    <rect y="200" width="640" height="160" fill="#0b6b57"/></svg>`;
  return new Uint8Array(await sharp(Buffer.from(svg)).png().toBuffer());
}
