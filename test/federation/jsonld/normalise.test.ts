import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadContext } from '../../../federation/jsonld/document-loader.js';
import { normalise } from '../../../federation/jsonld/normalise.js';
import type { Json, JsonObject } from '../../../federation/ports.js';
import { parseActivity } from '../../../federation/vocabulary/activity.js';
import { parseActor } from '../../../federation/vocabulary/actor.js';
import { parseJsonObject } from '../../../federation/vocabulary/json.js';
import { parseObject } from '../../../federation/vocabulary/object.js';
import { corpusBytes, corpusEntries } from '../support/corpus.js';
import { cpuTime } from '../../support/cpu.js';

const as = 'https://www.w3.org/ns/activitystreams';
const like = {
  '@context': as,
  id: 'https://a.example/1',
  type: 'Like',
  actor: 'https://a.example/a',
  object: 'https://b.example/1',
};
const plain = { id: like.id, type: 'Like', actor: like.actor, object: like.object };

describe('what needs no processing', () => {
  const note = { type: 'Note', contentMap: { en: 'x' }, 'kroeg:blocks': { id: 'https://a.example/b' } };
  test.each<[string, JsonObject]>([
    ['the usual', like],
    ['no context', plain],
    ['a context that nobody knows', { ...like, '@context': 'http://strange.example/context' }],
    [
      'extension terms',
      { ...like, '@context': [as, { Hashtag: 'as:Hashtag', toot: 'http://joinmastodon.org/ns#' }] },
    ],
    ['id and type declared as they are used', { ...like, '@context': [as, { id: '@id', type: '@type' }] }],
    [
      'a context with keywords in it',
      { ...like, '@context': [as, { x: { '@id': 'ex:x', '@type': '@id' } }] },
    ],
    ['a nested context', { ...like, object: { '@context': as, ...note } }],
    ['types with prefixes', { ...like, type: 'as:Like' }],
  ])('%s', async (_, document) => {
    const result = await normalise(document);
    expect(result.path).toBe('fast');
    expect(result.document).toBe(document);
  });
});

describe('other spellings', () => {
  test.each<[string, JsonObject]>([
    [
      'prefixed terms',
      {
        '@context': { as: `${as}#` },
        '@id': like.id,
        '@type': 'as:Like',
        'as:actor': { '@id': like.actor },
        'as:object': { '@id': like.object },
      },
    ],
    [
      'prefixes without a context',
      { id: like.id, type: 'Like', 'as:actor': { id: like.actor }, 'as:object': { id: like.object } },
    ],
    [
      'expanded IRIs',
      {
        '@id': like.id,
        '@type': `${as}#Like`,
        [`${as}#actor`]: { '@id': like.actor },
        [`${as}#object`]: [{ '@id': like.object }],
      },
    ],
    [
      'expanded as the processor does it',
      {
        '@id': like.id,
        '@type': [`${as}#Like`],
        [`${as}#actor`]: [{ '@id': like.actor }],
        [`${as}#object`]: [{ '@id': like.object }],
      },
    ],
    [
      'aliases of a context',
      {
        '@context': [
          as,
          {
            wer: { '@id': 'as:actor', '@type': '@id' },
            Gefaellt: 'as:Like',
            was: { '@id': `${as}#object`, '@type': '@id' },
          },
        ],
        id: like.id,
        type: 'Gefaellt',
        wer: like.actor,
        was: like.object,
      },
    ],
    [
      'an old spelling of the context',
      {
        '@context': `${as.replace('https', 'http')}#`,
        '@id': like.id,
        '@type': 'Like',
        actor: like.actor,
        object: like.object,
      },
    ],
  ])('%s become what the readers expect', async (_, document) => {
    const copy = structuredClone(document);
    const result = await normalise(document);
    expect(result.path).toBe('processed');
    expect(document).toEqual(copy);
    expect(parseActivity(result.document)).toMatchObject(plain);
  });

  test('texts, languages, lists and public addresses survive', async () => {
    const { document } = await normalise({
      '@context': [as, { toot: 'http://joinmastodon.org/ns#' }],
      '@id': 'https://a.example/2',
      '@type': 'as:Note',
      'as:content': { '@value': '<p>Grüß Gott</p>', '@language': 'de' },
      'as:to': { '@id': `${as}#Public` },
      published: '2024-01-01T00:00:00Z',
      attachment: {
        type: 'Image',
        url: 'https://a.example/1.png',
        'toot:focalPoint': { '@list': [0.5, -0.25] },
      },
    });
    expect(parseObject(document)).toMatchObject({
      content: '<p>Grüß Gott</p>',
      language: 'de',
      to: ['as:Public'],
      published: '2024-01-01T00:00:00.000Z',
      attachments: [{ focalPoint: { x: 0.5, y: -0.25 } }],
    });
  });

  test.each([
    'https://example.org/schemas/litepub-0.1.jsonld',
    'http://joinmastodon.org/ns',
    'https://gotosocial.org/ns',
  ])('terms of %s are known without asking', async (context) => {
    const { document, path } = await normalise({
      '@context': [as, context],
      '@id': 'https://a.example/1',
      type: 'Note',
      sensitive: true,
    });
    expect([path, document['sensitive']]).toEqual(['processed', true]);
  });

  test('LD_CTX_FETCH: a context that would have to be fetched defines nothing', async () => {
    for (const context of [
      'http://169.254.169.254/c',
      'https://evil.example/slow',
      'file:///etc/passwd',
      'not a url',
      '//cdn.example/ctx',
      null,
    ]) {
      const { document, path } = await normalise({
        '@context': [as, context],
        '@id': 'https://a.example/3',
        type: 'Note',
        'as:name': 'title',
      });
      expect([path, document['name']]).toEqual(['processed', 'title']);
    }
    expect(loadContext('https://evil.example/context').document).toEqual({ '@context': {} });
    expect(loadContext(`http://www.w3.org/ns/activitystreams.jsonld#`).document).toHaveProperty([
      '@context',
      'Note',
    ]);
    expect(loadContext('https://w3id.org/security/v1').document).toHaveProperty(['@context', 'publicKeyPem']);
  });
});

