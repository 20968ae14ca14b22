import type { CanonicalEmailBlock, EmailDomainBlock, IpBlock } from '../model/moderation.js';

/** What is known of somebody who wants to join. */
export interface SignUpFacts {
  /** The strictest block of the network they come from. */
  ipBlock: Pick<IpBlock, 'severity'> | null;
  emailDomainBlock: Pick<EmailDomainBlock, 'allowWithApproval'> | null;
  canonicalBlock: Pick<CanonicalEmailBlock, '_id'> | null;
}

export type SignUpVerdict = 'welcome' | 'approval' | 'address_blocked' | 'email_blocked' | 'email_taken';

/** Whether somebody may join by what staff decided about addresses; `approval`: only after staff has looked. */
export function judgeSignUp({ ipBlock, emailDomainBlock, canonicalBlock }: SignUpFacts): SignUpVerdict {
  if (ipBlock && ipBlock.severity !== 'sign_up_requires_approval') return 'address_blocked';
  if (emailDomainBlock && !emailDomainBlock.allowWithApproval) return 'email_blocked';
  if (canonicalBlock) return 'email_taken';
  return ipBlock || emailDomainBlock ? 'approval' : 'welcome';
}
