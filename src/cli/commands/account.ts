import { Argument, Option, type Command } from 'commander';
import type { Context } from '../../context.js';
import { acctOf, createAccount, type NewAccount } from '../../domain/accounts.js';
import { asStaff } from '../../domain/audit.js';
import {
  deleteAccountAsStaff,
  setPassword,
  setRole,
  suspendAccount,
  unsuspendAccount,
} from '../../domain/staff.js';
import { isLocalAccount, pageOfAccounts, toShown } from '../accounts.js';
import { accessCommands } from './account-access.js';
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
import { secretFromStdin, toList, toTable, type Io } from '../io.js';
import { backdating } from './account-backdating.js';
import { subscribers } from './account-subscribers.js';

const roles = ['owner', 'admin', 'moderator', 'user'] as const;
type Role = (typeof roles)[number];

export function accountCommands(io: Io): Command {
  const members = [create, list, show, password, role, backdating, subscribers, suspend, remove].map((make) =>
    make(io),
  );
  return group('account', 'people of this server', [...members, ...accessCommands(io)]);
}

interface PasswordOptions extends CommonOptions {
  passwordStdin?: boolean;
}

/** The password from standard input, or a new one that is shown once. */
async function choosePassword(io: Io, ctx: Context, { passwordStdin }: PasswordOptions) {
  if (!passwordStdin) return { password: ctx.randomToken(15), generated: true };
  const given = await secretFromStdin(io);
  if (given.length < 8) throw new UsageError('the password on standard input has fewer than 8 characters');
  return { password: given, generated: false };
}

const passwordOption = [
  '--password-stdin',
  'read the password from standard input; default: make one and show it',
] as const;

interface CreateOptions extends PasswordOptions {
  email?: string;
  role?: Role;
  locked?: boolean;
  locale?: string;
}

function create(io: Io): Command {
  const examples = [
    'account create alice --role owner',
    'account create bob --email bob@example.org --password-stdin < password.txt',
  ];
  return command('create', 'make an account that can sign in', examples)
    .argument('<username>')
    .option('--email <address>', 'for signing in and for letters')
    .addOption(new Option('--role <role>', 'what it may do here').choices(roles).default('user'))
    .option('--locked', 'followers need consent')
    .option('--locale <language>', 'language of letters and pages', 'en')
    .option(...passwordOption)
    .option(...jsonOption)
    .action((username: string, options: CreateOptions) =>
      showOn(io, options, async (ctx) => {
        const { password: secret, generated } = await choosePassword(io, ctx, options);
        const { email = null, role: wanted = 'user', locked = false, locale = 'en' } = options;
        const input: NewAccount = { username, email, role: wanted, locked, locale, password: secret };
        const act = {
          actor: consoleActor(),
          action: 'account.create',
          target: username,
          details: { role: wanted },
        };
        const { account, user } = await asStaff(ctx, act, () => createAccount(ctx, input));
        const shown = { ...toShown(ctx, account, user), ...(generated && { password: secret }) };
        return { json: shown, text: created(shown) };
      }),
    );
}

function created(shown: { handle: string; url: string; role: string | null; password?: string }): string {
  const pairs: [string, string][] = [
    ['Account', shown.handle],
    ['Page', shown.url],
    ['Role', shown.role ?? ''],
  ];
  if (shown.password !== undefined) pairs.push(['Password', `${shown.password}   (shown only now)`]);
  return toList(pairs);
}

interface ListOptions extends CommonOptions {
  role?: Role;
  limit: string;
  after?: string;
}

function list(io: Io): Command {
  return command('list', 'people of this server, oldest first', [
    'account list',
    'account list --role admin --json',
  ])
    .addOption(new Option('--role <role>', 'only these').choices(roles))
    .option('--limit <n>', 'how many at most', '100')
    .option('--after <id>', 'go on after this account')
    .option(...jsonOption)
    .action((options: ListOptions) =>
      showOn(io, options, async (ctx) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1 || limit > 100_000)
          throw new UsageError('--limit: 1 to 100000');
        const { role: wanted, after } = options;
        const found = await pageOfAccounts(ctx, {
          limit,
          ...(wanted && { role: wanted }),
          ...(after && { after }),
        });
        const rows = found.map((a) => [
          a.acct,
          a.role ?? '-',
          a.email ?? '',
          a.state,
          a.created_at.slice(0, 10),
          a.id,
        ]);
        return { json: found, text: toTable(['ACCOUNT', 'ROLE', 'E-MAIL', 'STATE', 'SINCE', 'ID'], rows) };
      }),
    );
}

