import type { Clock } from '../../federation/ports.js';

export interface TimersOptions {
  clock: Clock;
  /** What is done every so many milliseconds; a round that takes longer than that skips the next. */
  every: readonly (readonly [ms: number, act: () => unknown])[];
  /** Called at the time given to `wakeAt`. */
  wake(): void;
  onError(error: unknown): void;
}

export interface Timers {
  start(): void;
  /** Asks for a wake when the clock says `at` (ms); the earliest one asked for wins. */
  wakeAt(at: number | null): void;
  stop(): void;
}

/** Later wakes are left to the regular looks. */
const farMs = 60_000;

/** Regular acts, and one extra at the earliest known due time. None of them keeps the process alive. */
export function createTimers({ clock, every, wake, onError }: TimersOptions): Timers {
  const intervals: NodeJS.Timeout[] = [];
  let next: { at: number; timer: NodeJS.Timeout } | null = null;
  let running = false;
  return {
    start: () => {
      running = true;
      for (const [ms, act] of every) intervals.push(setInterval(oneAtATime(act, onError), ms).unref());
    },
    wakeAt: (at) => {
      if (at === null || !running || (next && next.at <= at)) return;
      const ms = Math.max(0, at - clock.now().getTime());
      if (ms > farMs) return;
      if (next) clearTimeout(next.timer);
      const fire = (): void => {
        next = null;
        wake();
      };
      next = { at, timer: setTimeout(fire, ms).unref() };
    },
    stop: () => {
      running = false;
      for (const interval of intervals.splice(0)) clearInterval(interval);
      if (next) clearTimeout(next.timer);
      next = null;
    },
  };
}

function oneAtATime(act: () => unknown, onError: (error: unknown) => void): () => void {
  let busy = false;
  return () => {
    if (busy) return;
    busy = true;
    Promise.resolve()
      .then(act)
      .catch(onError)
      .finally(() => {
        busy = false;
      });
  };
}

/** Resolves with `wanted` or after `ms`, whatever comes first. */
export async function patience(wanted: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([wanted, new Promise<void>((resolve) => void (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
