import type { Account } from '../model/account.js';
import type { DomainRule } from '../model/work.js';

/** What the staff of this instance decided about other servers. */
export interface DomainPolicy {
  /** By domain. */
  rules: ReadonlyMap<string, DomainRule>;
  /** Limited federation: these domains and no others. Null: everybody who is not shut out. */
  allows: ReadonlySet<string> | null;
}

/** The rule that covers a host: of the host itself or of a parent domain; the narrowest wins. */
export function ruleFor({ rules }: Pick<DomainPolicy, 'rules'>, host: string): DomainRule | null {
  let name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
  const exact = rules.get(host.toLowerCase());
  if (exact) return exact;
  while (name) {
    const rule = rules.get(name);
    if (rule) return rule;
    const dot = name.indexOf('.');
    if (dot < 0) return null;
    name = name.slice(dot + 1);
  }
  return null;
}

/** True unless federation is limited to others. Subdomains are allowed by their own name only, as in Mastodon. */
export function isAllowed({ allows }: Pick<DomainPolicy, 'allows'>, host: string): boolean {
  if (allows === null) return true;
  const name = host.toLowerCase().replace(/\.$/, '');
  return allows.has(name) || allows.has(name.replace(/:\d+$/, ''));
}

/** True for hosts with which nothing is exchanged: blocked ones, and all that are not allowed where federation is limited. */
export function isSuspended(policy: DomainPolicy, host: string): boolean {
  return !isAllowed(policy, host) || ruleFor(policy, host)?.severity === 'suspend';
}

/** True for accounts that are suspended with their server: that of their handle, or that on which they live. */
export function isShutOut(policy: DomainPolicy, { domain, uri }: Pick<Account, 'domain' | 'uri'>): boolean {
  if (domain === null) return false;
  const host = /^https?:\/\/([^/?#]+)/i.exec(uri)?.[1] ?? domain;
  return isSuspended(policy, domain) || isSuspended(policy, host);
}

/** True for accounts that only their followers are shown: limited by themselves or with their whole server. */
export function isLimited(policy: DomainPolicy, account: Pick<Account, 'silencedAt' | 'domain'>): boolean {
  if (account.silencedAt !== null) return true;
  return account.domain !== null && ruleFor(policy, account.domain)?.severity === 'silence';
}
