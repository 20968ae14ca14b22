import { describe, expect, test } from '@jest/globals';
import { Lanes, type Allowance } from '../../src/jobs/lanes.js';
import type { WorkItem } from '../../src/model/work.js';

let counter = 0;
function item(lane: string, lastError: string | null = null): WorkItem {
  counter += 1;
  const at = '2030-01-01T00:00:00.000Z';
  return {
    _id: String(counter),
    state: 'leased',
    dueAt: at,
    leaseUntil: at,
    attempts: 1,
    lane,
    lastError,
    createdAt: at,
  };
}

const wide: Allowance = { running: 2, held: 8 };

function takeAll(lanes: Lanes<WorkItem>): string[] {
  const taken: string[] = [];
  for (let next = lanes.take(); next; next = lanes.take()) taken.push(next.lane);
  return taken;
}

describe('what fits', () => {
  test('is as much as each lane and all together may hold, in order', () => {
    const lanes = new Lanes<WorkItem>({ allowance: () => ({ running: 1, held: 3 }) });
    const a = Array.from({ length: 4 }, () => item('a'));
    const b = Array.from({ length: 4 }, () => item('b'));
    expect(lanes.fitting([...a, ...b], 100)).toEqual([...a.slice(0, 3), ...b.slice(0, 3)]);
    expect(lanes.fitting([...a, ...b], 4)).toEqual([...a.slice(0, 3), b[0]]);
    lanes.put(a.slice(0, 2));
    expect(lanes.fitting(a.slice(2), 100)).toEqual([a[2]]);
    expect(lanes.fitting(b, 4)).toEqual([b[0], b[1]]);
  });

  test('is nothing of a lane that has more in the store, or may not run', () => {
    const lanes = new Lanes<WorkItem>({
      allowance: (lane) => (lane === 'shut' ? { running: 0, held: 0 } : wide),
    });
    lanes.setBacklog('late', true);
    const free = item('free');
    expect(lanes.fitting([item('late'), item('shut'), free], 100)).toEqual([free]);
  });
});

describe('turns', () => {
  test('lanes take turns, however much one of them has', () => {
    const lanes = new Lanes<WorkItem>({ allowance: () => ({ running: 10, held: 10 }) });
    lanes.put([...Array.from({ length: 6 }, () => item('busy')), item('small'), item('tiny')]);
    expect(takeAll(lanes).slice(0, 4)).toEqual(['busy', 'small', 'tiny', 'busy']);
  });

  test('a lane runs no more at once than it may', () => {
    const lanes = new Lanes<WorkItem>({ allowance: () => wide });
    const items = [item('a'), item('a'), item('a')];
    lanes.put(items);
    expect(takeAll(lanes)).toEqual(['a', 'a']);
    lanes.done(items[0]!);
    expect(lanes.take()).toBe(items[2]);
  });

  test('many lanes of a crowd run no more together than they may; others pass them', () => {
    const crowd = (lane: string) => (lane.startsWith('far') ? { running: 3 } : null);
    const lanes = new Lanes<WorkItem>({ allowance: () => wide, crowd });
    const far = Array.from({ length: 10 }, (_, i) => item(`far${i}`));
    lanes.put([...far, item('own'), item('own')]);
    expect(takeAll(lanes)).toEqual(['far0', 'far1', 'far2', 'own', 'own']);
    lanes.done(far[1]!);
    expect(takeAll(lanes)).toEqual(['far3']);
  });

  test('items with the same key run one after the other, others pass them', () => {
    const lanes = new Lanes<WorkItem>({ allowance: () => wide, orderKey: (i) => i.lastError });
    const [first, second, other] = [item('a', 'x'), item('a', 'x'), item('a', 'y')];
    lanes.put([first, second, other]);
    expect(lanes.take()).toBe(first);
    expect(lanes.take()).toBe(other);
    lanes.done(first);
    expect(lanes.take()).toBe(second);
  });
});

describe('rules that change', () => {
  test('a stopped lane gives its waiting items back and starts nothing; reviewed, it is hungry again', () => {
    let open = true;
    const lanes = new Lanes<WorkItem>({ allowance: () => (open ? wide : { running: 0, held: 0 }) });
    const [first, second, third] = [item('a'), item('a'), item('a')];
    lanes.put([first, second, third]);
    expect(lanes.take()).toBe(first);
    open = false;
    expect(lanes.review('a')).toEqual([second, third]);
    lanes.done(first);
    expect(lanes.take()).toBeNull();
    expect(lanes.stopped()).toEqual(['a']);
    expect(lanes.hungry(10)).toEqual([]);
    open = true;
    lanes.review('a');
    expect(lanes.hungry(10)).toEqual(['a']);
    expect(lanes.has(second._id)).toBe(false);
  });

  test('room is what may be held less what is held', () => {
    const lanes = new Lanes<WorkItem>({ allowance: () => wide });
    lanes.put([item('a'), item('a')]);
    lanes.take();
    expect(lanes.room('a')).toBe(6);
    expect(lanes.room('never seen')).toBe(8);
  });

  test('a lane without items or backlog is forgotten', () => {
    const lanes = new Lanes<WorkItem>({ allowance: () => ({ running: 0, held: 0 }) });
    lanes.setBacklog('a', true);
    expect(lanes.stopped()).toEqual(['a']);
    lanes.setBacklog('a', false);
    expect(lanes.stopped()).toEqual([]);
  });
});

test('hungry lanes are served in turn', () => {
  const lanes = new Lanes<WorkItem>({ allowance: () => wide });
  for (const name of ['a', 'b', 'c']) lanes.setBacklog(name, true);
  expect(lanes.hungry(2)).toEqual(['a', 'b']);
  lanes.setBacklog('a', true);
  expect(lanes.hungry(3)).toEqual(['b', 'c', 'a']);
  lanes.put([item('b'), item('b'), item('b')]);
  expect(lanes.hungry(3)).toEqual(['c', 'a']);
});
