import { Pool } from './undici.js';
import type { buildConnector } from 'undici';
import type { Clock } from '../ports.js';

export interface PoolLimits {
  socketsPerOrigin: number;
  /** Requests under way or waiting for one origin. */
  requestsPerOrigin: number;
  maxOrigins: number;
  /** Milliseconds after which an unused origin is forgotten. */
  idleOriginMs: number;
  headersTimeoutMs: number;
  bodyIdleTimeoutMs: number;
  maxHeaderBytes: number;
}

interface Entry {
  pool: Pool;
  active: number;
  lastUsed: number;
}

export interface Pools {
  /** Runs `task` on the pool of an origin; null when the origin is full or no more origins can be held. */
  use<T>(origin: string, task: (pool: Pool) => Promise<T>): Promise<T> | null;
  size(): number;
  close(): Promise<void>;
}

/** Keep-alive sockets per origin, bounded in every direction; the origin that was not used for longest goes first. */
export function createPools(connect: buildConnector.connector, limits: PoolLimits, clock: Clock): Pools {
  // Insertion order is order of use: a used entry is put back at the end.
  const entries = new Map<string, Entry>();

  const evict = (now: number): void => {
    for (const [origin, entry] of entries) {
      const full = entries.size >= limits.maxOrigins;
      if (!full && now - entry.lastUsed < limits.idleOriginMs) break;
      if (entry.active > 0) continue;
      entries.delete(origin);
      entry.pool.destroy().catch(() => {});
    }
  };

  const open = (origin: string): Pool =>
    new Pool(origin, {
      connect,
      connections: limits.socketsPerOrigin,
      pipelining: 1,
      headersTimeout: limits.headersTimeoutMs,
      bodyTimeout: limits.bodyIdleTimeoutMs,
      maxHeaderSize: limits.maxHeaderBytes,
      keepAliveTimeout: 10_000,
      keepAliveMaxTimeout: 30_000,
    });

  return {
    use(origin, task) {
      const now = clock.now().getTime();
      const known = entries.get(origin);
      if (known && known.active >= limits.requestsPerOrigin) return null;
      if (!known) evict(now);
      if (!known && entries.size >= limits.maxOrigins) return null;
      const entry = known ?? { pool: open(origin), active: 0, lastUsed: now };
      entries.delete(origin);
      entries.set(origin, entry);
      entry.active++;
      entry.lastUsed = now;
      return task(entry.pool).finally(() => entry.active--);
    },
    size: () => entries.size,
    async close() {
      const pools = [...entries.values()].map((entry) => entry.pool);
      entries.clear();
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}
