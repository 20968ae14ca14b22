import { countAttempt, countWithBackOff, forgetAttempts, type BackOff } from './attempts.js';
import type { Ctx } from './ctx.js';

/**
 * Slows down guessing of passwords and codes. Three counters, shared by all processes and kept over restarts: the pair of
 * account and address backs off exponentially, an address may try so often in five minutes, an account can be tried so
 * often in an hour from anywhere (settings; the defaults are Mastodon's figures). Sessions that exist already are not affected.
 */
export interface SignInGuard {
  /** Counts an attempt before its password is looked at. Returns the seconds to wait; 0: go ahead. */
  begin(account: string, address: string): Promise<number>;
  /** Forgets the attempts of this pair and account. */
  succeeded(account: string, address: string): Promise<void>;
}

const addressWindowMs = 5 * 60_000;
const hourMs = 3_600_000;

/** 2, 4, 8 … seconds after the first, second, third attempt over those that are free. */
const backOffOf = ({ signInTries, signInWaitSeconds }: Ctx['settings']): BackOff => ({
  keepMs: hourMs,
  waitMs: (count) => {
    const over = count - signInTries;
    return over <= 0 ? 0 : Math.min(1000 * 2 ** Math.min(over, 20), signInWaitSeconds * 1000);
  },
});

export function createSignInGuard(ctx: Ctx): SignInGuard {
  const { settings } = ctx;
  const backOff = backOffOf(settings);
  const addressWindow = { max: settings.signInsPerAddress, ms: addressWindowMs };
  const accountWindow = { max: settings.signInsPerAccount, ms: hourMs };
  const pairOf = (account: string, address: string) => `sign-in-pair ${address} ${account}`;
  const accountOf = (account: string) => `sign-in-account ${account}`;
  return {
    async begin(account, address) {
      const waitMs =
        (await countWithBackOff(ctx, pairOf(account, address), backOff)) ||
        (await windowWaitMs(ctx, `sign-in-address ${address}`, addressWindow)) ||
        (await windowWaitMs(ctx, accountOf(account), accountWindow));
      return Math.ceil(waitMs / 1000);
    },
    async succeeded(account, address) {
      await Promise.all([
        forgetAttempts(ctx, pairOf(account, address)),
        forgetAttempts(ctx, accountOf(account)),
      ]);
    },
  };
}

async function windowWaitMs(ctx: Ctx, name: string, window: { max: number; ms: number }): Promise<number> {
  const { count, endsAt } = await countAttempt(ctx, name, window.ms);
  return count <= window.max ? 0 : Math.max(1, endsAt.getTime() - ctx.clock.now().getTime());
}
