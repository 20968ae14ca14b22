import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHostQuota, type HostQuota } from '../../src/domain/remote/host-quota.js';
import { createTestClock, type TestClock } from '../support/clock.js';

function start(perMinute: number, federateLoopback = false): { quota: HostQuota; clock: TestClock } {
  const clock = createTestClock();
  const quota = createHostQuota({ clock, settings: { federateLoopback } as never }, perMinute);
  return { quota, clock };
}
const times = (count: number, act: () => number): number[] => Array.from({ length: count }, act);

describe('requests of one host', () => {
  test('as many as there is room for, then when to come back, then anew', () => {
    const { quota, clock } = start(3);
    expect(times(5, () => quota('peer.example'))).toEqual([0, 0, 0, 60, 60]);
    clock.advance({ seconds: 59, ms: 500 });
    expect(quota('peer.example')).toBe(1);
    clock.advance({ ms: 500 });
    expect(quota('peer.example')).toBe(0);
  });

  test('names and ports of one registrable domain are one, public suffixes are many', () => {
    const { quota } = start(2);
    for (const host of ['a.evil.example', 'b.evil.example:8443']) expect(quota(host)).toBe(0);
    for (const host of ['c.evil.example', 'evil.example', 'd.e.evil.example:1'])
      expect([host, quota(host)]).toEqual([host, 60]);
    for (const host of ['evil.co.uk', 'good.co.uk', 'other.co.uk'])
      expect([host, quota(host)]).toEqual([host, 0]);
    expect(times(3, () => quota('192.0.2.1:80'))).toEqual([0, 0, 60]);
    expect(quota('192.0.2.2')).toBe(0);
  });

  test('a clock that is set back keeps no refusal alive', () => {
    const { quota, clock } = start(1);
    expect([quota('peer.example'), quota('peer.example')]).toEqual([0, 60]);
    clock.advance({ hours: -2 });
    expect(quota('peer.example')).toBe(0);
  });

  test('0 is no limit, and a machine that plays all the servers is not counted', () => {
    const none = start(0);
    expect(times(1000, () => none.quota('peer.example')).every((wait) => wait === 0)).toBe(true);
    const development = start(1, true);
    for (const host of ['localhost:3000', '127.0.0.1:9', '[::1]:9'])
      expect(times(3, () => development.quota(host))).toEqual([0, 0, 0]);
    expect(times(2, () => start(1).quota('127.0.0.1:9'))).toEqual([0, 0]);
    const counted = start(1);
    expect(times(2, () => counted.quota('127.0.0.1:9'))).toEqual([0, 60]);
  });

  test('whatever others do, nobody gets more or less than its number', () => {
    const act = fc.record({
      host: fc.integer({ min: 0, max: 9 }),
      pause: fc.integer({ min: 0, max: 30_000 }),
    });
    const property = fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(act, { maxLength: 200 }),
      (max, acts) => {
        const { quota, clock } = start(max);
        const begun = clock.now().getTime();
        const windows = new Map<number, { since: number; count: number }>();
        for (const { host, pause } of acts) {
          clock.advance({ ms: pause });
          const at = clock.now().getTime() - begun;
          const known = windows.get(host);
          const window = known && at - known.since < 60_000 ? known : { since: at, count: 0 };
          windows.set(host, window);
          window.count += 1;
          const wait = quota(`h${host}.example`);
          expect(wait === 0).toBe(window.count <= max);
          expect(wait).toBeLessThanOrEqual(60);
        }
      },
    );
    fc.assert(property, { numRuns: 100 });
  });

  test('memory is bounded: hosts beyond the ten thousand that are counted begin anew', () => {
    const { quota } = start(1);
    expect([quota('first.example'), quota('first.example')]).toEqual([0, 60]);
    for (let i = 0; i < 10_000; i++) quota(`h${i}.example`);
    expect(quota('first.example')).toBe(0);
  });
});
