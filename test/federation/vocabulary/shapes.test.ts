import { expect, test } from '@jest/globals';
import { normalise } from '../../../federation/jsonld/normalise.js';
import type { Json, JsonObject } from '../../../federation/ports.js';
import { parseActivity } from '../../../federation/vocabulary/activity.js';
import { parseActor } from '../../../federation/vocabulary/actor.js';
import { parseObject } from '../../../federation/vocabulary/object.js';

const id = 'https://a.example/1';
/** What may stand where a string, a list or an object is expected. `undefined`: the member is missing. */
const shapes: (Json | undefined)[] = [
  undefined,
  null,
  '',
  'text',
  id,
  0,
  -1,
  true,
  [],
  {},
  [id, id],
  [null, [id], {}, 1],
  { id },
  { id: { id } },
  { type: 'Link', href: id },
  { '@value': 'x', '@language': 'en' },
  { '@list': [id] },
  { type: ['Image', 'x'], url: [{ href: id }, id] },
];
const activities =
  'Accept Add Announce Block Create Delete Flag Follow Like Move QuoteRequest Reject Remove Undo Update'.split(
    ' ',
  );
const objects = 'Note Question Article Page Video Image Audio Event Tombstone'.split(' ');
const actors = 'Person Service Application Group Organization'.split(' ');
const fields = (text: string): string[] => text.split(' ');
const ofActivities = fields(
  'id type actor object target to cc audience published result instrument signature',
);
const ofObjects = fields(
  'id type attributedTo content contentMap mediaType summary summaryMap name nameMap source inReplyTo published updated to cc audience tag attachment image icon url replies likes shares sensitive conversation context oneOf anyOf endTime closed votersCount quote quoteUri _misskey_quote quoteAuthorization interactionPolicy duration width height blurhash focalPoint',
);
const ofActors = fields(
  'id type inbox outbox followers following featured featuredTags endpoints publicKey assertionMethod preferredUsername name summary icon image url attachment tag alsoKnownAs movedTo manuallyApprovesFollowers discoverable indexable published',
);

const note: JsonObject = { id, type: 'Note', attributedTo: id, content: '<p>x</p>', to: [id] };
const actor: JsonObject = { id, type: 'Person', inbox: `${id}/inbox`, preferredUsername: 'a' };

/** Every field in every shape, alone and twice in a list, through JSON-LD and what reads the result. */
async function readAll(
  base: JsonObject,
  names: readonly string[],
  parse: (json: JsonObject) => unknown,
): Promise<number> {
  let read = 0;
  for (const name of names)
    for (const shape of shapes)
      for (const value of shape === undefined ? [undefined] : [shape, [shape, shape]]) {
        const document: JsonObject = { '@context': 'https://www.w3.org/ns/activitystreams', ...base };
        if (value === undefined) delete document[name];
        else document[name] = value;
        const normal = await normalise(document);
        for (const json of [document, normal.document]) {
          const found = parse(json);
          expect([name, typeof found]).toEqual([name, 'object']);
        }
        read += 1;
      }
  return read;
}

test.each(activities)('%s, with every field in every shape, is read or refused', async (type) => {
  const base = { id, type, actor: id, object: type === 'Create' ? note : id };
  expect(await readAll(base, ofActivities, parseActivity)).toBe(
    ofActivities.length * (shapes.length * 2 - 1),
  );
});

test.each(objects)('%s, with every field in every shape, is read or refused', async (type) => {
  expect(await readAll({ ...note, type }, ofObjects, (json) => parseObject(json))).toBeGreaterThan(1000);
});

test.each(actors)('%s, with every field in every shape, is read or refused', async (type) => {
  expect(await readAll({ ...actor, type }, ofActors, parseActor)).toBeGreaterThan(500);
});
