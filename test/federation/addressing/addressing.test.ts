import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { collapseInboxes, type Recipient } from '../../../federation/addressing/inboxes.js';
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

describe('collapseInboxes', () => {
  const person = (
    host: string,
    name: string,
    shared: string | null = `https://${host}/inbox`,
  ): Recipient => ({
    uri: `https://${host}/users/${name}`,
    inbox: `https://${host}/users/${name}/inbox`,
    sharedInbox: shared,
  });
  const isOwnHost = (host: string): boolean => host === 'us.example' || host === 'old.example:8443';
  const collapse = (recipients: Recipient[], isPublicOrFollowers: boolean) =>
    collapseInboxes(recipients, { isOwnHost, isPublicOrFollowers });

  test('Q_SHARED: fifty followers on one server are one delivery', () => {
    const many = Array.from({ length: 50 }, (_, i) => person('big.example', `u${i}`));
    const alone = person('gts.example', 'solo', null);
    expect(collapse([...many, alone], true)).toEqual([
      'https://big.example/inbox',
      'https://gts.example/users/solo/inbox',
    ]);
  });

  test('a direct message goes to its reader; to several on one server it goes there once', () => {
    const [x, y, z] = [person('big.example', 'x'), person('big.example', 'y'), person('small.example', 'z')];
    expect(collapse([x, z], false)).toEqual([x.inbox, z.inbox]);
    expect(collapse([x, y, z], false)).toEqual(['https://big.example/inbox', z.inbox]);
    expect(collapse([x, x], false)).toEqual([x.inbox]);
  });

  test('a shared inbox of another host is never used', () => {
    const foreign = person('evil.example', 'm', 'https://victim.example/inbox');
    const port = person('evil.example', 'n', 'https://evil.example:8443/inbox');
    expect(collapse([foreign, port], true)).toEqual([foreign.inbox, port.inbox]);
  });

  test('Q_SELF: own hosts are left out', () => {
    expect(
      collapse(
        [person('us.example', 'bob'), person('US.example', 'eve'), person('old.example:8443', 'x')],
        true,
      ),
    ).toEqual([]);
  });

  test('URL_INVALID: a broken inbox stops nobody else', () => {
    const broken = [
      'https://:',
      'https://xn--/',
      'http://[::',
      'mailto:a@b.example',
      '',
      'https://u:p@x.example/inbox',
    ];
    const bad = broken.map((inbox, i) => ({
      uri: `https://x.example/${i}`,
      inbox,
      sharedInbox: 'https://x.example/inbox',
    }));
    const [a, b] = [person('a.example', 'a'), person('b.example', 'b')];
    expect(collapse([a, ...bad, b], true)).toEqual(['https://a.example/inbox', 'https://b.example/inbox']);
    expect(collapse([{ ...a, sharedInbox: 'https://[::' }], true)).toEqual([a.inbox]);
  });

  test('the order of recipients does not matter', () => {
    const all = Array.from({ length: 12 }, (_, i) =>
      person(`h${i % 5}.example`, `u${i}`, i % 3 ? undefined : null),
    );
    const expected = collapse(all, true);
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        expect(collapse(shuffled, true)).toEqual(expected);
      }),
    );
  });
});
