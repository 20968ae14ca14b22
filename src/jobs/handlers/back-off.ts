import type { Ctx } from '../../domain/ctx.js';

/** The time of the next try after `attempts` failures: doubling from `firstSeconds` up to `maxSeconds`, ± 20 %. */
export function backOff(
  ctx: Pick<Ctx, 'clock' | 'random'>,
  attempts: number,
  { firstSeconds, maxSeconds }: { firstSeconds: number; maxSeconds: number },
): Date {
  const seconds = Math.min(maxSeconds, firstSeconds * 2 ** Math.max(0, attempts - 1));
  const jitter = 0.8 + 0.4 * ctx.random();
  return new Date(ctx.clock.now().getTime() + seconds * jitter * 1000);
}

/** The first line of an error, short enough to keep with the item. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return (text.split('\n')[0] ?? '').slice(0, 500);
}
