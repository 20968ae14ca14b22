import { describe, expect, test } from '@jest/globals';
import { documentType, wantedBy } from '../../../src/http/activitypub/negotiate.js';
import { cpuTime } from '../../support/cpu.js';

const ld = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"';
const firefox = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

describe('document or page', () => {
  test.each([
    ['application/activity+json', 'activity'],
    [ld, 'activity'],
    [`application/activity+json, ${ld}`, 'activity'],
    ['application/ld+json', 'activity'],
    ['application/json', 'activity'],
    ['APPLICATION/ACTIVITY+JSON', 'activity'],
    // Mastodon's own request.
    ['application/activity+json, application/ld+json', 'activity'],
    // Others ask for both and prefer the document.
    ['application/activity+json, text/html;q=0.1', 'activity'],
    ['text/html, application/activity+json;q=0.9', 'page'],
    [firefox, 'page'],
    ['text/html', 'page'],
    ['application/xhtml+xml', 'page'],
    ['text/html;q=0.5, application/activity+json;q=0.4', 'page'],
    ['text/html, application/activity+json', 'page'],
    ['application/activity+json;q=0, text/html;q=0.1', 'page'],
  ] as const)('%s → %s, wherever', (accept, wanted) => {
    expect(wantedBy(accept, 'activity')).toBe(wanted);
    expect(wantedBy(accept, 'page')).toBe(wanted);
  });

  test.each([undefined, '', '*/*', 'image/png', 'text/plain', ',,,;;q=', '"', 'text/html;q=0'])(
    '%s says nothing: the URL decides',
    (accept) => {
      expect(wantedBy(accept, 'activity')).toBe('activity');
      expect(wantedBy(accept, 'page')).toBe('page');
    },
  );

  test('a hostile header is read in bounded time', () => {
    const spent = cpuTime();
    wantedBy('a/b;q="'.repeat(100_000), 'page');
    wantedBy(`${'text/html,'.repeat(100_000)}application/activity+json`, 'activity');
    expect(spent()).toBeLessThan(2000);
  });
});

test.each([
  ['application/activity+json', 'application/activity+json; charset=utf-8'],
  [undefined, 'application/activity+json; charset=utf-8'],
  ['*/*', 'application/activity+json; charset=utf-8'],
  [`application/activity+json, ${ld}`, 'application/activity+json; charset=utf-8'],
  [ld, ld],
  [`${ld}, application/activity+json;q=0`, ld],
])('asked with %s, a document is called %s', (accept, type) => {
  expect(documentType(accept)).toBe(type);
});
