import { createHash } from 'node:crypto';
import type { DomainRule } from '../../model/work.js';

/** A rule as anybody may see it; null for rules that neither limit nor suspend. */
export function toDomainBlock(rule: DomainRule) {
  if (rule.severity === 'noop') return null;
  return {
    domain: rule.obfuscate ? obfuscated(rule.domain) : rule.domain,
    digest: createHash('sha256').update(rule.domain).digest('hex'),
    severity: rule.severity,
    comment: rule.publicComment,
  };
}

/** Every other character hidden, dots kept: enough to recognise, not enough to find. */
function obfuscated(domain: string): string {
  return [...domain].map((char, i) => (char === '.' || i % 2 === 0 ? char : '*')).join('');
}
