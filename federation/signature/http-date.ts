const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const IMF_FIXDATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/**
 * Reads an IMF-fixdate (RFC 9110 section 5.6.7), e.g. `Sun, 06 Nov 1994 08:49:37 GMT`, and nothing else: `Date.parse`
 * finds a date in nearly any text. The name of the weekday is not compared with the date; real senders get it wrong.
 */
export function parseHttpDate(text: string): Date | null {
  const match = IMF_FIXDATE.exec(text);
  if (!match) return null;
  const [, day, monthName, year, hour, minute, second] = match;
  const month = MONTHS.indexOf(monthName ?? '');
  if (month < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const date = new Date(
    Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second)),
  );
  // The 31st of February would roll over into March.
  return date.getUTCDate() === Number(day) && date.getUTCMonth() === month ? date : null;
}

/** Writes a time as IMF-fixdate, in whole seconds. */
export function toHttpDate(date: Date): string {
  return date.toUTCString();
}
