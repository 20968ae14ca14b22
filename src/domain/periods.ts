import { invalid } from '../errors.js';
import { idAtTime } from '../model/ids.js';

/** Spans of days and months (UTC) for figures over time. Pure. */

const dayMs = 86_400_000;
const mostDays = 366;

/** From its first moment to the first of the next. */
export interface Span {
  from: Date;
  to: Date;
}

const startOfDay = (at: Date): Date => new Date(Math.floor(at.getTime() / dayMs) * dayMs);

/** The days from the one of `from` to the one of `to`, both included. @throws AppError 422 for more than a year */
export function daysOf(from: Date, to: Date): Span[] {
  const first = startOfDay(from).getTime();
  const count = Math.floor((startOfDay(to).getTime() - first) / dayMs) + 1;
  if (count < 1) throw invalid('End at must be after start at');
  if (count > mostDays) throw invalid(`The period is too long (maximum is ${mostDays} days)`);
  return Array.from({ length: count }, (_, i) => ({
    from: new Date(first + i * dayMs),
    to: new Date(first + (i + 1) * dayMs),
  }));
}

/** The months from the one of `from` to the one of `to`. @throws AppError 422 for more than a year */
export function monthsOf(from: Date, to: Date): Span[] {
  const days = daysOf(from, to);
  const [first, last] = [days[0]?.from ?? from, days.at(-1)?.from ?? to];
  const index = (at: Date): number => at.getUTCFullYear() * 12 + at.getUTCMonth();
  const month = (n: number): Date => new Date(Date.UTC(Math.floor(n / 12), n % 12, 1));
  return Array.from({ length: index(last) - index(first) + 1 }, (_, i) => ({
    from: month(index(first) + i),
    to: month(index(first) + i + 1),
  }));
}

/** All of these days as one. */
export function wholeOf(spans: readonly Span[]): Span {
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) throw new Error('No days');
  return { from: first.from, to: last.to };
}

/** The same length of time before. */
export function before({ from, to }: Span): Span {
  return { from: new Date(2 * from.getTime() - to.getTime()), to: from };
}

/** Ids of what was made within. */
export const idsIn = ({ from, to }: Span) => ({ $gte: idAtTime(from), $lt: idAtTime(to) });

/** Days within, as text. */
export const daysIn = ({ from, to }: Span) => ({ $gte: dayText(from), $lt: dayText(to) });

export const dayText = (at: Date): string => at.toISOString().slice(0, 10);
