import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createNormaliser } from '../../../federation/jsonld/normalise.js';
import type { JsonObject } from '../../../federation/ports.js';
import { parseActivity } from '../../../federation/vocabulary/activity.js';

const as = 'https://www.w3.org/ns/activitystreams';
const normalise = createNormaliser();
const like = { '@context': as, id: 'https://a.example/1', type: 'Like', actor: 'https://a.example/a', object: 'https://b.example/1' };

describe('normalise', () => {
  test('a document in shape is used as it is', async () => {
    const result = await normalise(like);
    expect(result).toEqual({ outcome: 'ok', document: like, path: 'fast' });
    expect(result.outcome === 'ok' && result.document).toBe(like);
  });
});
