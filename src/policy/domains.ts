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
