import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  admit,
  CLOSED_BREAKER,
  DEAD_AFTER_MS,
  FAILURE_THRESHOLD,
  reduceBreaker,
  type Breaker,
  type BreakerEvent,
} from '../../../federation/delivery/breaker.js';
import { MAX_ATTEMPTS, nextAttempt, nextAttemptAfter } from '../../../federation/delivery/retry.js';

const HOUR = 3_600_000;
const middle = (): number => 0.5;

describe('nextAttempt', () => {
  test('the table', () => {
    const minutes = (attempt: number) => Number(nextAttempt(attempt, middle)) / 60_000;
    expect([1, 2, 3, 4, 5, 6, 9, 11, 12, 24].map(minutes)).toEqual([0.5, 1, 2, 4, 8, 16, 128, 512, 720, 720]);
    expect(nextAttempt(25, middle)).toBe('give-up');
    expect(nextAttempt(1000, middle)).toBe('give-up');
  });

  test('Q_DOWN_DAYS: all attempts together span about seven days', () => {
    for (const random of [() => 0, middle, () => 0.999]) {
      let total = 0;
      for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) total += Number(nextAttempt(attempt, random));
      expect(total / HOUR / 24).toBeGreaterThan(5);
      expect(total / HOUR / 24).toBeLessThan(9.5);
    }
  });

  test('jitter spreads a delay by a quarter each way, and never to nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 24 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const base = Number(nextAttempt(attempt, middle));
          const delay = Number(nextAttempt(attempt, () => random));
          expect(delay).toBeGreaterThanOrEqual(base * 0.75);
          expect(delay).toBeLessThanOrEqual(base * 1.25);
        },
      ),
    );
  });

  test('what the host asked for counts where it is later', () => {
    expect(nextAttemptAfter(1, null, middle)).toBe(30_000);
    expect(nextAttemptAfter(1, 1000, middle)).toBe(30_000);
    expect(nextAttemptAfter(1, HOUR, middle)).toBe(HOUR);
    expect(nextAttemptAfter(25, HOUR, middle)).toBe('give-up');
  });
});

describe('the breaker', () => {
  const start = new Date('2026-01-01T00:00:00Z');
  const later = (ms: number): Date => new Date(start.getTime() + ms);
  const fail = (breaker: Breaker, times: number, at = start): Breaker => {
    let next = breaker;
    for (let i = 0; i < times; i++) next = reduceBreaker(next, 'failure', at);
    return next;
  };
  const open = fail(CLOSED_BREAKER, FAILURE_THRESHOLD);

  test('opens after several failures in a row, not before', () => {
    const almost = fail(CLOSED_BREAKER, FAILURE_THRESHOLD - 1);
    expect(almost).toMatchObject({
      state: 'closed',
      failures: FAILURE_THRESHOLD - 1,
      failingSince: start.toISOString(),
    });
    expect(admit(almost, start)).toBe('send');
    expect(reduceBreaker(almost, 'success', start)).toEqual(CLOSED_BREAKER);
    expect(open).toMatchObject({ state: 'open', nextProbeAt: later(60_000).toISOString() });
    expect(admit(open, later(59_999))).toBe('wait');
  });

  test('lets one delivery through, then waits for its report', () => {
    expect(admit(open, later(60_000))).toBe('probe');
    const probing = reduceBreaker(open, 'probe', later(60_000));
    expect(probing.state).toBe('half-open');
    expect(admit(probing, later(60_001))).toBe('wait');
    expect(reduceBreaker(probing, 'success', later(61_000))).toEqual(CLOSED_BREAKER);
    const again = reduceBreaker(probing, 'failure', later(61_000));
    expect(again).toMatchObject({ state: 'open', nextProbeAt: later(61_000 + 120_000).toISOString() });
    expect(again.failingSince).toBe(start.toISOString());
  });

  test('a probe whose worker died is replaced', () => {
    const probing = reduceBreaker(open, 'probe', later(60_000));
    expect(admit(probing, later(60_000 + 119_999))).toBe('wait');
    expect(admit(probing, later(60_000 + 120_000))).toBe('probe');
  });

  test('late reports of deliveries that were under way change nothing', () => {
    expect(fail(open, 50)).toEqual(open);
    expect(reduceBreaker(CLOSED_BREAKER, 'probe', start)).toEqual(CLOSED_BREAKER);
  });

  test('pauses grow to an hour and stay there', () => {
    let breaker = open;
    let now = start;
    const pauses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const at = new Date(breaker.nextProbeAt ?? 0);
      pauses.push((at.getTime() - now.getTime()) / 60_000);
      now = at;
      breaker = reduceBreaker(reduceBreaker(breaker, 'probe', now), 'failure', now);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
  });

  test('Q_DEAD_HOST, Q_REVIVE: dead after two weeks, alive again as soon as it is heard from', () => {
    const probing = reduceBreaker(open, 'probe', later(DEAD_AFTER_MS - 1));
    expect(reduceBreaker(probing, 'failure', later(DEAD_AFTER_MS - 1)).state).toBe('open');
    const dead = reduceBreaker(probing, 'failure', later(DEAD_AFTER_MS));
    expect(dead).toMatchObject({ state: 'dead', nextProbeAt: null });
    expect(admit(dead, later(DEAD_AFTER_MS * 10))).toBe('drop');
    expect(reduceBreaker(dead, 'failure', later(DEAD_AFTER_MS * 2))).toEqual(dead);
    expect(reduceBreaker(dead, 'probe', later(DEAD_AFTER_MS * 2))).toEqual(dead);
    expect(reduceBreaker(dead, 'success', later(DEAD_AFTER_MS * 2))).toEqual(CLOSED_BREAKER);
  });

  test('whatever happens, at most one probe is out, and success always closes', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom<BreakerEvent>('success', 'failure', 'probe'), fc.nat(2 * HOUR)),
    );
    fc.assert(
      fc.property(steps, (events) => {
        let breaker: Breaker = { ...CLOSED_BREAKER };
        let now = start;
        for (const [event, wait] of events) {
          now = new Date(now.getTime() + wait);
          breaker = reduceBreaker(breaker, event, now);
          expect(JSON.parse(JSON.stringify(breaker))).toEqual(breaker);
          if (breaker.state === 'half-open') expect(admit(breaker, now)).toBe('wait');
          if (event === 'success') expect(admit(breaker, now)).toBe('send');
        }
      }),
    );
  });
});
