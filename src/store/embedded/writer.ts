import { isBusy, type Connection } from './connection.js';

/**
 * A write in steps: each yielded function runs inside the current transaction in its own savepoint; its result, or
 * its error, comes back from the `yield`. What the generator returns is told once the transaction is durable.
 */
export type Steps<T> = Generator<() => unknown, T, unknown>;

/** One step, typed. */
export function* step<T>(work: () => T): Steps<T> {
  return (yield work) as T;
}

export interface Writer {
  /** Resolves after the commit that holds the last step. */
  write<T>(steps: Steps<T>): Promise<T>;
  /** Resolves when everything written so far is committed; later writes are refused. */
  close(): Promise<void>;
}

interface Task {
  steps: Steps<unknown>;
  /** The step that runs next; null before the first. */
  next: (() => unknown) | null;
  settle: () => void;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** A transaction stays about this long, so that the event loop is never held up. */
const budgetMs = 4;
const giveUpAfterMs = 30_000;

/**
 * Group commit: writes issued in one turn of the event loop share a transaction, hence one sync of the disk. A write
 * that fails (a duplicate key) is rolled back to its savepoint and fails alone. `before` runs once per transaction.
 */
export function createWriter(db: Connection, before: () => void): Writer {
  const queue: Task[] = [];
  let scheduled = false;
  let closed = false;
  let busySince = 0;
  let drained: (() => void)[] = [];

  const schedule = (delay = 0): void => {
    if (scheduled) return;
    scheduled = true;
    if (delay > 0) setTimeout(pump, delay);
    else setImmediate(pump);
  };

  const failAll = (error: unknown): void => {
    for (const task of queue.splice(0)) task.reject(error);
  };

  const begin = (): boolean => {
    try {
      db.run('BEGIN IMMEDIATE');
      busySince = 0;
      return true;
    } catch (error) {
      const now = performance.now();
      busySince ||= now;
      if (isBusy(error) && now - busySince < giveUpAfterMs) schedule(25);
      else {
        busySince = 0;
        failAll(error);
      }
      return false;
    }
  };

  const pump = (): void => {
    scheduled = false;
    if (queue.length > 0 && begin()) transact(db, queue, before);
    if (queue.length > 0) schedule();
    else for (const resolve of drained.splice(0)) resolve();
  };

  return {
    write<T>(steps: Steps<T>): Promise<T> {
      if (closed) return Promise.reject(new Error('the store is closed'));
      return new Promise<T>((resolve, reject) => {
        queue.push({
          steps,
          next: null,
          settle: () => {},
          resolve: resolve as (value: unknown) => void,
          reject,
        });
        schedule();
      });
    },
    close: () => {
      closed = true;
      return new Promise((resolve) => {
        if (queue.length === 0) resolve();
        else drained = [...drained, resolve];
      });
    },
  };
}

/** Runs steps of the queued tasks in turn until the budget is spent, commits, then settles those that ended. */
function transact(db: Connection, queue: Task[], before: () => void): void {
  const touched = new Set<Task>();
  const ended: Task[] = [];
  try {
    before();
    const deadline = performance.now() + budgetMs;
    for (let task = queue.shift(); task; task = queue.shift()) {
      touched.add(task);
      if (advance(db, task)) ended.push(task);
      else queue.push(task);
      if (performance.now() > deadline) break;
    }
    db.run('COMMIT');
  } catch (error) {
    // The disk is full or failing: nothing of this transaction is there, so every write in it fails.
    rollback(db);
    for (const task of touched) task.reject(error);
    const rest = queue.filter((task) => !touched.has(task));
    queue.splice(0, queue.length, ...rest);
    if (touched.size === 0) for (const task of queue.splice(0)) task.reject(error);
    return;
  }
  for (const task of ended) task.settle();
}

function rollback(db: Connection): void {
  try {
    db.run('ROLLBACK');
  } catch {
    // SQLite has rolled back by itself.
  }
}

/** Runs the task through its next step. True when it has ended. */
function advance(db: Connection, task: Task): boolean {
  if (!task.next && proceed(task, () => task.steps.next())) return true;
  const work = task.next;
  if (!work) return true;
  db.run('SAVEPOINT step');
  let outcome: () => IteratorResult<() => unknown, unknown>;
  try {
    const result = work();
    outcome = () => task.steps.next(result);
  } catch (error) {
    db.run('ROLLBACK TO step');
    outcome = () => task.steps.throw(error);
  }
  db.run('RELEASE step');
  return proceed(task, outcome);
}

/** Lets the generator go on to its next yield. True when it returned or threw. */
function proceed(task: Task, resume: () => IteratorResult<() => unknown, unknown>): boolean {
  try {
    const { done, value } = resume();
    if (done) task.settle = () => task.resolve(value);
    else task.next = value as () => unknown;
    return done === true;
  } catch (error) {
    task.settle = () => task.reject(error);
    return true;
  }
}
