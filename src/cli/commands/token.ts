import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { acctOf } from '../../domain/accounts.js';
import { outOfBand, registerApp } from '../../domain/apps.js';
import { asStaff } from '../../domain/audit.js';
import { getUserOf } from '../../domain/staff.js';
import { findToken, issueToken, revokeTokens } from '../../domain/tokens.js';
import { notFound } from '../../errors.js';
import type { App } from '../../model/access.js';
import { isDuplicateKey } from '../../store/port.js';
import {
  accountNamed,
  command,
  consoleActor,
  group,
  jsonOption,
  showOn,
  type CommonOptions,
} from '../command.js';
import { secretFromStdin, toList, type Io } from '../io.js';
import { defaultScopes, knownScopes } from '../scopes.js';

export function tokenCommands(io: Io): Command {
  return group('token', 'access tokens of the API', [create(io), revoke(io)]);
}

/** The client that tokens from the command line belong to. */
export const commandLineApp = 'landfall-command-line';

interface CreateOptions extends CommonOptions {
  clientId?: string;
  scopes: string;
}

function create(io: Io): Command {
  const examples = ['token create alice', 'token create bot --scopes "read write:statuses" --json'];
  return command('create', 'make a token that speaks for an account', examples)
    .argument('<username>')
    .option('--client-id <id>', 'the client it belongs to (default: one for the command line)')
    .option('--scopes <scopes>', 'what it may do', defaultScopes)
    .option(...jsonOption)
    .action((acct: string, options: CreateOptions) =>
      showOn(io, options, async (ctx) => {
        const account = await accountNamed(ctx, acct);
        const user = await getUserOf(ctx, account);
        const scopes = knownScopes(options.scopes);
        const app = await appOf(ctx, options.clientId);
        const details = { scopes, client: app.name };
        const act = { actor: consoleActor(), action: 'token.create', target: acctOf(account), details };
        const { secret } = await asStaff(ctx, act, () => issueToken(ctx, { app, user, scopes }));
        const shown = {
          account: acctOf(account),
          client_id: app.clientId,
          token: secret,
          scopes: scopes.join(' '),
        };
        const pairs = [
          ['Account', shown.account],
          ['Token', `${secret}   (shown only now)`],
          ['Scopes', shown.scopes],
        ] as const;
        return { json: shown, text: toList(pairs) };
      }),
    );
}

async function appOf(ctx: Context, clientId: string | undefined): Promise<App> {
  const found = await ctx.db.apps.findOne({ clientId: clientId ?? commandLineApp });
  if (found) return found;
  if (clientId !== undefined) throw notFound(`There is no client ${clientId}`);
  return ensureCommandLineApp(ctx);
}

/** Made when it is needed first, by whoever comes first. */
export async function ensureCommandLineApp(ctx: Context): Promise<App> {
  const find = () => ctx.db.apps.findOne({ clientId: commandLineApp });
  const found = await find();
  if (found) return found;
  const scopes = knownScopes(defaultScopes);
  const input = { name: 'Command line', redirectUris: [outOfBand], scopes, clientId: commandLineApp };
  try {
    return (await registerApp(ctx, input)).app;
  } catch (error) {
    const winner = isDuplicateKey(error) ? await find() : null;
    if (!winner) throw error;
    return winner;
  }
}

interface RevokeOptions extends CommonOptions {
  tokenStdin?: boolean;
  account?: string;
  dryRun?: boolean;
}

function revoke(io: Io): Command {
  const examples = ['token revoke --token-stdin < token.txt', 'token revoke --account bob --dry-run'];
  return command('revoke', 'end a token, or all of an account, with their streams', examples)
    .option('--token-stdin', 'read the token from standard input')
    .option('--account <username>', 'all tokens of this account')
    .option('--dry-run', 'only say what would happen')
    .option(...jsonOption)
    .action((options: RevokeOptions, self: Command) => {
      if (Boolean(options.tokenStdin) === (options.account !== undefined))
        self.error('error: give either --token-stdin or --account', { exitCode: 2 });
      return showOn(io, options, async (ctx) => {
        const { which, target } = await whichTokens(io, ctx, options);
        const filter = 'tokenId' in which ? { _id: which.tokenId } : { userId: which.userId };
        const live = await ctx.db.accessTokens.countDocuments({ ...filter, revokedAt: null });
        const act = { actor: consoleActor(), action: 'token.revoke', target };
        if (!options.dryRun && live) await asStaff(ctx, act, () => revokeTokens(ctx, which));
        const json = { revoked: live, dry_run: options.dryRun ?? false };
        return {
          json,
          text: `${live} token${live === 1 ? '' : 's'} ${options.dryRun ? 'would be' : 'were'} revoked.`,
        };
      });
    });
}

async function whichTokens(io: Io, ctx: Context, options: RevokeOptions) {
  if (options.account !== undefined) {
    const account = await accountNamed(ctx, options.account);
    const user = await getUserOf(ctx, account);
    return { which: { userId: user._id }, target: acctOf(account) };
  }
  const token = await findToken(ctx, await secretFromStdin(io));
  if (!token) throw notFound('There is no such token');
  return { which: { tokenId: token._id }, target: `token ${token._id}` };
}
