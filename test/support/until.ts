/** For what never happens. Nothing passes because it is short: a machine under load takes its time. */
const limitMs = 200_000;

/**
 * Waits for what goes on elsewhere: in a worker, in another process, at the other end of a connection.
 * @returns the first answer of `holds` that is neither false nor empty
 */
export async function until<T>(
  holds: () => T | Promise<T>,
  what = 'what the test waits for',
): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (performance.now() > end) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
