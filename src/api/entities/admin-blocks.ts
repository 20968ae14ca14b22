import { createHash } from 'node:crypto';
import type { EmailBlockFacts } from '../../domain/email-blocks.js';
import type { CanonicalEmailBlock, DomainAllow, IpBlock } from '../../model/moderation.js';
import type { DomainRule } from '../../model/work.js';
import { toTime, toTimeOrNull } from './view.js';

/** What staff decided about servers and addresses, for staff. */

export function toAdminDomainBlock(rule: DomainRule) {
  return {
    id: rule._id,
    domain: rule.domain,
    digest: createHash('sha256').update(rule.domain).digest('hex'),
    created_at: toTime(rule.createdAt),
    severity: rule.severity,
    reject_media: rule.rejectMedia,
    reject_reports: rule.rejectReports,
    private_comment: rule.privateComment,
    public_comment: rule.publicComment,
    obfuscate: rule.obfuscate,
  };
}

export function toAdminDomainAllow({ _id, domain, createdAt }: DomainAllow) {
  return { id: _id, domain, created_at: toTime(createdAt) };
}

export function toAdminEmailBlock({ block, history }: EmailBlockFacts) {
  return {
    id: block._id,
    domain: block.domain,
    created_at: toTime(block.createdAt),
    history: history.map(({ day, uses, accounts }) => ({
      day: String(day.getTime() / 1000),
      accounts: String(accounts),
      uses: String(uses),
    })),
    allow_with_approval: block.allowWithApproval,
  };
}

export function toAdminCanonicalEmailBlock({ _id, hash }: CanonicalEmailBlock) {
  return { id: _id, canonical_email_hash: hash };
}

export function toAdminIpBlock(block: IpBlock) {
  return {
    id: block._id,
    ip: block.ip,
    severity: block.severity,
    comment: block.comment,
    created_at: toTime(block.createdAt),
    expires_at: toTimeOrNull(block.expiresAt),
  };
}
