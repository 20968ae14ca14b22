import type { Command } from 'commander';
import { acctOf } from '../../domain/accounts.js';
import { countSubscribers, isSubscribable } from '../../domain/email-subscriptions/offer.js';
import { setEmailSubscriptionsAsStaff } from '../../domain/email-subscriptions/switch.js';
import {
  accountNamed,
  command,
  consoleActor,
  jsonOption,
  showOn,
  UsageError,
  type CommonOptions,
} from '../command.js';
import type { Io } from '../io.js';

interface Options extends CommonOptions {
  on?: boolean;
  off?: boolean;
}

/** `account subscribers`: how many have its posts by mail, and whether anybody may. Never who. */
export function subscribers(io: Io): Command {
  const examples = ['account subscribers alice', 'account subscribers alice --on'];
  return command('subscribers', 'how many get an account’s posts by mail; turn it on or off', examples)
    .argument('<username>')
    .option('--on', 'others may subscribe')
    .option('--off', 'nobody is mailed any more')
    .option(...jsonOption)
    .action((acct: string, options: Options) =>
      showOn(io, options, async (ctx) => {
        if (options.on && options.off) throw new UsageError('--on or --off');
        const account = await accountNamed(ctx, acct);
        const wanted = options.on ?? (options.off ? false : undefined);
        if (wanted !== undefined)
          await setEmailSubscriptionsAsStaff(ctx, consoleActor(), { account, wanted });
        const offered = await isSubscribable(ctx, await accountNamed(ctx, acct));
        const count = await countSubscribers(ctx, account._id);
        const word = offered ? 'can' : 'cannot';
        return {
          json: { acct: acctOf(account), email_subscriptions: offered, subscribers: count },
          text: `The posts of ${acctOf(account)} ${word} be had by mail. Subscribers: ${count}`,
        };
      }),
    );
}
