import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findAlternate } from '../../../federation/fetch/alternate.js';
import { cpuTime } from '../../support/cpu.js';

const url = 'https://page.example/@alice';
const type = 'application/activity+json';
const find = (link: string, html = ''): string | null =>
  findAlternate({ url, headers: { link }, body: Buffer.from(html) });

const part = fc.constantFrom(
  '<',
  '>',
  '<https://page.example/users/alice>',
  '<https://evil.example/users/alice>',
  '<//evil.example/x>',
  '<javascript:alert(1)>',
  '<https://page.example@evil.example/>',
  '; rel="alternate"',
  '; rel=alternate',
  `; type="${type}"`,
  `; type='${type}'`,
  `; type=${type}`,
  ', ',
  ',',
  '"',
  "'",
  '\\',
  ';',
  '=',
  ' ',
  '\0',
  'é',
);

test('a Link header of any shape leads to this host or nowhere', () => {
  const header = fc.oneof(
    { weight: 4, arbitrary: fc.array(part, { maxLength: 30 }).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  );
  fc.assert(
    fc.property(header, (link) => {
      for (const found of [find(link), find('', `<html><link ${link}>`)])
        if (found !== null)
          expect(new URL(found)).toMatchObject({ protocol: 'https:', host: 'page.example' });
    }),
    { numRuns: 2000, seed: 20261128 },
  );
});

test('a link among others is found, whatever stands around it', () => {
  const other = fc.constantFrom(
    '<https://page.example/feed>; rel="alternate"; type="application/rss+xml"',
    '<https://page.example/.well-known/webfinger>; rel="lrdd"',
    `<https://evil.example/x>; rel="alternate"; type="${type}"`,
    '<https://page.example/next?page=2>; rel="next"; title="a, b; c"',
  );
  fc.assert(
    fc.property(fc.array(other, { maxLength: 5 }), fc.array(other, { maxLength: 5 }), (before, after) => {
      const ours = `<https://page.example/users/alice>; rel="alternate me"; type="${type}; charset=utf-8"`;
      expect(find([...before, ours, ...after].join(', '))).toBe('https://page.example/users/alice');
    }),
    { seed: 20261128 },
  );
});

test('a long header takes no longer for being twisted', () => {
  for (const twist of ['<', '<a', ', <', '; rel="', "='", 'a=']) {
    const spent = cpuTime();
    find(twist.repeat(200_000), `<link ${twist.repeat(200_000)}`);
    expect([twist, spent() < 3000]).toEqual([twist, true]);
  }
});
