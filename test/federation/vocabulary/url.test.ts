import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { canonicalDomain } from '../../../federation/discovery/resource.js';
import { checkUrl } from '../../../federation/fetch/url-rules.js';
import { sameOrigin } from '../../../federation/inbox/origin.js';
import { isSameHost } from '../../../federation/vocabulary/iris.js';
import { toUrl } from '../../../federation/vocabulary/url.js';

const calls = 12_000;

test('URLs with letters from U+0080 to U+00FF are still URLs after many calls (Node 20, URL.canParse)', () => {
  const rules = { allowLoopback: false, isRefusedHost: () => false };
  for (let i = 0; i < calls; i++) {
    const url = `https://bücher.example/ä/${i}`;
    const read = [toUrl(url)?.pathname, toUrl('/é', url)?.pathname, canonicalDomain('bücher.example')];
    if (read.join() !== `/%C3%A4/${i},/%C3%A9,xn--bcher-kva.example` || !('url' in checkUrl(url, rules)))
      throw new Error(`Not read after ${i} calls: ${read.join()}`);
  }
});

test('nothing asks URL.canParse', () => {
  const asking = ['federation', 'src'].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .map((name) => join(room, name))
      .filter((path) => path.endsWith('.ts') && readFileSync(path, 'utf8').includes('URL.canParse(')),
  );
  expect(asking).toEqual([]);
});

test('there is one origin check, whatever the type of what it is asked', () => {
  const pairs: [unknown, unknown, boolean][] = [
    ['https://a.example/1', 'https://A.example:443/2', true],
    ['https://a.example/1', 'https://a.example:8443/1', false],
    ['https://a.example/1', 'https://a.example@evil.example/1', false],
    ['https://a.example/1', 'https://a.example./1', false],
    ['https://a.example/1', 'https:a.example/1', false],
    ['https://a.example/1', 'https://a.example/\u0085', false],
    [null, null, false],
    [['https://a.example/1'], 'https://a.example/1', false],
  ];
  for (const [a, b, same] of pairs) {
    expect([a, b, sameOrigin(a, b)]).toEqual([a, b, same]);
    if (typeof a === 'string' && typeof b === 'string') expect(isSameHost(a, b)).toBe(same);
  }
});
