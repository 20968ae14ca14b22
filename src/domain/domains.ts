import { invalid } from '../errors.js';
import type { DomainRule } from '../model/work.js';
import type { DomainPolicy } from '../policy/domains.js';
import { now, type Ctx } from './ctx.js';
import { hostOf } from './urls.js';

/** What the instance decided about other servers. Asked for several times at every inbox request: kept for an instant. */
export function domainRules(ctx: Ctx): Promise<DomainPolicy> {
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

/** Rules cover subdomains: one about a parent of ours would be about us. */
function isOurs({ names }: Ctx, domain: string): boolean {
  const own = [names.host, names.handleDomain].flatMap((host) => [host, host.replace(/:\d+$/, '')]);
  return names.isOwn(domain) || own.some((host) => `.${host}`.endsWith(`.${domain}`));
}

/**
 * Blocks (or limits) a domain and its subdomains; doing it again replaces the rule.
 * @throws AppError 422 for no domain, ours (or a parent of it), or a whole top-level domain
 */
export async function setDomainRule(ctx: Ctx, domain: string, input: DomainRuleInput): Promise<DomainRule> {
  const name = parseDomain(domain);
  if (isOurs(ctx, name)) throw invalid('Domain is this server');
  if (!/[.:]/.test(name)) throw invalid('Domain is a whole top-level domain');
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

/**
 * A domain as stored: lower case, punycode, without a trailing dot. The origin of a page (`https://spam.example/`) will do.
 * Everything else is refused rather than made to fit: a rule about another domain than was meant does harm.
 * @throws AppError 422
 */
export function parseDomain(text: string): string {
  const bare = text
    .trim()
    .replace(/^https?:\/\/([^/]*)\/?$/i, '$1')
    .replace(/\.(?=:\d+$|$)/, '');
  if (bare.startsWith('*')) throw invalid('Domain has a star: subdomains are covered without it');
  const host = /[\s/\\?#@%*]|^\.|\.\./.test(bare) ? null : hostOf(`https://${bare}`);
  if (host === null) throw invalid('Domain is not a valid domain name');
  return host;
}
