import { expect, test } from '@jest/globals';
import { createGate } from '../src/gate.js';

function manual(): { promise: Promise<void>; done: () => void } {
  let done = (): void => {};
  const promise = new Promise<void>((resolve) => (done = resolve));
  return { promise, done };
}

test('no more than the width run at once, the others follow in order', async () => {
  const gate = createGate({ width: 2, queue: 10 });
  const works = [manual(), manual(), manual(), manual()];
  const begun: number[] = [];
  const runs = works.map((work, i) =>
    gate.run(async () => {
      begun.push(i);
      await work.promise;
      return i;
    }),
  );
  expect(begun).toEqual([0, 1]);
  works[1]!.done();
  await runs[1];
  expect(begun).toEqual([0, 1, 2]);
  works.forEach((work) => work.done());
  expect(await Promise.all(runs)).toEqual([0, 1, 2, 3]);
});

test('work that fails gives its place back', async () => {
  const gate = createGate({ width: 1, queue: 10 });
  await expect(gate.run(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await gate.run(async () => 'yes')).toBe('yes');
});

test('a full queue is answered with 503, and empties again', async () => {
  const gate = createGate({ width: 1, queue: 1 });
  const work = manual();
  const first = gate.run(async () => work.promise);
  const second = gate.run(async () => 'second');
  await expect(gate.run(async () => 'third')).rejects.toMatchObject({ status: 503 });
  work.done();
  await first;
  expect(await second).toBe('second');
  expect(await gate.run(async () => 'fourth')).toBe('fourth');
});
