import { forbidden, invalid } from '../errors.js';
import { judgeSignUp } from '../policy/sign-up.js';
import { findCanonicalEmailBlock } from './canonical-emails.js';
import type { Ctx } from './ctx.js';
import { findEmailBlock, findMailHostBlock, recordEmailBlockUse } from './email-blocks.js';
import { findIpBlock } from './ip-blocks.js';

/**
 * What staff decided about networks, mail providers and mailboxes, asked for somebody who wants to join.
 * @returns whether staff must look first
 * @throws AppError 403 from a blocked network, 422 with `details` for an address that is refused
 */
export async function checkSignUpRules(
  ctx: Ctx,
  { email, ip }: { email: string; ip: string | null },
): Promise<{ needsApproval: boolean }> {
  const [ipBlock, named, canonicalBlock] = await Promise.all([
    findIpBlock(ctx, ip),
    findEmailBlock(ctx, email),
    findCanonicalEmailBlock(ctx, email),
  ]);
  const refusedAnyway = judgeSignUp({ ipBlock, emailDomainBlock: named, canonicalBlock });
  const mayMatter = named === null && (refusedAnyway === 'welcome' || refusedAnyway === 'approval');
  const emailDomainBlock = mayMatter ? await findMailHostBlock(ctx, email) : named;
  const verdict = judgeSignUp({ ipBlock, emailDomainBlock, canonicalBlock });
  if (verdict === 'address_blocked') throw forbidden();
  if (emailDomainBlock) await recordEmailBlockUse(ctx, emailDomainBlock, ip);
  if (verdict === 'email_blocked') throw refused('ERR_BLOCKED', 'uses a disallowed e-mail provider');
  if (verdict === 'email_taken') throw refused('ERR_TAKEN', 'has already been taken');
  return { needsApproval: verdict === 'approval' };
}

const refused = (error: string, description: string) =>
  invalid(`Email ${description}`, { details: { email: [{ error, description }] } });
