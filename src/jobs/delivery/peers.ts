import type { SignatureDialect, DeliveryResult } from '../../../federation/delivery/attempt.js';
import { admit, CLOSED_BREAKER, reduceBreaker, type Breaker } from '../../../federation/delivery/breaker.js';
import type { Clock } from '../../../federation/ports.js';
import type { Logger } from '../../log.js';
import type { Peer } from '../../model/work.js';
import type { Collection } from '../../store/port.js';
import type { Allowance } from '../lanes.js';

export interface PeersDeps {
  peers: Collection<Peer>;
  clock: Clock;
  log: Logger;
  /** Deliveries at once to a host that is known to answer. */
  perHost: number;
  /** How many hosts are held in memory. Default 20,000. */
  maxHosts?: number;
}

interface Entry {
  peer: Peer;
  /** The host asked for a pause (429, 503 with Retry-After): ms of the clock. */
  pausedUntil: number;
  /** When it last answered anything to this process, ms of the clock. */
  answeredAt: number;
  loadedAt: number;
}

/** Other processes write these documents too; an entry older than this is read again. */
const staleMs = 15_000;
const longestPauseMs = 5 * 60_000;
/** A host that has answered this lately is awake. */
const awakeMs = 1000;
/** How exact `lastSuccessAt` is; keeps each delivery from becoming a write. */
const successStepMs = 10 * 60_000;
/** So many hosts are held in memory; what is known of the others is in the store. */
const maxEntries = 20_000;

/** What delivery knows of each host: breaker, dialect, pauses. Held in memory, written behind in batches. */
export class Peers {
  readonly #deps: PeersDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #dirty = new Map<string, Peer>();
  #writing: Promise<void> | null = null;

  constructor(deps: PeersDeps) {
    this.#deps = deps;
  }

