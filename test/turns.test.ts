import { expect, test } from '@jest/globals';
import { createPace, createTurns, nextTurn } from '../src/turns.js';

test('of those who wait one goes on in each turn, first come, first served', async () => {
  const myTurn = createTurns();
  const order: string[] = [];
  const walk = async (name: string): Promise<void> => {
    for (let i = 1; i <= 2; i++) {
      await myTurn();
      order.push(`${name}${i}`);
    }
  };
  void walk('a');
  void walk('b');
  expect(order).toEqual([]);
  const seen: string[] = [];
  for (let turn = 0; turn < 5; turn++) {
    await nextTurn();
    seen.push(order.join(' '));
  }
  expect(seen.slice(-1)).toEqual(['a1 b1 a2 b2']);
  const grown = seen.map((text) => text.split(' ').filter(Boolean).length);
  for (const [turn, count] of grown.entries()) expect(count - (grown[turn - 1] ?? 0)).toBeLessThanOrEqual(1);
});

test('a burst begins a few in each turn, and whoever was put off is called again', async () => {
  let left = 7;
  const begun: number[] = [];
  const go = (): void => {
    while (left > 0 && !pace.isFull()) {
      pace.begun();
      left -= 1;
    }
    begun.push(left);
  };
  const pace = createPace(3, go);
  go();
  go();
  expect(begun).toEqual([4, 4]);
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  expect(begun).toEqual([4, 4, 1, 0]);
});
