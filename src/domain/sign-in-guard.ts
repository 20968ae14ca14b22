import { LRUCache } from 'lru-cache';
import type { Clock } from '../../federation/ports.js';

/**
 * Slows down guessing of passwords. Three counters, each bounded, in the memory of one process: the pair of account
 * and address backs off exponentially, an address may try 25 times in five minutes, an account can be tried 25 times an hour
 * from anywhere (the figures of Mastodon). Sessions that exist already are not affected.
 */
export interface SignInGuard {
  /** Counts an attempt before its password is looked at. Returns the seconds to wait; 0: go ahead. */
  begin(account: string, address: string): number;
  /** Forgets the attempts of this pair and account. */
  succeeded(account: string, address: string): void;
}

interface Counter {
  count: number;
  /** Start of the window, or of the last attempt for the pair. */
  atMs: number;
}

const freeTries = 5;
const longestWaitMs = 15 * 60_000;
const forgetPairMs = 3_600_000;
const addressWindow = { max: 25, ms: 5 * 60_000 };
const accountWindow = { max: 25, ms: 3_600_000 };

export function createSignInGuard(clock: Clock): SignInGuard {
  const table = () => new LRUCache<string, Counter>({ max: 20_000 });
  const [pairs, addresses, accounts] = [table(), table(), table()];
  const pairOf = (account: string, address: string) => `${address} ${account}`;
  return {
    begin(account, address) {
      const nowMs = clock.now().getTime();
      const pair = current(pairs, pairOf(account, address), forgetPairMs, nowMs);
      const byAddress = current(addresses, address, addressWindow.ms, nowMs);
      const byAccount = current(accounts, account, accountWindow.ms, nowMs);
      const waitMs = Math.max(
        backoffMs(pair) - (nowMs - pair.atMs),
        windowWaitMs(byAddress, addressWindow, nowMs),
        windowWaitMs(byAccount, accountWindow, nowMs),
      );
      if (waitMs > 0) return Math.ceil(waitMs / 1000);
      pair.atMs = nowMs;
      for (const counter of [pair, byAddress, byAccount]) counter.count += 1;
      return 0;
    },
    succeeded(account, address) {
      pairs.delete(pairOf(account, address));
      accounts.delete(account);
    },
  };
}

function current(table: LRUCache<string, Counter>, key: string, ms: number, nowMs: number): Counter {
  const found = table.get(key);
  if (found && nowMs - found.atMs < ms) return found;
  const fresh = { count: 0, atMs: nowMs };
  table.set(key, fresh);
  return fresh;
}

/** 2, 4, 8 … seconds after the sixth, seventh, eighth attempt. */
function backoffMs(pair: Counter): number {
  const over = pair.count - freeTries;
  return over <= 0 ? 0 : Math.min(1000 * 2 ** Math.min(over, 20), longestWaitMs);
}

function windowWaitMs(counter: Counter, window: { max: number; ms: number }, nowMs: number): number {
  return counter.count < window.max ? 0 : counter.atMs + window.ms - nowMs;
}
