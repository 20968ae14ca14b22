import { expect, test } from '@jest/globals';
import { isActivityMediaType } from '../../../federation/inbox/media-type.js';

test.each([
  ['application/activity+json', true],
  ['Application/Activity+JSON; charset=utf-8', true],
  ['application/ld+json; profile="https://www.w3.org/ns/activitystreams"', true],
  ['application/ld+json;profile=https://www.w3.org/ns/activitystreams;charset=utf-8', true],
  ['application/ld+json; profile="https://www.w3.org/ns/activitystreams https://w3id.org/x"', true],
  ['application/ld+json', true],
  ['application/json; charset=utf-8', true],
  ['application/ld+json; profile="https://w3id.org/other"', false],
  ['application/activity+jsonx', false],
  ['text/plain', false],
  ['text/html', false],
  ['multipart/form-data', false],
  ['application/x-www-form-urlencoded', false],
  ['', false],
  [null, false],
  [`application/activity+json;${'x'.repeat(1000)}`, false],
])('%p: %p', (type, accepted) => {
  expect(isActivityMediaType(type)).toBe(accepted);
});
