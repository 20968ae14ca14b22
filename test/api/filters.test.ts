import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance } from '../support/instance.js';
import { expectEntities, expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client, type StatusJson } from './support.js';

const clock = createTestClock();
let instance: Instance;
let asAlice: Client, asBob: Client;

interface FilterJson {
  id: string;
  keywords: { id: string; keyword: string; whole_word: boolean }[];
  [member: string]: unknown;
}

beforeAll(async () => {
  instance = await startInstance({ clock });
  asAlice = clientOf(instance, await instance.createUser('alice'));
  asBob = clientOf(instance, await instance.createUser('bob'));
});
afterAll(() => instance.close());

const body = {
  title: 'Spoilers',
  context: ['home', 'public'],
  filter_action: 'blur',
  expires_in: 3600,
  keywords_attributes: [{ keyword: 'dragon', whole_word: true }, { keyword: 'winter' }],
};

async function filteredOf(client: Client, status: StatusJson): Promise<{ keyword_matches: string[] }[]> {
  const seen = await ok<StatusJson>(client.get(`/api/v1/statuses/${status.id}`));
  expectEntity(seen, 'Status');
  return seen['filtered'] as { keyword_matches: string[] }[];
}

describe('filters', () => {
  test('are made with keywords, changed, and removed', async () => {
    const made = await ok<FilterJson>(asAlice.post('/api/v2/filters', body));
    expectEntity(made, 'Filter');
    expect(made).toMatchObject({ title: 'Spoilers', context: ['home', 'public'], filter_action: 'blur' });
    const [dragon, winter] = made.keywords;
    const changed = await ok<FilterJson>(
      asAlice.put(`/api/v2/filters/${made.id}`, {
        title: 'Fewer',
        expires_in: '',
        keywords_attributes: [
          { id: dragon?.id, keyword: 'wyrm' },
          { id: winter?.id, _destroy: 'true' },
          { keyword: 'castle' },
        ],
      }),
    );
    expectEntity(changed, 'Filter');
    expect(changed).toMatchObject({ title: 'Fewer', expires_at: null, context: ['home', 'public'] });
    expect(changed.keywords.map((k) => [k.keyword, k.whole_word])).toEqual([
      ['wyrm', true],
      ['castle', false],
    ]);
    expectEntities(await ok(asAlice.get('/api/v2/filters')), 'Filter');
    await refused(asBob.get(`/api/v2/filters/${made.id}`), 404);
    expect(await ok(asAlice.delete(`/api/v2/filters/${made.id}`))).toEqual({});
    expect(await ok(asAlice.get('/api/v2/filters'))).toEqual([]);
  });

  test('take forms with nested names', async () => {
    const form =
      'title=Form&context[]=home&keywords_attributes[0][keyword]=a&keywords_attributes[1][keyword]=b';
    const made = await ok<FilterJson>(asAlice.post('/api/v2/filters').type('form').send(form));
    expect(made.keywords.map((k) => k.keyword)).toEqual(['a', 'b']);
    await ok(asAlice.delete(`/api/v2/filters/${made.id}`));
  });

  test.each([
    [{ ...body, title: '' }, /Title/],
    [{ ...body, context: [] }, /Context/],
    [{ ...body, context: ['kitchen'] }, /Context/],
    [{ ...body, filter_action: 'explode' }, /action/],
    [{ ...body, keywords_attributes: [{ keyword: ' ' }] }, /blank/],
  ])('refuse what makes no sense (%#)', async (wrong, text) => {
    await refused(asAlice.post('/api/v2/filters', wrong), 422, text);
  });

  test('say which of them apply to a status, until they end', async () => {
    await ok(asAlice.post('/api/v2/filters', body));
    const hit = await post(asBob, 'A DRAGON, in winterly weather');
    const miss = await post(asBob, 'Dragonfly');
    const own = await post(asAlice, 'My dragon');
    expect(await filteredOf(asAlice, hit)).toMatchObject([
      {
        filter: { title: 'Spoilers', filter_action: 'blur' },
        keyword_matches: ['dragon', 'winter'],
        status_matches: null,
      },
    ]);
    expect(await filteredOf(asAlice, miss)).toEqual([]);
    expect(await filteredOf(asAlice, own)).toEqual([]);
    expect(await filteredOf(asBob, hit)).toEqual([]);
    clock.advance({ hours: 2 });
    expect(await filteredOf(asAlice, hit)).toEqual([]);
  });

  test('look into warnings, polls, reblogs and quotes', async () => {
    await ok(asAlice.post('/api/v2/filters', { ...body, expires_in: null }));
    const warned = await post(asBob, { status: 'x', spoiler_text: 'dragon' });
    const polled = await post(asBob, { status: 'x', poll: { options: ['dragon', 'b'], expires_in: 600 } });
    for (const status of [warned, polled]) expect(await filteredOf(asAlice, status)).toHaveLength(1);
    const carol = clientOf(instance, await instance.createUser('carol'));
    const reblog = await ok<StatusJson>(carol.post(`/api/v1/statuses/${warned.id}/reblog`));
    const seen = await ok<StatusJson>(asAlice.get(`/api/v1/statuses/${reblog.id}`));
    expect(seen.reblog?.['filtered']).toHaveLength(1);
  });

  test('have parts with addresses of their own', async () => {
    const made = await ok<FilterJson>(asAlice.post('/api/v2/filters', { title: 'Parts', context: ['home'] }));
    const base = `/api/v2/filters/${made.id}`;
    const keyword = await ok<{ id: string }>(
      asAlice.post(`${base}/keywords`, { keyword: 'tea', whole_word: 'true' }),
    );
    expectEntity(keyword, 'FilterKeyword');
    expectEntities(await ok(asAlice.get(`${base}/keywords`)), 'FilterKeyword');
    expectEntity(await ok(asAlice.get(`/api/v2/filters/keywords/${keyword.id}`)), 'FilterKeyword');
    expect(
      await ok(asAlice.put(`/api/v2/filters/keywords/${keyword.id}`, { keyword: 'coffee' })),
    ).toMatchObject({
      keyword: 'coffee',
      whole_word: true,
    });
    await refused(asBob.get(`/api/v2/filters/keywords/${keyword.id}`), 404);
    expect(await ok(asAlice.delete(`/api/v2/filters/keywords/${keyword.id}`))).toEqual({});

    const status = await post(asBob, 'This one');
    const entry = await ok<{ id: string }>(asAlice.post(`${base}/statuses`, { status_id: status.id }));
    expectEntity(entry, 'FilterStatus');
    expectEntities(await ok(asAlice.get(`${base}/statuses`)), 'FilterStatus');
    expectEntity(await ok(asAlice.get(`/api/v2/filters/statuses/${entry.id}`)), 'FilterStatus');
    expect(await filteredOf(asAlice, status)).toMatchObject([{ status_matches: [status.id] }]);
    expectEntity(await ok(asAlice.delete(`/api/v2/filters/statuses/${entry.id}`)), 'FilterStatus');
    expect(await filteredOf(asAlice, status)).toEqual([]);
    await refused(asAlice.post(`${base}/statuses`, { status_id: '1' }), 404);
  });
});

