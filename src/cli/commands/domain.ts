import { Option, type Command } from 'commander';
import type { Context } from '../../context.js';
import { asStaff } from '../../domain/audit.js';
import { domainRules, parseDomain, removeDomainRule, setDomainRule } from '../../domain/domains.js';
import { notFound } from '../../errors.js';
import { command, consoleActor, group, jsonOption, showOn, type CommonOptions } from '../command.js';
import { toTable, type Io } from '../io.js';
import { allowCommands } from './domain-allow.js';

export function domainCommands(io: Io): Command {
  return group('domain', 'other servers that are limited or shut out', [
    block(io),
    unblock(io),
    list(io),
    ...allowCommands(io),
  ]);
}

interface BlockOptions extends CommonOptions {
  severity: 'suspend' | 'silence';
  rejectMedia?: boolean;
  rejectReports?: boolean;
  reason?: string;
  note?: string;
  dryRun?: boolean;
}

function block(io: Io): Command {
  const examples = [
    'domain block spam.example --reason "spam" --dry-run',
    'domain block loud.example --severity silence',
  ];
  return command(
    'block',
    'shut a server out, with its subdomains; doing it again replaces the rule',
    examples,
  )
    .argument('<domain>')
    .addOption(
      new Option('--severity <severity>', 'suspend: nothing in or out; silence: only followers see it')
        .choices(['suspend', 'silence'])
        .default('suspend'),
    )
    .option('--reject-media', 'show none of its pictures')
    .option('--reject-reports', 'take none of its reports')
    .option('--reason <text>', 'for everybody to read')
    .option('--note <text>', 'for staff only')
    .option('--dry-run', 'only say what would happen')
    .option(...jsonOption)
    .action((given: string, options: BlockOptions) =>
      showOn(io, options, async (ctx) => {
        const domain = parseDomain(given);
        const { severity, rejectMedia = false, rejectReports = false, reason = null, note = null } = options;
        const rule = { severity, rejectMedia, rejectReports, publicComment: reason, privateComment: note };
        const act = { actor: consoleActor(), action: 'domain.block', target: domain, details: rule };
        const known = await countAffected(ctx, domain);
        if (!options.dryRun) await asStaff(ctx, act, () => setDomainRule(ctx, domain, rule));
        const json = { domain, ...rule, ...known, dry_run: options.dryRun ?? false };
        const word = severity === 'suspend' ? 'suspended' : 'silenced';
        const concerns = `${known.accounts} known accounts, ${known.deliveries} waiting deliveries`;
        return { json, text: `${domain} ${options.dryRun ? 'would be' : 'is'} ${word} (${concerns}).` };
      }),
    );
}

async function countAffected(
  ctx: Context,
  domain: string,
): Promise<{ accounts: number; deliveries: number }> {
  const [accounts, deliveries] = await Promise.all([
    ctx.db.accounts.countDocuments({ domain }),
    ctx.db.deliveries.countDocuments({ state: 'ready', lane: domain }),
  ]);
  return { accounts, deliveries };
}

function unblock(io: Io): Command {
  return command('unblock', 'lift the rule about a server', ['domain unblock better.example'])
    .argument('<domain>')
    .option(...jsonOption)
    .action((given: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const domain = parseDomain(given);
        if (!(await ctx.db.domainRules.findOne({ domain })))
          throw notFound(`There is no rule about ${domain}`);
        const act = { actor: consoleActor(), action: 'domain.unblock', target: domain };
        await asStaff(ctx, act, () => removeDomainRule(ctx, domain));
        return { json: { domain, blocked: false }, text: `${domain} is free again.` };
      }),
    );
}

function list(io: Io): Command {
  return command('list', 'all rules about servers', ['domain list', 'domain list --json'])
    .option(...jsonOption)
    .action((options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const rules = [...(await domainRules(ctx)).rules.values()].sort((a, b) =>
          a.domain < b.domain ? -1 : 1,
        );
        const json = rules.map((rule) => ({
          domain: rule.domain,
          severity: rule.severity,
          reject_media: rule.rejectMedia,
          reject_reports: rule.rejectReports,
          reason: rule.publicComment,
          note: rule.privateComment,
          created_at: rule.createdAt,
        }));
        const rows = json.map((r) => [
          r.domain,
          r.severity,
          r.created_at.slice(0, 10),
          r.reason ?? r.note ?? '',
        ]);
        return { json, text: rows.length ? toTable(['DOMAIN', 'RULE', 'SINCE', 'WHY'], rows) : 'No rules.' };
      }),
    );
}
