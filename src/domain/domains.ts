import { invalid } from '../errors.js';
import type { DomainRule } from '../model/work.js';
import { now, type Ctx } from './ctx.js';

/** The instance's domain rules by domain. Asked for several times at every inbox request: kept for an instant. */
export function domainRules(ctx: Ctx): Promise<ReadonlyMap<string, DomainRule>> {
  return ctx.rules.all();
}

export interface DomainRuleInput {
  severity: DomainRule['severity'];
  rejectMedia?: boolean;
  rejectReports?: boolean;
  privateComment?: string | null;
  publicComment?: string | null;
  obfuscate?: boolean;
}

/** Blocks (or limits) a domain and its subdomains; doing it again replaces the rule. */
export async function setDomainRule(ctx: Ctx, domain: string, input: DomainRuleInput): Promise<DomainRule> {
  const name = parseDomain(domain);
  if (ctx.names.isOwn(name)) throw invalid('Domain is this server');
  const rule: Omit<DomainRule, '_id' | 'createdAt'> = {
    domain: name,
    severity: input.severity,
    rejectMedia: input.rejectMedia ?? false,
    rejectReports: input.rejectReports ?? false,
    privateComment: input.privateComment ?? null,
    publicComment: input.publicComment ?? null,
    obfuscate: input.obfuscate ?? false,
  };
  const stored = await ctx.db.domainRules.findOneAndUpdate(
    { domain: name },
    { $set: { ...rule }, $setOnInsert: { _id: ctx.ids.next(), createdAt: now(ctx) } },
    { upsert: true, returnDocument: 'after' },
  );
  if (!stored) throw new Error('The domain rule was not stored');
  return stored;
}

/** True when there was a rule. */
export async function removeDomainRule(ctx: Ctx, domain: string): Promise<boolean> {
  return (await ctx.db.domainRules.deleteOne({ domain: parseDomain(domain) })).deletedCount > 0;
}

/** A domain as stored: lower case, punycode, without scheme, path or trailing dot. @throws AppError 422 */
export function parseDomain(text: string): string {
  const bare = text
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/[/?#].*$/, '')
    .replace(/^\*?\./, '')
    .replace(/\.$/, '');
  try {
    const host = new URL(`https://${bare}`).host;
    if (!host || host.includes('@')) throw new Error('no host');
    return host;
  } catch {
    throw invalid('Domain is not a valid domain name');
  }
}
