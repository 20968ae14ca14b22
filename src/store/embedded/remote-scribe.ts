import { Worker } from 'node:worker_threads';
import type { Logger } from '../../log.js';
import type { CollectionSpec } from '../port.js';
import { toError } from './failures.js';
import type { Noted } from './notices.js';
import type { Scribe } from './scribe.js';
import type { FromThread, ThreadData, ToThread } from './scribe-thread.js';

export interface RemoteScribeOptions {
  /** Of the database file. */
  path: string;
  specs: Readonly<Record<string, CollectionSpec>>;
  /** See writers.ts. */
  token: string;
  /** Called with each transaction, before any write in it is told. */
  onNoted: (noted: Noted) => void;
  /** Called before any of that, and before writes are told: the file is not what it was. */
  onNews: () => void;
  log: Pick<Logger, 'warn' | 'error'>;
  /** Arguments for node, where they are others than those of this process. */
  execArgv?: readonly string[];
}

/** Its file lies beside this one, compiled or not. */
const entry = new URL(import.meta.url.replace(/remote-scribe(\.[jt]s)$/, 'scribe-thread$1'));
/** Its young generation would grow to 48 MB; what a write leaves behind is gone after a collection of a small one. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** What was asked of the thread and is not answered. */
interface Asked {
  /** `text`: a write as JSON; null asks to end. */
  ask<T>(text: string | null): Promise<T>;
  settle(answers: Extract<FromThread, { done: unknown }>): void;
  /** There will be no more answers. */
  fail(error: unknown): void;
  failure(): { error: unknown } | null;
}

interface AskedDeps {
  post: (message: ToThread) => void;
  /** The thread owes an answer, or none any more: only as long may it keep the process from ending. */
  owes: (any: boolean) => void;
}

function createAsked({ post, owes }: AskedDeps): Asked {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  let outbox: ToThread['writes'] = [];
  let count = 0;
  let failure: { error: unknown } | null = null;
  const send = (): void => {
    const writes = outbox;
    outbox = [];
    post({ writes });
  };
  return {
    ask: <T>(text: string | null) => {
      if (failure) return Promise.reject(failure.error as Error);
      const sequence = (count += 1);
      if (waiting.size === 0) owes(true);
      if (outbox.push([sequence, text]) === 1) setImmediate(send);
      return new Promise<T>((resolve, reject) => {
        waiting.set(sequence, { resolve: resolve as (value: unknown) => void, reject });
      });
    },
    settle: ({ done, failed, broken }) => {
      failure ??= broken && { error: toError(broken) };
      for (const [sequence, value] of done) waiting.get(sequence)?.resolve(value);
      for (const [sequence, why] of failed) waiting.get(sequence)?.reject(toError(why));
      for (const [sequence] of [...done, ...failed]) waiting.delete(sequence);
      if (waiting.size === 0) owes(false);
    },
    fail: (error) => {
      failure ??= { error };
      for (const { reject } of waiting.values()) reject(failure.error);
      waiting.clear();
    },
    failure: () => failure,
  };
}

/**
 * A scribe in a thread of its own: what a write costs besides asking for it (SQLite's work, index rows, the log) does not
 * hold up the event loop. Writes of one turn go over together.
 */
export function createRemoteScribe(options: RemoteScribeOptions): Scribe {
  const { path, specs, token, execArgv, onNoted, onNews, log } = options;
  const workerData: ThreadData = { path, specs, token };
  const own = execArgv && { execArgv: [...execArgv] };
  let worker: Worker | null = null;
  /** It begins with the first question. */
  const start = (): Worker => {
    worker = new Worker(entry, { workerData, resourceLimits, ...own });
    worker.on('error', (error) => {
      log.error(
        { err: error },
        'the thread that writes failed: nothing is written until this process is started anew',
      );
      fail(error);
    });
    worker.on('exit', () => fail(new Error('the thread that writes has ended')));
    worker.on('message', (message: FromThread) => {
      onNews();
      if ('noted' in message) onNoted(message.noted);
      else if ('warning' in message) log.warn({ err: toError(message.failure) }, message.warning);
      else settle(message);
    });
    return worker;
  };
  const { ask, settle, fail, failure } = createAsked({
    post: (message) => worker?.postMessage(message),
    owes: (any) => (any ? (worker ?? start()).ref() : worker?.unref()),
  });
  let closed: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    if (!worker) return;
    // A thread that failed has ended.
    await ask(null).catch(() => undefined);
    await worker.terminate();
  };
  return {
    write: async (write) => {
      if (closed) throw new Error('the store is closed');
      return ask(JSON.stringify(write));
    },
    failure,
    close: () => (closed ??= end()),
  };
}
