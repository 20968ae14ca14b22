import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { acctOf, accountsById } from '../../domain/accounts.js';
import { createInvite, invitesOf, revokeInvite, type Inviter } from '../../domain/invites.js';
import { getUserOf } from '../../domain/staff.js';
import type { Invite } from '../../model/access.js';
import { isOpenInvite } from '../../policy/invites.js';
import {
  accountNamed,
  command,
  consoleActor,
  group,
  jsonOption,
  showOn,
  UsageError,
  type CommonOptions,
} from '../command.js';
import { toTable, type Io } from '../io.js';

export function inviteCommands(io: Io): Command {
  return group('invite', 'links with which people may sign up', [create(io), list(io), revoke(io)]);
}

interface CreateOptions extends CommonOptions {
  maxUses?: string;
  expiresIn?: string;
  from?: string;
  autofollow?: boolean;
}

function create(io: Io): Command {
  const examples = [
    'invite create',
    'invite create --max-uses 1 --expires-in 7d',
    'invite create --from alice --autofollow',
  ];
  return command('create', 'make a link; it is good when registrations are closed, too', examples)
    .option('--max-uses <n>', 'how many people may come with it (default: any number)')
    .option('--expires-in <time>', 'how long it is good, e.g. 30m, 12h, 7d (default: for good)')
    .option('--from <username>', 'who invites (default: nobody in particular)')
    .option('--autofollow', 'those who come follow whoever invites')
    .option(...jsonOption)
    .action((options: CreateOptions) =>
      showOn(io, options, async (ctx) => {
        const { from, autofollow = false, maxUses, expiresIn } = options;
        if (autofollow && from === undefined) throw new UsageError('--autofollow takes --from');
        const invite = await createInvite(ctx, await inviterOf(ctx, from), {
          maxUses: maxUses === undefined ? null : wholeNumber(maxUses),
          lifetimeMs: expiresIn === undefined ? null : toMs(expiresIn),
          autofollow,
        });
        const shown = toShown(ctx, invite, from ?? null);
        return { json: shown, text: shown.url };
      }),
    );
}

async function inviterOf(ctx: Context, from: string | undefined): Promise<Inviter> {
  if (from === undefined) return { console: consoleActor() };
  const account = await accountNamed(ctx, from);
  return { account, user: await getUserOf(ctx, account) };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new UsageError('--max-uses: a number');
  return Number(text);
}

const units: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function toMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) throw new UsageError('--expires-in: e.g. 30m, 12h or 7d');
  return Number(count) * (units[unit] ?? 0);
}

function toShown(ctx: Context, invite: Invite, from: string | null) {
  return {
    code: invite.code,
    url: `${ctx.settings.url}/invite/${invite.code}`,
    from,
    uses: invite.uses,
    max_uses: invite.maxUses,
    expires_at: invite.expiresAt,
    autofollow: invite.autofollow,
    open: isOpenInvite(invite, ctx.clock.now().toISOString()),
    created_at: invite.createdAt,
  };
}

function list(io: Io): Command {
  return command('list', 'the latest links, newest first', ['invite list', 'invite list --json'])
    .option(...jsonOption)
    .action((options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const invites = await invitesOf(ctx, null);
        const by = await accountsById(
          ctx,
          invites.flatMap((i) => i.accountId ?? []),
        );
        const json = invites.map((invite) => {
          const account = by.get(invite.accountId ?? '');
          return toShown(ctx, invite, account ? acctOf(account) : null);
        });
        const rows = json.map((i) => [
          i.code,
          i.from ?? '-',
          `${i.uses}/${i.max_uses ?? '-'}`,
          i.expires_at?.slice(0, 16) ?? '-',
          i.open ? 'open' : 'over',
        ]);
        const text = rows.length ? toTable(['CODE', 'FROM', 'USES', 'UNTIL', 'STATE'], rows) : 'No invites.';
        return { json, text };
      }),
    );
}

function revoke(io: Io): Command {
  return command('revoke', 'end a link', ['invite revoke AbCdEf123456'])
    .argument('<code>')
    .option(...jsonOption)
    .action((code: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        await revokeInvite(ctx, { console: consoleActor() }, code);
        return { json: { code, open: false }, text: `${code} is over.` };
      }),
    );
}
