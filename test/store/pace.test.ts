import { expect, test } from '@jest/globals';
import { createPace } from '../../src/store/embedded/pace.js';

test('a dozen transactions begin at once, the rest at an even pace, and rest earns a dozen again', () => {
  let now = 1000;
  const pace = createPace(() => now);
  const begun: number[] = [];
  for (let i = 0; i < 16; i++) {
    now += pace.wait();
    pace.take();
    begun.push(now);
  }
  expect(begun.slice(0, 12)).toEqual(Array.from({ length: 12 }, () => 1000));
  expect(begun.slice(12)).toEqual([1000, 1008, 1016, 1024]);
  now += 60_000;
  for (let i = 0; i < 13; i++) {
    expect(pace.wait()).toBe(0);
    pace.take();
  }
  expect(pace.wait()).toBeGreaterThan(0);
});