  /** Loads what is not known, or not lately, about these hosts. */
  async prepare(hosts: readonly string[]): Promise<void> {
    const stale = performance.now() - staleMs;
    const wanted = hosts.filter((host) => {
      const entry = this.#entries.get(host);
      return !this.#dirty.has(host) && (!entry || entry.loadedAt < stale);
    });
    if (!wanted.length) return;
    const found = await this.#deps.peers.find({ _id: { $in: wanted } }).toArray();
    const byHost = new Map(found.map((peer) => [peer._id, peer]));
    for (const host of wanted) {
      if (this.#dirty.has(host)) continue;
      const { pausedUntil, answeredAt } = this.#entryOf(host);
      const peer = byHost.get(host) ?? newPeer(host);
      this.#entries.set(host, { peer, pausedUntil, answeredAt, loadedAt: performance.now() });
    }
    if (this.#entries.size > this.#most) this.#forget(new Set(hosts));
  }

  /**
   * A host that has not proved itself gets one at a time, so that a dead one holds up nobody else; to one that was not
   * heard for a moment the first goes alone, for it may have died meanwhile.
   */
  allowance(host: string): Allowance {
    const { peer, pausedUntil, answeredAt } = this.#entryOf(host);
    const now = this.#deps.clock.now();
    const admitted = admit(breakerOf(peer), now);
    if (admitted === 'wait' || admitted === 'drop' || pausedUntil > now.getTime())
      return { running: 0, held: 0 };
    if (admitted === 'probe') return { running: 1, held: 1 };
    const { perHost } = this.#deps;
    if (peer.lastSuccessAt === null || peer.failures > 0) return { running: 1, held: perHost };
    const awake = now.getTime() - answeredAt < awakeMs;
    return { running: awake ? perHost : 1, held: perHost * 4 };
  }

  isDead(host: string): boolean {
    return this.#entryOf(host).peer.breaker === 'dead';
  }

  dialect(host: string): SignatureDialect {
    return this.#entryOf(host).peer.dialect ?? 'cavage';
  }

  /** Whether a delivery to this host may go out now; one that goes to an open breaker is its probe. */
  begin(host: string): 'send' | 'wait' {
    const { peer } = this.#entryOf(host);
    const now = this.#deps.clock.now();
    const admitted = admit(breakerOf(peer), now);
    if (admitted === 'probe') this.#change(host, toFields(reduceBreaker(breakerOf(peer), 'probe', now)));
    return admitted === 'send' || admitted === 'probe' ? 'send' : 'wait';
  }

  /** Counts what an attempt told about the host. */
  record(host: string, result: DeliveryResult): void {
    const entry = this.#entryOf(host);
    const now = this.#deps.clock.now();
    if (result.status !== null) entry.answeredAt = now.getTime();
    if (result.retryAfterMs !== null)
      entry.pausedUntil = now.getTime() + Math.min(result.retryAfterMs, longestPauseMs);
    if (result.hostAlive && result.status === null) return;
    if (!result.hostAlive) return this.#failed(host, result.reason, now);
    const dialect = result.outcome === 'delivered' ? result.dialectUsed : entry.peer.dialect;
    this.#succeeded(host, now, dialect);
  }

  /** The host sent us something, signed: it lives. */
  async heardFrom(host: string): Promise<void> {
    await this.prepare([host]);
    const { peer } = this.#entryOf(host);
    if (peer.breaker === 'closed' && peer.failures === 0) return;
    this.#change(host, toFields({ ...CLOSED_BREAKER }));
  }

  /** Leaves a word for people, e.g. why deliveries were dropped. */
  note(host: string, lastReason: string): void {
    this.#change(host, { lastReason });
  }

  /** How many hosts are held in memory. */
  get size(): number {
    return this.#entries.size;
  }

  /** Resolves once everything is written. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  #failed(host: string, reason: string, now: Date): void {
    const before = this.#entryOf(host).peer;
    const breaker = reduceBreaker(breakerOf(before), 'failure', now);
    this.#change(host, { ...toFields(breaker), lastFailureAt: now.toISOString(), lastReason: reason });
    if (breaker.state !== before.breaker)
      this.#deps.log.info({ host, breaker: breaker.state, reason }, 'a host does not answer');
  }

  #succeeded(host: string, now: Date, dialect: SignatureDialect | null): void {
    const { peer } = this.#entryOf(host);
    const known =
      peer.lastSuccessAt !== null && now.getTime() - Date.parse(peer.lastSuccessAt) < successStepMs;
    if (known && peer.breaker === 'closed' && peer.failures === 0 && peer.dialect === dialect) return;
    const breaker = toFields(reduceBreaker(breakerOf(peer), 'success', now));
    this.#change(host, { ...breaker, lastSuccessAt: now.toISOString(), lastReason: null, dialect });
  }

  #entryOf(host: string): Entry {
    const known = this.#entries.get(host);
    if (known) return known;
    const entry = { peer: newPeer(host), pausedUntil: 0, answeredAt: -Infinity, loadedAt: -Infinity };
    this.#entries.set(host, entry);
    return entry;
  }

  #change(host: string, fields: Partial<Peer>): void {
    const entry = this.#entryOf(host);
    entry.peer = { ...entry.peer, ...fields };
    this.#dirty.set(host, entry.peer);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    while (this.#dirty.size) {
      const batch = [...this.#dirty.values()].slice(0, 500);
      try {
        await this.#deps.peers.bulkWrite(
          batch.map(({ _id, ...fields }) => ({
            updateOne: { filter: { _id }, update: { $set: fields }, upsert: true },
          })),
          { ordered: false },
        );
      } catch (error) {
        // It is only what we learned about a host; the next attempt tells it again.
        this.#deps.log.warn({ err: error }, 'what is known about hosts could not be stored');
      }
      for (const peer of batch) if (this.#dirty.get(peer._id) === peer) this.#dirty.delete(peer._id);
    }
    this.#writing = null;
  }

  get #most(): number {
    return this.#deps.maxHosts ?? maxEntries;
  }

  /** Those that were met first go first, unwell or not: whoever fails on purpose has as many names as they like. */
  #forget(except: ReadonlySet<string>): void {
    const now = this.#deps.clock.now().getTime();
    for (const [host, { pausedUntil }] of this.#entries) {
      if (this.#entries.size <= this.#most * 0.9) return;
      // A pause is known here only; everything else is read again when it is needed.
      if (pausedUntil <= now && !this.#dirty.has(host) && !except.has(host)) this.#entries.delete(host);
    }
  }
}

function newPeer(host: string): Peer {
  return {
    _id: host,
    breaker: 'closed',
    failures: 0,
    firstFailureAt: null,
    lastFailureAt: null,
    lastSuccessAt: null,
    nextProbeAt: null,
    lastReason: null,
    dialect: null,
    software: null,
  };
}

function breakerOf({ breaker, failures, firstFailureAt, nextProbeAt }: Peer): Breaker {
  return { state: breaker, failures, failingSince: firstFailureAt, nextProbeAt };
}

function toFields({ state, failures, failingSince, nextProbeAt }: Breaker): Partial<Peer> {
  return { breaker: state, failures, firstFailureAt: failingSince, nextProbeAt };
}
