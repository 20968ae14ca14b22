import type { Command } from 'commander';
import { loadSettings } from '../../config/load.js';
import { replaceLostSecrets } from '../../config/secrets.js';
import type { Context } from '../../context.js';
import { asStaff } from '../../domain/audit.js';
import { renewKeys } from '../../domain/renew-keys.js';
import type { Account } from '../../model/account.js';
import { isLocalAccount } from '../accounts.js';
import {
  accountNamed,
  command,
  consoleActor,
  group,
  jsonOption,
  showOn,
  UsageError,
  type CommonOptions,
  type Result,
} from '../command.js';
import type { Io } from '../io.js';

export function keysCommands(io: Io): Command {
  return group('keys', 'the keys with which accounts sign what they send', [renew(io)]);
}

interface RenewOptions extends CommonOptions {
  all?: boolean;
  secretLost?: boolean;
}

function renew(io: Io): Command {
  const description = 'give an account new keys: after a leak, or when secrets.json was lost';
  return command('renew', description, ['keys renew alice', 'keys renew --all'])
    .argument('[username]')
    .option('--all', 'every account of this server, its own included')
    .option('--secret-lost', 'first make a new secrets.json where there is none')
    .option(...jsonOption)
    .action((username: string | undefined, options: RenewOptions) => {
      if (options.secretLost) replaceLostSecrets(loadSettings(io.env));
      return showOn(io, options, async (ctx): Promise<Result> => {
        if ((username === undefined) === (options.all !== true))
          throw new UsageError('Name an account, or say --all');
        const target = username ?? 'all';
        const act = { actor: consoleActor(), action: 'keys.renew', target };
        const renewed = await asStaff(ctx, act, () =>
          username === undefined ? renewAll(ctx) : renewOne(ctx, username),
        );
        return {
          json: { renewed },
          text: `New keys for ${renewed} account(s). Other servers are told in a moment.`,
        };
      });
    });
}

async function renewOne(ctx: Context, username: string): Promise<number> {
  const account = await accountNamed(ctx, username);
  if (!isLocalAccount(account)) throw new UsageError(`${username} belongs to another server`);
  await renewKeys(ctx, account);
  return 1;
}

const pageSize = 200;

async function renewAll(ctx: Context): Promise<number> {
  let renewed = 0;
  for (let page: Account[] = [], after = ''; ; after = page.at(-1)?._id ?? '') {
    const filter = { domain: null, _id: { $gt: after } };
    page = await ctx.db.accounts.find(filter).sort({ _id: 1 }).limit(pageSize).toArray();
    const alive = page.filter((account) => account.deletedAt === null);
    for (const account of alive) await renewKeys(ctx, account);
    renewed += alive.length;
    if (page.length < pageSize) return renewed;
  }
}