function show(io: Io): Command {
  const examples = ['account show alice', 'account show bob@elsewhere.example --json'];
  return command('show', 'what is known about one account, of this server or another', examples)
    .argument('<account>')
    .option(...jsonOption)
    .action((acct: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const account = await accountNamed(ctx, acct);
        const user = await ctx.db.users.findOne({ accountId: account._id });
        const shown = toShown(ctx, account, user);
        const pairs = Object.entries(shown).map(([name, value]) => [name, String(value ?? '-')] as const);
        return { json: shown, text: toList(pairs) };
      }),
    );
}

function password(io: Io): Command {
  const examples = ['account password alice', 'account password alice --password-stdin < password.txt'];
  return command('password', 'set a new password; ends all sessions and tokens', examples)
    .argument('<username>')
    .option(...passwordOption)
    .option(...jsonOption)
    .action((acct: string, options: PasswordOptions) =>
      showOn(io, options, async (ctx) => {
        const account = await accountNamed(ctx, acct);
        const chosen = await choosePassword(io, ctx, options);
        await setPassword(ctx, consoleActor(), { account, password: chosen.password });
        const shown = { acct: acctOf(account), ...(chosen.generated && { password: chosen.password }) };
        const told = chosen.generated ? `: ${chosen.password}   (shown only now)` : '.';
        return { json: shown, text: `New password of ${acctOf(account)}${told}` };
      }),
    );
}

function role(io: Io): Command {
  return command('role', 'set what an account may do here', [
    'account role bob moderator',
    'account role bob user',
  ])
    .argument('<username>')
    .addArgument(new Argument('<role>').choices(roles))
    .option(...jsonOption)
    .action((acct: string, wanted: Role, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const account = await accountNamed(ctx, acct);
        await setRole(ctx, consoleActor(), { account, role: wanted });
        return {
          json: { acct: acctOf(account), role: wanted },
          text: `${acctOf(account)} is now ${wanted}.`,
        };
      }),
    );
}

interface DryRunOptions extends CommonOptions {
  dryRun?: boolean;
}

const dryRunOption = ['--dry-run', 'only say what would happen'] as const;

function suspend(io: Io): Command {
  const examples = [
    'account suspend mallory',
    'account suspend spammer@elsewhere.example --dry-run',
    'account suspend bob --undo',
  ];
  return command('suspend', 'shut an account out; can be undone', examples)
    .argument('<account>')
    .option('--undo', 'let it in again')
    .option(...dryRunOption)
    .option(...jsonOption)
    .action((acct: string, options: DryRunOptions & { undo?: boolean }) =>
      showOn(io, options, async (ctx) => {
        const account = await accountNamed(ctx, acct);
        const change = options.undo ? unsuspendAccount : suspendAccount;
        if (!options.dryRun) await change(ctx, consoleActor(), account);
        const word = options.undo ? 'not suspended' : 'suspended';
        const json = { acct: acctOf(account), suspended: !options.undo, dry_run: options.dryRun ?? false };
        return { json, text: `${acctOf(account)} ${options.dryRun ? 'would be' : 'is'} ${word}.` };
      }),
    );
}

function remove(io: Io): Command {
  const examples = ['account delete bob --dry-run', 'account delete bob'];
  return command('delete', 'delete an account of this server for good, here and elsewhere', examples)
    .argument('<username>')
    .option(...dryRunOption)
    .option(...jsonOption)
    .action((acct: string, options: DryRunOptions) =>
      showOn(io, options, async (ctx): Promise<Result> => {
        const account = await accountNamed(ctx, acct);
        if (!isLocalAccount(account))
          throw new UsageError(`${acctOf(account)} belongs to another server: suspend it`);
        const { statusesCount: posts, followersCount: followers } = account;
        if (!options.dryRun) await deleteAccountAsStaff(ctx, consoleActor(), account);
        const json = { acct: acctOf(account), posts, followers, dry_run: options.dryRun ?? false };
        const word = options.dryRun ? 'would be' : 'is';
        return {
          json,
          text: `${acctOf(account)} ${word} deleted, with ${posts} posts; ${followers} followers are told.`,
        };
      }),
    );
}
