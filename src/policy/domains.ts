import type { Account } from '../model/account.js';
import type { DomainRule } from '../model/work.js';

/** The rule that covers a host: of the host itself or of a parent domain; the narrowest wins. */
export function ruleFor(rules: ReadonlyMap<string, DomainRule>, host: string): DomainRule | null {
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

export function isSuspended(rules: ReadonlyMap<string, DomainRule>, host: string): boolean {
  return ruleFor(rules, host)?.severity === 'suspend';
}

/** True for accounts that only their followers are shown: limited by themselves or with their whole server. */
export function isLimited(
  rules: ReadonlyMap<string, DomainRule>,
  account: Pick<Account, 'silencedAt' | 'domain'>,
): boolean {
  if (account.silencedAt !== null) return true;
  return account.domain !== null && ruleFor(rules, account.domain)?.severity === 'silence';
}
