import type { Command } from 'commander';
import { acctOf } from '../../domain/accounts.js';
import { setBackdating } from '../../domain/staff.js';
import { accountNamed, command, consoleActor, jsonOption, showOn, type CommonOptions } from '../command.js';
import type { Io } from '../io.js';

/** `account backdating`: who may grant an app the scope `write:statuses:backdate`. Owners may without. */
export function backdating(io: Io): Command {
  const examples = ['account backdating alice', 'account backdating alice --undo'];
  return command('backdating', 'let an account post with a date in the past', examples)
    .argument('<username>')
    .option('--undo', 'no longer')
    .option(...jsonOption)
    .action((acct: string, options: CommonOptions & { undo?: boolean }) =>
      showOn(io, options, async (ctx) => {
        const account = await accountNamed(ctx, acct);
        const allowed = !options.undo;
        await setBackdating(ctx, consoleActor(), { account, allowed });
        const word = allowed ? 'may' : 'may not';
        return {
          json: { acct: acctOf(account), backdating: allowed },
          text: `${acctOf(account)} ${word} post with a date in the past.`,
        };
      }),
    );
}
