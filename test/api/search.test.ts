import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client, type StatusJson } from './support.js';

let instance: Instance;
let alice: TestUser, bob: TestUser;
let asAlice: Client, asBob: Client, asNobody: Client;

interface SearchJson {
  accounts: { acct: string }[];
  statuses: StatusJson[];
  hashtags: { name: string }[];
}

beforeAll(async () => {
  instance = await startInstance();
  [alice, bob] = [await instance.createUser('alice'), await instance.createUser('bob')];
  [asAlice, asBob, asNobody] = [clientOf(instance, alice), clientOf(instance, bob), clientOf(instance)];
});
afterAll(() => instance.close());

const search = (client: Client, q: string, query: object = {}): Promise<SearchJson> =>
  ok(client.get('/api/v2/search', { q, ...query }));
const found = async (client: Client, q: string, query: object = {}): Promise<string[]> =>
  (await search(client, q, { type: 'statuses', ...query })).statuses.map((s) => s.id);

describe('search', () => {
  test('finds accounts and hashtags for anybody', async () => {
    await post(asAlice, 'All about #Zebras');
    await instance.idle();
    const zebras = await search(asNobody, 'zeb');
    expectEntity(zebras, 'Search');
    expect(zebras).toMatchObject({ accounts: [], statuses: [], hashtags: [{ name: 'zebras' }] });
    expect((await search(asNobody, 'ali')).accounts).toMatchObject([{ acct: 'alice' }]);
    expect(await search(asNobody, '@ali')).toMatchObject({ accounts: [{ acct: 'alice' }], hashtags: [] });
    expect(await search(asNobody, 'zeb', { type: 'accounts' })).toMatchObject({ accounts: [], hashtags: [] });
  });

  test('asks people to sign in before it looks elsewhere, or further', async () => {
    await refused(asNobody.get('/api/v2/search', { q: 'x', resolve: true }), 401, /resolve/);
    await refused(asNobody.get('/api/v2/search', { q: 'x', offset: 5 }), 401, /pagination/);
    await refused(asNobody.get('/api/v2/search'), 400, /q/);
    await refused(asBob.get('/api/v2/search', { q: 'x', type: 'everything' }), 422);
  });

  test('finds a status or an account by its address', async () => {
    const status = await post(asAlice, 'By address');
    const secret = await post(asAlice, { status: 'Not for all', visibility: 'private' });
    for (const url of [status['uri'], status['url']] as string[])
      expect((await search(asBob, url)).statuses.map((s) => s.id)).toEqual([status.id]);
    expect((await search(asBob, secret['uri'] as string)).statuses).toEqual([]);
    expect((await search(asBob, `${instance.url}/@alice`, { resolve: true })).accounts).toMatchObject([
      { acct: 'alice' },
    ]);
  });
});

describe('searching statuses', () => {
  test('one finds what is one’s own, mentions one, was kept, or whose author agreed', async () => {
    const own = await post(asAlice, 'wombat of mine');
    const others = await post(asBob, 'wombat of his');
    const mentioning = await post(asBob, '@alice wombat for you');
    await instance.idle();
    expect(await found(asAlice, 'wombat')).toEqual([mentioning.id, own.id]);
    await ok(asAlice.post(`/api/v1/statuses/${others.id}/bookmark`));
    expect(await found(asAlice, 'wombat')).toContain(others.id);
    expect(await found(asNobody, 'wombat')).toEqual([]);
    await ok(asAlice.patch('/api/v1/accounts/update_credentials', { indexable: true }));
    expect(await found(asBob, 'wombat')).toContain(own.id);
    expect(await found(asBob, 'wombat in:library')).not.toContain(own.id);
  });

  test('operators narrow it down', async () => {
    const plain = await post(asAlice, { status: 'quokka plain', language: 'en' });
    const german = await post(asAlice, { status: 'quokka deutsch', language: 'de' });
    const poll = await post(asAlice, {
      status: 'quokka poll',
      poll: { options: ['a', 'b'], expires_in: 600 },
    });
    const reply = await post(asAlice, { status: 'quokka reply', in_reply_to_id: plain.id });
    await instance.idle();
    expect(await found(asAlice, 'quokka')).toEqual([reply.id, poll.id, german.id, plain.id]);
    expect(await found(asAlice, 'quokka from:me language:de')).toEqual([german.id]);
    expect(await found(asAlice, 'quokka from:@alice has:poll')).toEqual([poll.id]);
    expect(await found(asAlice, 'quokka is:reply')).toEqual([reply.id]);
    expect(await found(asAlice, 'quokka -is:reply -has:poll')).toEqual([german.id, plain.id]);
    expect(await found(asAlice, 'quokka -deutsch')).not.toContain(german.id);
    expect(await found(asAlice, '"quokka plain"')).toEqual([plain.id]);
    expect(await found(asAlice, 'quokka from:bob')).toEqual([]);
    expect(await found(asAlice, 'quokka from:nobody')).toEqual([]);
    expect(await found(asAlice, 'quokka before:2001-01-01')).toEqual([]);
    expect(await found(asAlice, 'quokka after:2001-01-01')).toHaveLength(4);
    expect(await found(asAlice, 'from:me has:poll')).toContain(poll.id);
    expect(await found(asBob, 'quokka from:alice', { account_id: bob.account._id })).toHaveLength(4);
    expect(await found(asAlice, 'quokka', { account_id: bob.account._id })).toEqual([]);
  });

  test('pages by offset and by id', async () => {
    const all = await found(asAlice, 'quokka');
    expect(await found(asAlice, 'quokka', { limit: 2 })).toEqual(all.slice(0, 2));
    expect(await found(asAlice, 'quokka', { limit: 2, offset: 2 })).toEqual(all.slice(2, 4));
    expect(await found(asAlice, 'quokka', { max_id: all[1] })).toEqual(all.slice(2));
    expect(await found(asAlice, 'quokka', { min_id: all[1] })).toEqual(all.slice(0, 1));
  });

  test('blocked people do not appear', async () => {
    const status = await post(asBob, '@alice numbat');
    await instance.idle();
    expect(await found(asAlice, 'numbat')).toEqual([status.id]);
    await ok(asAlice.post(`/api/v1/accounts/${bob.account._id}/block`));
    expect(await found(asAlice, 'numbat')).toEqual([]);
  });
});
