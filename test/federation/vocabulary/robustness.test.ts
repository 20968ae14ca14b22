import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseActivity, reactionOf } from '../../../federation/vocabulary/activity.js';
import { parseActor } from '../../../federation/vocabulary/actor.js';
import { parseCollection } from '../../../federation/vocabulary/collection.js';
import { parseJsonObject } from '../../../federation/vocabulary/json.js';
import { parseObject } from '../../../federation/vocabulary/object.js';
import { corpusBytes, corpusEntries } from '../support/corpus.js';

const parsers = { parseActor, parseObject, parseActivity, parseCollection, reactionOf };

/** The names that the parsers look at, so that random documents reach their depths. */
const names = [
  'id',
  '@id',
  'type',
  '@type',
  '@context',
  '@value',
  '@language',
  'actor',
  'object',
  'target',
  'to',
  'cc',
  'attributedTo',
  'inReplyTo',
  'content',
  'contentMap',
  'name',
  'nameMap',
  'summary',
  'summaryMap',
  'url',
  'href',
  'mediaType',
  'rel',
  'tag',
  'attachment',
  'icon',
  'image',
  'oneOf',
  'anyOf',
  'closed',
  'endTime',
  'replies',
  'totalItems',
  'items',
  'first',
  'next',
  'quote',
  'quoteUri',
  'published',
  'duration',
  'focalPoint',
  'blurhash',
  'publicKey',
  'publicKeyPem',
  'assertionMethod',
  'inbox',
  'preferredUsername',
  'endpoints',
  'sharedInbox',
  'alsoKnownAs',
  'interactionPolicy',
  'canQuote',
  'language',
];
const scalars = fc.oneof(
  fc.constantFrom(
    'Note',
    'Question',
    'Create',
    'Person',
    'Mention',
    'Hashtag',
    'Emoji',
    'Link',
    'Image',
    'Collection',
    'PropertyValue',
    'https://a.example/1',
    'https://[::',
    'en',
    '2024-02-30T00:00:00Z',
    ':x:',
    '#x',
    '@x',
    'https://a.example/\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
);
const { document } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalars, tie('document'), fc.array(tie('value'), { maxLength: 4 })),
  document: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 12 }),
}));

describe('no parser throws', () => {
  test.each(Object.entries(parsers))('%s, on documents made of known names', (_, parse) => {
    const good = {
      id: 'https://a.example/1',
      inbox: 'https://a.example/inbox',
      preferredUsername: 'a',
      actor: 'https://a.example/1',
    };
    const types = fc.constantFrom('Person', 'Note', 'Question', 'Create', 'OrderedCollection', 'Like');
    fc.assert(
      fc.property(document, types, (json, type) => {
        parse({ ...(json as object), type, ...good });
        parse(json);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(Object.entries(parsers))('%s, on anything', (_, parse) => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        parse(value);
      }),
    );
  });

  test('what comes out is plain data of bounded size', () => {
    fc.assert(
      fc.property(document, (json) => {
        const parsed = parseObject({ ...(json as object), type: 'Note' });
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
      }),
    );
  });
});

describe('every collected payload', () => {
  const entries = corpusEntries();
  const invalid = (parsed: object | null) => (parsed === null || 'invalid' in parsed ? 1 : 0);

  test('is parsed without an exception, and most make sense', () => {
    const tally = { actor: [0, 0], object: [0, 0], activity: [0, 0], collection: [0, 0] };
    for (const { file, kind } of entries) {
      const json = parseJsonObject(corpusBytes(file));
      if (json.outcome !== 'ok') {
        expect(file).toMatch(/fail-.*-at-top/);
        continue;
      }
      const activity = parseActivity(json.value);
      const results = {
        actor: parseActor(json.value),
        object: parseObject('embedded' in activity && activity.embedded ? activity.embedded : json.value),
        activity,
        collection: parseCollection(json.value),
      };
      if (kind === 'webfinger' || kind === 'nodeinfo') continue;
      tally[kind][0] = (tally[kind][0] ?? 0) + 1;
      tally[kind][1] = (tally[kind][1] ?? 0) + invalid(results[kind]);
    }
    const share = ([all, bad]: number[]) => (bad ?? 0) / Math.max(1, all ?? 0);
    // What is refused: documentation snippets without an id, an actor or an inbox, and types that are no posts.
    expect(share(tally.activity)).toBeLessThan(0.25);
    expect(share(tally.actor)).toBeLessThan(0.65);
    expect(share(tally.object)).toBeLessThan(0.5);
    expect(share(tally.collection)).toBeLessThan(0.15);
    expect(tally.activity[0]).toBeGreaterThan(80);
  });
});
