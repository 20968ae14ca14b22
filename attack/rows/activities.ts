import type { Json } from '../peer.js';
import { CouldNotAsk, row, type Row } from '../row.js';
import { sleep, survives, type Stage } from '../stage.js';

const takes = ['takes'] as const;

/** How many follow the target, as it says itself. */
async function followers({ target, get }: Stage): Promise<number> {
  const path = target.actor?.followers ? new URL(target.actor.followers).pathname : '';
  const answer = await get(path, [
    ['Host', target.host],
    ['Accept', 'application/activity+json'],
  ]);
  const count = answer.status === 200 ? (JSON.parse(answer.body) as Json)['totalItems'] : null;
  if (typeof count !== 'number') throw new CouldNotAsk('it does not say how many follow');
  return count;
}

export const rows: Row[] = [
  row(16, 'SIG_REPLAY_EXACT', takes, async (t) => {
    const by = t.guest();
    const follow = t.follow(by);
    await t.send(by, { activity: follow });
    await t.eventually(() => t.peer.wasAccepted(by.uri), 15_000);
    const before = await followers(t);
    for (let i = 0; i < 3; i++)
      t.expect((await t.send(by, { activity: follow })).status < 500, 'a repeat is an error');
    await sleep(500);
    t.expect((await followers(t)) === before, 'a repeated Follow counts again');
  }),
  row(56, 'UNDO_OTHER', takes, async (t) => {
    const by = t.guest();
    const follow = t.follow(by);
    await t.send(by, { activity: follow });
    if (!(await t.eventually(() => t.peer.wasAccepted(by.uri), 15_000)))
      throw new CouldNotAsk('it answers no Follow');
    const before = await followers(t);
    const other = t.stranger();
    for (const object of [follow['id'], follow])
      await t.send(other, { activity: { ...t.follow(other), type: 'Undo', object } });
    await sleep(1000);
    t.expect((await followers(t)) >= before, "somebody else's Undo ended a follow");
  }),
  row(62, 'FOL_SPOOF', takes, async (t) => {
    const by = t.stranger();
    const before = t.peer.delivered.length;
    for (const object of [[t.target.actor?.uri, `${t.target.origin}/`], `${t.target.origin}/`, t.alice.uri])
      t.expect(
        (await t.send(by, { activity: t.follow(by, { object }) })).status < 500,
        'an error of its own',
      );
    await sleep(500);
    t.expect(t.peer.delivered.length === before, 'it wrote to somebody who had not asked');
  }),
  row(69, 'COLL_WRAP', takes, async (t) => {
    const victim = t.guest();
    const by = t.stranger();
    t.never.push(victim.uri);
    const { status } = await t.send(by, {
      activity: {
        '@context': 'https://www.w3.org/ns/activitystreams',
        id: `${by.uri}/c`,
        type: 'OrderedCollection',
        actor: by.uri,
        orderedItems: [t.follow(victim)],
      },
    });
    t.expect(status < 500, `answered ${status}`);
  }),
  row(70, 'ACTOR_SHAPE', takes, async (t) => {
    const by = t.stranger();
    const victim = t.guest();
    t.never.push(victim.uri);
    for (const actor of [
      [victim.uri, by.uri],
      [],
      {},
      { id: victim.uri, publicKey: by.document['publicKey'] },
      5,
      null,
    ]) {
      const { status } = await t.send(by, { activity: t.follow(victim, { actor }) });
      t.expect(status < 500, `actor ${JSON.stringify(actor).slice(0, 40)}: answered ${status}`);
    }
  }),
  row(71, 'ID_TYPES', takes, async (t) => {
    for (const id of [
      1,
      true,
      ['x'],
      {},
      null,
      '',
      'relative',
      'urn:x',
      'https://peer.example@evil.example/1',
      'https://x/\n',
    ])
      await survives(t, `id ${JSON.stringify(id)}`, { id, type: 'Like', object: t.target.actor?.uri });
  }),
  row(93, 'NO_ID', takes, async (t) => {
    for (const type of ['Like', 'Follow', 'Undo', 'Create', 'Delete'])
      await survives(t, type, { type, object: t.target.actor?.uri });
  }),
  row(94, 'INLINE_UNKNOWN', takes, async (t) => {
    for (const activity of [
      { type: 'Frobnicate' },
      { type: ['Create', 'Note'] },
      { type: 1 },
      { type: 'Create' },
      { type: 'Like', object: null },
      { type: 'Block', object: [{}] },
      {},
    ])
      await survives(t, JSON.stringify(activity), {
        id: `${t.evil.origin}/odd/${Math.random()}`,
        ...activity,
      });
  }),
  row(100, 'LD_CTX_FETCH', takes, async (t) => {
    const by = t.stranger();
    const path = '/context.jsonld';
    t.evil.answer(
      path,
      (_q, r) => void r.writeHead(200, { 'content-type': 'application/ld+json' }).end('{"@context":{}}'),
    );
    const context = ['https://www.w3.org/ns/activitystreams', `${t.evil.origin}${path}`];
    const { status } = await t.send(by, { activity: t.follow(by, { '@context': context }) });
    await sleep(1000);
    t.expect(status < 500, `answered ${status}`);
    t.expect(t.evil.count(path) === 0, 'it fetched a context that a stranger named');
  }),
  row(103, 'LD_PROTO', takes, async (t) => {
    const by = t.stranger();
    const body = JSON.stringify(t.follow(by)).replace(
      '{',
      '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}},',
    );
    t.expect((await t.send(by, { body })).status < 500, 'an error of its own');
    t.expect((await t.get('/')).status < 500, 'it is ill afterwards');
  }),
];
