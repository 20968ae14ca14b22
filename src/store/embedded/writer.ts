import { DuplicateKeyError, InvalidWrite } from '../errors.js';
import { isBusy, type Connection } from './connection.js';
import { createSettling, type Sync } from './settling.js';

/**
 * What a step does. `protect` sets a savepoint to which the step is rolled back when it fails from there on.
 * `tidy`: it calls `protect` itself before it gets to where it could fail half-way; other steps are protected from the
 * start. Most steps cannot fail half-way, and a savepoint costs as much as a row.
 */
interface Work {
  run: (protect: () => void) => unknown;
  tidy: boolean;
}

/**
 * A write in steps: each yielded piece of work runs inside the current transaction; its result, or its error, comes back
 * from the `yield`. One that fails leaves nothing behind. What the generator returns is told once it is durable.
 */
export type Steps<T> = Generator<Work, T, unknown>;

/** One step, typed. */
export function* step<T>(run: () => T): Steps<T> {
  return (yield { run, tidy: false }) as T;
}

/** One step that protects itself (see Work). An error that is not the caller's fault fails the whole transaction. */
export function* tidyStep<T>(run: (protect: () => void) => T): Steps<T> {
  return (yield { run, tidy: true }) as T;
}

export interface Writer {
  /** Resolves after the commit that holds the last step. */
  write<T>(steps: Steps<T>): Promise<T>;
  /** Begins no transaction until `work` is done; writes wait meanwhile. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** Why nothing can be written until this process is started anew; null: all is well. */
  failure(): { error: unknown } | null;
  /** Resolves when everything written so far is committed; later writes are refused. */
  close(): Promise<void>;
}

/** Called around each transaction, inside of it and when it is over. */
export interface Around {
  before(): void;
  after(committed: boolean): void;
}

interface Task {
  steps: Steps<unknown>;
  /** The step that runs next; null before the first. */
  next: Work | null;
  settle: () => void;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** A transaction stays about this long, so that the event loop is never held up. */
const budgetMs = 4;
const giveUpAfterMs = 30_000;

/**
 * Group commit: writes issued in one turn of the event loop, or while the disk is busy with those before, share a
 * transaction: each touches pages that the others touch as well, and a page is written once. A write that fails (a
 * duplicate key) fails alone. Every write is told to its caller only when it is on the disk. `before` and `after` run
 * once per transaction. `gatherMs`: how long more are waited for once some had to wait for the disk.
 */
export function createWriter(db: Connection, around: Around, sync: Sync = null, gatherMs = 0): Writer {
  const queue: Task[] = [];
  const settle = createSettling(sync);
  const begin = createBegin(db);
  let scheduled = false;
  let held = 0;
  let closed = false;
  let drained: (() => void)[] = [];

  const schedule = (delay = 0): void => {
    if (scheduled) return;
    scheduled = true;
    if (delay > 0) setTimeout(pump, delay);
    else setImmediate(pump);
  };
  /** What is written while the disk is busy could not be told any sooner than what is written after: so it waits. */
  const gather = (): void => {
    const busy = scheduled ? null : settle.current();
    if (!busy) return schedule();
    scheduled = true;
    void busy.then(() => (gatherMs > 0 ? setTimeout(pump, gatherMs) : setImmediate(pump)));
  };

  const pump = (): void => {
    scheduled = false;
    if (held > 0) return;
    const begun = queue.length > 0 ? begin() : null;
    if (begun === 'begun') settle.add(transact(db, queue, around));
    else if (begun === 'busy') return schedule(25);
    else if (begun) for (const task of queue.splice(0)) task.reject(begun.error);
    if (queue.length > 0) schedule();
    else if (drained.length > 0)
      void settle.idle().then(() => drained.splice(0).forEach((resolve) => resolve()));
  };

  return {
    write<T>(steps: Steps<T>): Promise<T> {
      if (closed) return Promise.reject(new Error('the store is closed'));
      return new Promise<T>((resolve, reject) => {
        queue.push(toTask(steps, resolve, reject));
        gather();
      });
    },
    hold: async (work) => {
      held += 1;
      try {
        return await work();
      } finally {
        held -= 1;
        schedule();
      }
    },
    failure: () => settle.failure(),
    close: () => {
      closed = true;
      return new Promise((resolve) => {
        drained = [...drained, resolve];
        schedule();
      });
    },
  };
}

/** Begins a transaction, unless another process is writing. An error after that was so for too long, or another one. */
function createBegin(db: Connection): () => 'begun' | 'busy' | { error: unknown } {
  let busySince = 0;
  return () => {
    try {
      db.run('BEGIN IMMEDIATE');
      busySince = 0;
      return 'begun';
    } catch (error) {
      const now = performance.now();
      busySince ||= now;
      if (isBusy(error) && now - busySince < giveUpAfterMs) return 'busy';
      busySince = 0;
      return { error };
    }
  };
}

function toTask<T>(steps: Steps<T>, resolve: (value: T) => void, reject: (error: unknown) => void): Task {
  return { steps, next: null, settle: () => {}, resolve: resolve as (value: unknown) => void, reject };
}

/** Runs steps of the queued tasks in turn until the budget is spent and commits. @returns the tasks that ended */
function transact(db: Connection, queue: Task[], { before, after }: Around): Task[] {
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
    after(true);
  } catch (error) {
    // The disk is full or failing: nothing of this transaction is there, so every write in it fails.
    rollback(db);
    after(false);
    for (const task of touched) task.reject(error);
    const rest = queue.filter((task) => !touched.has(task));
    queue.splice(0, queue.length, ...rest);
    if (touched.size === 0) for (const task of queue.splice(0)) task.reject(error);
    return [];
  }
  return ended;
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
  let guarded = false;
  const protect = (): void => {
    if (!guarded) db.run('SAVEPOINT step');
    guarded = true;
  };
  if (!work.tidy) protect();
  let outcome: () => IteratorResult<Work, unknown>;
  try {
    const result = work.run(protect);
    outcome = () => task.steps.next(result);
  } catch (error) {
    if (guarded) db.run('ROLLBACK TO step');
    else if (!isRefusal(error)) throw error;
    outcome = () => task.steps.throw(error);
  }
  if (guarded) db.run('RELEASE step');
  return proceed(task, outcome);
}

/** What the caller wrote is at fault, which shows before anything is changed. Anything else: the disk, or a mistake. */
function isRefusal(error: unknown): boolean {
  return error instanceof DuplicateKeyError || error instanceof InvalidWrite;
}

/** Lets the generator go on to its next yield. True when it returned or threw. */
function proceed(task: Task, resume: () => IteratorResult<Work, unknown>): boolean {
  try {
    const { done, value } = resume();
    if (done) task.settle = () => task.resolve(value);
    else task.next = value as Work;
    return done === true;
  } catch (error) {
    task.settle = () => task.reject(error);
    return true;
  }
}
