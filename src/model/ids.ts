import { randomInt } from 'node:crypto';
import type { Clock } from '../../federation/ports.js';

/** Makes document ids. */
export interface Ids {
  /**
   * A new id for a document born at `at` (default: now). Later ids are larger; equal times keep call order within a
   * process. With a time in the past, another document may have it already, once in some ten thousand.
   */
  next(at?: Date): string;
  /** As `next`, below 2^53: for what the client API gives as a JSON number. Padded with zeros to the common length. */
  nextSmall(): string;
}

const digits = 18;
/**
 * Snowflakes as Mastodon makes them: milliseconds << 16 | 16 bits, as a decimal string. All have 18 digits (those
 * of before 2018-05-10 begin with zeros; enough until 2453), so that they sort the same as text and as numbers (clients
 * compare both ways). The low bits are a counter that starts at a
 * random place, so that two processes rarely meet and an id cannot be guessed from its neighbour's time alone.
 */
export function createIds(clock: Clock): Ids {
  let lastMs = 0;
  let low = randomInt(0x8000);
  let smallMs = 0;
  let smallLow = 0;
  return {
    next(at) {
      const now = clock.now().getTime();
      let ms = Math.max(Math.min(at?.getTime() ?? now, now), 0);
      if (at === undefined) ms = lastMs = Math.max(ms, lastMs);
      low = low + 1 + randomInt(3);
      if (low > 0xffff) {
        low = randomInt(0x4000);
        if (at === undefined) ms = lastMs += 1;
      }
      return ((BigInt(ms) << 16n) | BigInt(low)).toString().padStart(digits, '0');
    },
    nextSmall() {
      const now = clock.now().getTime();
      smallLow = now > smallMs ? randomInt(0x400) : smallLow + 1;
      smallMs = Math.max(now, smallMs);
      if (smallLow > 0x7ff) {
        smallMs += 1;
        smallLow = 0;
      }
      return String(smallMs * 0x800 + smallLow).padStart(digits, '0');
    },
  };
}

/** When the document with this id was born. */
export function timeOfId(id: string): Date {
  return new Date(Number(BigInt(id) >> 16n));
}

/** The smallest id of a document born at or after `at`: a bound for ranges over time. */
export function idAtTime(at: Date): string {
  return (BigInt(Math.max(at.getTime(), 0)) << 16n).toString().padStart(digits, '0');
}

/** True for text that has the form of an id. Anything else cannot name a document. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,19}$/.test(value);
}

/** An id as clients see it: a number without leading zeros. */
export function toPublicId(id: string): string {
  return id.replace(/^0+(?=\d)/, '');
}

/** An id as it is stored, from what a client sent. */
export function toStoredId(id: string): string {
  return isId(id) ? id.padStart(digits, '0') : id;
}
