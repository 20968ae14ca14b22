import type { Clock } from '../../federation/ports.js';
import type { Hub, HubMessage } from '../domain/ctx.js';
import type { Logger } from '../log.js';
import { idAtTime, type Ids } from '../model/ids.js';
import type { Signal } from '../model/work.js';
import type { Collection } from '../store/port.js';

export interface HubDeps {
  log: Logger;
  clock: Clock;
  ids: Ids;
  /** Where processes leave messages for each other. */
  signals: Collection<Signal>;
  /** Whether this process tells others, and how often it listens to them, in ms; null: never. */
  sends: boolean;
  pollMs: number | null;
}

/** Processes' clocks differ and a write may show late, so the last seconds are read again; what was seen is skipped. */
const overlapMs = 10_000;
const page = 1000;

/** Spreads messages to the listeners of this process and, through the store, of the others. Never blocks, may lose. */
export function createHub(deps: HubDeps): Hub & { stop(): Promise<void> } {
  const listeners = new Set<(message: HubMessage) => void>();
  const deliver = (message: HubMessage): void => {
    for (const listener of listeners) {
      try {
        listener(message);
      } catch (error) {
        deps.log.error({ err: error }, 'a listener on the hub failed');
      }
    }
  };
  const relay = createRelay(deps, deliver);
  return {
    publish: (message) => {
      deliver(message);
      if (deps.sends) relay.send(message);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      relay.start();
      return () => void listeners.delete(listener);
    },
    stop: async () => {
      listeners.clear();
      await relay.stop();
    },
  };
}

interface Relay {
  send(message: HubMessage): void;
  start(): void;
  stop(): Promise<void>;
}

function createRelay(deps: HubDeps, deliver: (message: HubMessage) => void): Relay {
  const { signals, ids, log, pollMs } = deps;
  let outgoing: Signal[] = [];
  let sending: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let polling: Promise<void> = Promise.resolve();
  const reader = createReader(deps, deliver);

  const flush = async (): Promise<void> => {
    while (outgoing.length) {
      const batch = outgoing;
      outgoing = [];
      await signals
        .insertMany(batch, { ordered: false })
        .catch((error: unknown) =>
          log.warn({ err: error, lost: batch.length }, 'streaming messages for other processes were lost'),
        );
    }
    sending = null;
  };
  const poll = (): void => {
    polling = reader
      .read()
      .catch((error: unknown) =>
        log.warn({ err: error }, 'streaming messages of other processes could not be read'),
      )
      .then(() => {
        if (timer && pollMs !== null) timer = setTimeout(poll, pollMs).unref();
      });
  };
  return {
    send: (message) => {
      const signal = {
        _id: ids.next(),
        channels: [...message.channels],
        event: message.event,
        payload: message.payload,
      };
      reader.skip(signal._id);
      outgoing.push(signal);
      sending ??= flush();
    },
    start: () => {
      if (pollMs !== null) timer ??= setTimeout(poll, pollMs).unref();
    },
    stop: async () => {
      if (timer) clearTimeout(timer);
      timer = null;
      await polling;
      await sending;
    },
  };
}

/** Reads what others left, each message once. */
function createReader(
  { signals, clock }: { signals: Collection<Signal>; clock: Clock },
  deliver: (message: HubMessage) => void,
): { read(): Promise<void>; skip(id: string): void } {
  const seen = new Set<string>();
  const beginning = idAtTime(clock.now());
  return {
    skip: (id) => void seen.add(id),
    read: async () => {
      const overlap = idAtTime(new Date(clock.now().getTime() - overlapMs));
      for (const id of seen) if (id < overlap) seen.delete(id);
      for (let after = overlap > beginning ? overlap : beginning; ;) {
        const found = await signals
          .find({ _id: { $gt: after } })
          .sort({ _id: 1 })
          .limit(page)
          .toArray();
        for (const { _id, channels, event, payload } of found) {
          if (!seen.has(_id)) deliver({ channels, event, payload });
          seen.add(_id);
        }
        const last = found.at(-1);
        if (!last || found.length < page) return;
        after = last._id;
      }
    },
  };
}
