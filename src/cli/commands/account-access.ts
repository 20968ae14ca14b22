import type { Command } from 'commander';
import { acctOf } from '../../domain/accounts.js';
import { resetFactors } from '../../domain/second-factor/factors.js';
import { getUserOf, signOutEverywhere } from '../../domain/staff.js';
import { accountNamed, command, consoleActor, jsonOption, showOn, type CommonOptions } from '../command.js';
import type { Io } from '../io.js';

/** Of `landfall account`: how somebody gets in, and out. Each leaves an entry in the audit log. */
export function accessCommands(io: Io): Command[] {
  return [resetSecondFactor(io), signOut(io)];
}

function resetSecondFactor(io: Io): Command {
  const help = 'remove codes, passkeys and recovery codes; ends all sessions and tokens';
  return command('reset-second-factor', help, ['account reset-second-factor alice'])
    .argument('<username>')
    .option(...jsonOption)
    .action((acct: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const account = await accountNamed(ctx, acct);
        const user = await getUserOf(ctx, account);
        const had = await resetFactors(ctx, consoleActor(), { account, user });
        const text = `${acctOf(account)} signs in with the password alone (removed: ${had.codes ? 'codes, ' : ''}${had.passkeys} passkeys).`;
        return { json: { acct: acctOf(account), removed: had }, text };
      }),
    );
}

function signOut(io: Io): Command {
  return command('sign-out', 'end all sessions and tokens of an account', ['account sign-out alice'])
    .argument('<username>')
    .option(...jsonOption)
    .action((acct: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const account = await accountNamed(ctx, acct);
        await signOutEverywhere(ctx, consoleActor(), account);
        return { json: { acct: acctOf(account) }, text: `${acctOf(account)} is signed out everywhere.` };
      }),
    );
}
