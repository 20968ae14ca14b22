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
