import { first, isRecord } from './values.js';

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/;

function offsetMinutes(zone: string | undefined): number {
  // Poll ends of Pleroma and BookWyrm carry no zone; they are UTC.
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || '0');
  return zone.startsWith('-') ? -minutes : minutes;
}

/** Milliseconds since 1970 in UTC, or null when a field is out of its range (30 February, hour 25). */
function toMillis(match: RegExpExecArray): number | null {
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '0', zone] = match;
  const offset = offsetMinutes(zone);
  if (Math.abs(offset) > 14 * 60) return null;
  const millis = Math.floor(Number(`0.${fraction}`) * 1000);
  const seconds = Math.min(Number(second), 59);
  const time = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    seconds,
    millis,
  );
  const read = new Date(time);
  const same =
    read.getUTCMonth() === Number(month) - 1 &&
    read.getUTCDate() === Number(day) &&
    read.getUTCHours() === Number(hour) &&
    read.getUTCMinutes() === Number(minute) &&
    Number(second) <= 60;
  return same ? time - offset * 60_000 : null;
}

/**
 * A time as an ISO-8601 UTC string with milliseconds (`2024-05-01T10:00:00.000Z`). Takes offsets, micro- and
 * nanoseconds, a missing zone (UTC), a space for the `T`, a bare date, a leap second. Null for everything else and for
 * years outside 1970 to 9999; whether a time is too far in the future is for the caller, who has a clock.
 */
export function dateOf(value: unknown): string | null {
  const single = first(value);
  const plain = isRecord(single) ? single['@value'] : single;
  if (typeof plain !== 'string' || plain.length > 64) return null;
  const match = pattern.exec(plain.trim());
  const millis = match ? toMillis(match) : null;
  if (millis === null || millis < 0 || millis > 253_402_300_799_999) return null;
  return new Date(millis).toISOString();
}

const durationPattern =
  /^P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})(?:[.,](\d{1,9}))?S)?)?$/;

/** An xsd:duration of days and smaller (`PT1H2M3.5S`), or a plain number of seconds, in seconds; else null. */
export function durationOf(value: unknown): number | null {
  const single = first(value);
  if (typeof single === 'number') return Number.isFinite(single) && single >= 0 ? single : null;
  if (typeof single !== 'string' || single.length > 64 || /^PT?$/.test(single)) return null;
  const match = durationPattern.exec(single);
  if (!match) return null;
  const [days, hours, minutes, seconds] = match.slice(1, 5).map((part) => Number(part ?? '0'));
  const whole = (days ?? 0) * 86_400 + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  return whole + Number(`0.${match[5] ?? '0'}`);
}
