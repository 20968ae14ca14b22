import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../federation/ports.js';
import { normalise } from '../../../federation/jsonld/normalise.js';
import { parseActivity } from '../../../federation/vocabulary/activity.js';

const as = 'https://www.w3.org/ns/activitystreams';

describe('normalise', () => {
  test('a document in shape is used as it is', async () => {
    const document = {
      '@context': as,
      id: 'https://a.example/1',
      type: 'Like',
      actor: 'https://a.example/a',
      object: 'https://b.example/1',
    };
    const result = await normalise(document);
    expect(result.path).toBe('fast');
    expect(result.document).toBe(document);
  });

  test.each<[string, JsonObject]>([
    [
      'prefixed terms',
      {
        '@context': { as: `${as}#` },
        '@id': 'https://a.example/1',
        '@type': 'as:Like',
        'as:actor': { '@id': 'https://a.example/a' },
        'as:object': { '@id': 'https://b.example/1' },
      },
    ],
    [
      'expanded IRIs',
      {
        '@id': 'https://a.example/1',
        '@type': `${as}#Like`,
        [`${as}#actor`]: { '@id': 'https://a.example/a' },
        [`${as}#object`]: [{ '@id': 'https://b.example/1' }],
      },
    ],
  ])('%s become what the readers expect', async (_name, document) => {
    const result = await normalise(document);
    expect(result.path).toBe('processed');
    expect(parseActivity(result.document)).toMatchObject({
      id: 'https://a.example/1',
      type: 'Like',
      actor: 'https://a.example/a',
      object: 'https://b.example/1',
    });
  });

  test('texts of other languages and values are kept', async () => {
    const document: JsonObject = {
      '@context': as,
      id: 'https://a.example/2',
      type: 'Note',
      'as:content': { '@value': '<p>Grüß Gott</p>', '@language': 'de' },
    };
    const result = await normalise(document);
    expect(JSON.stringify(result.document)).toContain('Grüß Gott');
  });

  test('a context that would have to be fetched defines nothing and is not fetched', async () => {
    const document: JsonObject = {
      '@context': [as, 'https://evil.example/context'],
      id: 'https://a.example/3',
      type: 'Note',
      'as:name': 'title',
    };
    const result = await normalise(document);
    expect(result.document['name']).toBe('title');
  });

  test('an id cannot be changed by a context', async () => {
    const document: JsonObject = {
      '@context': [as, { id: 'https://evil.example/notId', realId: '@id' }],
      id: 'https://a.example/4',
      realId: 'https://victim.example/1',
      type: 'Note',
      'as:name': 'x',
    };
    const result = await normalise(document);
    expect(result.document['id']).toBe('https://a.example/4');
  });

  test('never throws, whatever JSON it is given', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.oneof(
            fc.string(),
            fc.constantFrom('@context', '@id', 'as:object', '@graph', '@reverse', 'type'),
          ),
          fc.jsonValue(),
        ),
        async (document) => {
          const result = await normalise(document as JsonObject);
          expect(['fast', 'processed', 'as-sent']).toContain(result.path);
        },
      ),
      { numRuns: 200 },
    );
  });
});
