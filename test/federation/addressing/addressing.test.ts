import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sharedInboxOf } from '../../../federation/addressing/inboxes.js';
import { audienceOf, visibilityOf, type Visibility } from '../../../federation/addressing/visibility.js';
import { PUBLIC } from '../../../federation/vocabulary/names.js';

const followers = 'https://a.example/users/alice/followers';
const bob = 'https://b.example/users/bob';

describe('visibility', () => {
  test.each<[string[], string[], Visibility]>([
    [[PUBLIC], [followers], 'public'],
    [['as:Public'], [], 'public'],
    [['Public'], [], 'public'],
    [[followers], [PUBLIC], 'unlisted'],
    [[bob], ['as:Public'], 'unlisted'],
    [[followers], [bob], 'private'],
    [[bob], [followers], 'private'],
    [[bob], [], 'direct'],
    [[], [], 'direct'],
    // LD_PUBLIC: these are ordinary ids and never widen an audience.
    [['public'], [], 'direct'],
    [['as:public'], ['https://www.w3.org/ns/activitystreams#public'], 'direct'],
    [['https://b.example/users/bob/followers'], [], 'direct'],
  ])('to %j cc %j is %s', (to, cc, expected) => {
    expect(visibilityOf(to, cc, followers)).toBe(expected);
  });

  test('without a followers collection nothing is private', () => {
    expect(visibilityOf([followers], [], null)).toBe('direct');
  });

  test('what is addressed is read back, whoever is mentioned', () => {
    const visibilities = fc.constantFrom<Visibility>('public', 'unlisted', 'private', 'direct');
    const actors = fc.array(fc.webUrl({ withFragments: true }));
    fc.assert(
      fc.property(visibilities, actors, (visibility, mentions) => {
        const { to, cc } = audienceOf(visibility, followers, mentions);
        expect(visibilityOf(to, cc, followers)).toBe(visibility);
        for (const mention of mentions) expect([...to, ...cc]).toContain(mention);
        expect(new Set([...to, ...cc]).size).toBe(to.length + cc.length);
      }),
    );
  });
});

describe('sharedInboxOf', () => {
  const inbox = 'https://a.example/users/bob/inbox';

  test.each([
    ['on the same host', 'https://a.example/inbox', 'https://a.example/inbox'],
    ['none', null, null],
    ['on another host: our fan-out would hit a third party', 'https://victim.example/inbox', null],
    ['no web address', 'ftp://a.example/inbox', null],
  ])('%s', (_, sharedInbox, expected) => {
    expect(sharedInboxOf({ inbox, sharedInbox })).toBe(expected);
  });
});