describe('filters of the first version', () => {
  test('are the keywords of the second', async () => {
    const old = { phrase: 'olives', context: ['home'], irreversible: true, whole_word: true };
    const made = await ok<{ id: string }>(asBob.post('/api/v1/filters', old));
    expectEntity(made, 'V1::Filter');
    expect(made).toMatchObject({ phrase: 'olives', irreversible: true, expires_at: null });
    expectEntities(await ok(asBob.get('/api/v1/filters')), 'V1::Filter');
    expect(await ok(asBob.get('/api/v2/filters'))).toMatchObject([
      { title: 'olives', filter_action: 'hide' },
    ]);
    expect(await ok(asBob.get(`/api/v1/filters/${made.id}`))).toEqual(made);
    expect(await ok(asBob.put(`/api/v1/filters/${made.id}`, { ...old, phrase: 'capers' }))).toMatchObject({
      id: made.id,
      phrase: 'capers',
    });
    await refused(asBob.post('/api/v1/filters', { context: ['home'] }), 422, /Phrase can't be blank/);
    await refused(asAlice.get(`/api/v1/filters/${made.id}`), 404);
    expect(await ok(asBob.delete(`/api/v1/filters/${made.id}`))).toEqual({});
    expect(await ok(asBob.get('/api/v2/filters'))).toEqual([]);
  });
});