describe('what stays as it was sent', () => {
  const graph = [{ id: 'https://victim.example/1', type: 'Undo', actor: 'https://victim.example/v' }];
  test.each<[string, JsonObject]>([
    ['LD_GRAPH', { ...like, '@graph': graph }],
    ['LD_INCLUDED', { ...like, 'as:name': 'x', '@included': graph }],
    ['LD_INCLUDED nested', { ...like, object: { 'as:name': 'x', '@reverse': { object: graph } } }],
    ['an alias of @graph', { ...like, '@context': [as, { g: '@graph' }], '@id': like.id, g: graph }],
    [
      'an alias in an embedded context',
      { ...like, '@id': like.id, object: { '@context': { r: { '@reverse': 'as:object' } }, r: graph } },
    ],
    ['two ids', { ...like, '@id': 'https://a.example/2' }],
    ['two types', { ...like, '@type': 'Delete', '@id': like.id, '@context': [as, { '@version': 9 }] }],
    [
      'another id by context',
      {
        ...like,
        '@context': [as, { id: 'https://x.example/not-id', real: '@id' }],
        real: 'https://victim.example/1',
      },
    ],
    [
      'another actor by context',
      {
        ...like,
        '@context': [as, { actor: 'https://x.example/a', who: { '@id': 'as:actor', '@type': '@id' } }],
        who: 'https://victim.example/v',
      },
    ],
    [
      'a context that is no JSON-LD',
      { ...like, '@id': like.id, '@context': [as, { x: { '@id': 7 } }] } as JsonObject,
    ],
    [
      'a context that names itself',
      { ...like, '@id': like.id, '@context': [as, { x: 'x:y', y: { '@id': 'y:x' } }] },
    ],
  ])('%s', async (_, document) => {
    const result = await normalise(document);
    expect(result.path).toBe('as-sent');
    expect(result.document).toBe(document);
  });

  test('too much of it: members, contexts', async () => {
    const tag = Array.from({ length: 600 }, (_, i) => ({ '@id': `https://a.example/${i}` }));
    expect((await normalise({ ...like, tag })).path).toBe('as-sent');
    const terms = Object.fromEntries(
      Array.from({ length: 5000 }, (_, i) => [`t${i}`, `https://x.example/${i}`]),
    );
    expect((await normalise({ ...like, '@id': like.id, '@context': [as, terms] })).path).toBe('as-sent');
    const contexts: Json[] = Array<string>(2000).fill(as);
    expect((await normalise({ ...like, '@id': like.id, '@context': contexts })).path).toBe('as-sent');
  });

  test('the dearest document that is still processed costs little', async () => {
    const scoped = Object.fromEntries(
      Array.from({ length: 120 }, (_, i) => [
        `t${i}`,
        { '@id': `https://x.example/${i}`, '@context': { a: `https://y.example/${i}` } },
      ]),
    );
    const members = Object.fromEntries(Object.keys(scoped).map((term) => [term, [{ a: { a: 1 } }]]));
    const document = { '@context': [as, scoped], '@id': like.id, ...members } as JsonObject;
    await normalise({ ...like, '@id': like.id });
    const spent = cpuTime();
    await normalise(document);
    expect(spent()).toBeLessThan(5000);
  });
});

describe('arbitrary and collected documents', () => {
  test('never throws, never writes into what it is given', async () => {
    const keys = fc.constantFrom(
      '@context',
      '@id',
      '@type',
      'as:object',
      '@graph',
      '@reverse',
      '@list',
      'type',
      'id',
      'actor',
      'content',
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.oneof(fc.string(), keys), fc.jsonValue()), async (document) => {
        const copy = structuredClone(document) as JsonObject;
        const result = await normalise(document as JsonObject);
        expect(['fast', 'processed', 'as-sent']).toContain(result.path);
        expect(document).toEqual(copy);
      }),
      { numRuns: 300 },
    );
  });

  test('processing a payload loses nothing that was readable before', async () => {
    const entries = corpusEntries().filter(
      (entry) => entry.kind === 'actor' || entry.kind === 'object' || entry.kind === 'activity',
    );
    let processed = 0;
    for (const { file, kind } of entries) {
      const json = parseJsonObject(corpusBytes(file));
      if (json.outcome !== 'ok') continue;
      const result = await normalise(json.value);
      if (result.path !== 'processed') continue;
      processed++;
      const parse = { actor: parseActor, object: parseObject, activity: parseActivity }[kind as 'actor'];
      const [before, after] = [parse(json.value), parse(result.document)];
      if ('invalid' in before) continue;
      expect('invalid' in after ? `${file} ${after.invalid}` : 'ok').toBe('ok');
      expect(after).toMatchObject({ id: before.id, type: before.type });
    }
    expect(processed).toBeGreaterThan(0);
    // Real servers write the compact form: the slow path is for the few.
    expect(processed).toBeLessThan(entries.length / 10);
  });
});
