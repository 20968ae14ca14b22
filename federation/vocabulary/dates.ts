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
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? '0'));
  const millis = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000);
  const offset = offsetMinutes(match[8]);
  if (Math.abs(offset) > 14 * 60) return null;
  const fields = [year ?? 0, (month ?? 0) - 1, day ?? 0, hour ?? 0, minute ?? 0] as const;
  const time = new Date(Date.UTC(...fields, Math.min(second ?? 0, 59), millis));
  const same =
    time.getUTCMonth() === fields[1] &&
    time.getUTCDate() === fields[2] &&
    time.getUTCHours() === fields[3] &&
    time.getUTCMinutes() === fields[4] &&
    (second ?? 0) <= 60;
  return same ? time.getTime() - offset * 60_000 : null;
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
