import type { Command } from 'commander';
import { addDomainAllow, listDomainAllows, removeDomainAllow } from '../../domain/domain-allows.js';
import { parseDomain } from '../../domain/domains.js';
import { notFound } from '../../errors.js';
import { command, consoleActor, jsonOption, showOn, type CommonOptions } from '../command.js';
import { toTable, type Io } from '../io.js';

/** Whom this server federates with where that is limited (`LANDFALL_LIMITED_FEDERATION`). */
export function allowCommands(io: Io): Command[] {
  return [allow(io), disallow(io), allowed(io)];
}

function allow(io: Io): Command {
  return command('allow', 'federate with a server, where federation is limited', [
    'domain allow friend.example',
  ])
    .argument('<domain>')
    .option(...jsonOption)
    .action((given: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const { domain } = await addDomainAllow(ctx, consoleActor(), given);
        const idle = ctx.settings.limitedFederation
          ? ''
          : ' (federation is not limited: it has no effect yet)';
        return { json: { domain, allowed: true }, text: `${domain} is allowed${idle}.` };
      }),
    );
}

function disallow(io: Io): Command {
  return command('disallow', 'take that back', ['domain disallow friend.example'])
    .argument('<domain>')
    .option(...jsonOption)
    .action((given: string, options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const domain = parseDomain(given);
        const found = await ctx.db.domainAllows.findOne({ domain });
        if (!found) throw notFound(`${domain} was not allowed`);
        await removeDomainAllow(ctx, consoleActor(), found._id);
        return { json: { domain, allowed: false }, text: `${domain} is not allowed any more.` };
      }),
    );
}

function allowed(io: Io): Command {
  return command('allowed', 'all servers that are allowed', ['domain allowed'])
    .option(...jsonOption)
    .action((options: CommonOptions) =>
      showOn(io, options, async (ctx) => {
        const found = await listDomainAllows(ctx, { limit: 10_000 });
        const json = found.map((a) => ({ domain: a.domain, created_at: a.createdAt }));
        const rows = json.map((a) => [a.domain, a.created_at.slice(0, 10)]);
        return { json, text: rows.length ? toTable(['DOMAIN', 'SINCE'], rows) : 'No server is allowed.' };
      }),
    );
}
