import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkFreshness, DEFAULT_WINDOW } from '../../../federation/signature/freshness.js';
import { parseHttpDate, toHttpDate } from '../../../federation/signature/http-date.js';
import { HOUR, NOW } from './kit.js';

describe('HTTP dates', () => {
  test('any second comes back', () => {
    const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (s) => {
        expect(parseHttpDate(toHttpDate(new Date(s * 1000)))?.getTime()).toBe(s * 1000);
      }),
    );
  });

  test('the weekday may be wrong', () => {
    expect(parseHttpDate('Thu, 05 Jan 2014 21:31:40 GMT')?.toISOString()).toBe('2014-01-05T21:31:40.000Z');
  });

  test.each([
    '',
    'wibble',
    '99999999999999',
    '2026-03-01T12:00:00Z',
    'Sun, 1 Mar 2026 12:00:00 GMT',
    'Sun, 01 Mar 2026 12:00:00',
    'Sun, 01 Mar 2026 12:00:00 +0100',
    'Sun, 01 Mar 2026 12:00:00 UTC',
    'Sun, 01 Mrz 2026 12:00:00 GMT',
    'Sun, 31 Feb 2026 12:00:00 GMT',
    'Sun, 00 Mar 2026 12:00:00 GMT',
    'Sun, 01 Mar 2026 24:00:00 GMT',
    'Sun, 01 Mar 2026 12:60:00 GMT',
    'Sun, 01 Mar 2026 12:00:60 GMT',
    'Sun, 01 Mar 2026 12:00:00 GMT, Sun, 01 Mar 2026 12:00:00 GMT',
    ' Sun, 01 Mar 2026 12:00:00 GMT',
  ])('refuses %p', (text) => {
    expect(parseHttpDate(text)).toBeNull();
  });
});

describe('the window', () => {
  const at = (ms: number) => toHttpDate(new Date(NOW.getTime() + ms));
  const unix = (ms: number) => Math.floor((NOW.getTime() + ms) / 1000);
  const none = { date: null, created: null, expires: null };

  test.each([
    ['now', { ...none, date: at(0) }, 'fresh'],
    ['twelve hours ago', { ...none, date: at(-12 * HOUR) }, 'fresh'],
    ['twelve hours and a second ago', { ...none, date: at(-12 * HOUR - 1000) }, 'too-old'],
    ['ten years ago', { ...none, date: at(-87_600 * HOUR) }, 'too-old'],
    ['in one hour', { ...none, date: at(HOUR) }, 'fresh'],
    ['in one hour and a second', { ...none, date: at(HOUR + 1000) }, 'in-future'],
    ['created now', { ...none, created: unix(0) }, 'fresh'],
    ['created twelve hours ago', { ...none, created: unix(-12 * HOUR) }, 'fresh'],
    ['created too long ago', { ...none, created: unix(-12 * HOUR) - 1 }, 'too-old'],
    ['created in one hour', { ...none, created: unix(HOUR) }, 'fresh'],
    ['created later', { ...none, created: unix(HOUR) + 1 }, 'in-future'],
    ['created in 400 days', { ...none, created: unix(400 * 24 * HOUR) }, 'in-future'],
    ['good created, old Date', { ...none, created: unix(0), date: at(-13 * HOUR) }, 'too-old'],
    ['good Date, old created', { ...none, created: unix(-13 * HOUR), date: at(0) }, 'too-old'],
    ['nothing signed', none, 'date-not-signed'],
    ['only expires', { ...none, expires: unix(HOUR) }, 'date-not-signed'],
    ['garbage', { ...none, date: 'wibble' }, 'date-malformed'],
    ['good created, garbage Date', { ...none, created: unix(0), date: '' }, 'date-malformed'],
    ['expires ahead', { ...none, created: unix(-HOUR), expires: unix(1000) }, 'fresh'],
    ['expires now', { ...none, created: unix(-HOUR), expires: unix(0) }, 'expired'],
    ['expired with a good Date', { ...none, date: at(0), expires: unix(-1000) }, 'expired'],
    ['ends before it starts', { ...none, created: unix(HOUR), expires: unix(HOUR / 2) }, 'expired'],
    [
      'a long life does not help an old one',
      { ...none, created: unix(-13 * HOUR), expires: unix(240 * HOUR) },
      'too-old',
    ],
  ])('%s', (_, times, verdict) => {
    expect(checkFreshness(times, NOW, DEFAULT_WINDOW)).toBe(verdict);
  });

  test('can be set', () => {
    const window = { maxAge: 60_000, maxFuture: 0 };
    expect(checkFreshness({ ...none, date: at(-60_000) }, NOW, window)).toBe('fresh');
    expect(checkFreshness({ ...none, date: at(-61_000) }, NOW, window)).toBe('too-old');
    expect(checkFreshness({ ...none, date: at(1000) }, NOW, window)).toBe('in-future');
  });
});
