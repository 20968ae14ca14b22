import { AppError, notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { DomainRule } from '../model/work.js';
import type { Page } from '../model/page.js';
import { ruleFor } from '../policy/domains.js';
import { asStaff } from './audit.js';
import type { Ctx } from './ctx.js';
import {
  domainRules,
  parseDomain,
  removeDomainRule,
  setDomainRule,
  type DomainRuleInput,
} from './domains.js';
import { readPage } from './edges.js';

export function listDomainBlocks(ctx: Ctx, page: Page): Promise<DomainRule[]> {
  return readPage(ctx.db.domainRules, {}, page);
}

/** @throws AppError 404 */
export async function getDomainBlock(ctx: Ctx, id: string): Promise<DomainRule> {
  const found = isId(id) ? await ctx.db.domainRules.findOne({ _id: id }) : null;
  if (!found) throw notFound();
  return found;
}

/** A rule that says as much already stands in the way of a new one. */
export class DomainBlockExists extends AppError {
  constructor(readonly existing: DomainRule) {
    super(422, 'Validation failed: Domain has already been taken');
  }
}

const strength = { noop: 0, silence: 1, suspend: 2 } as const;

/** @throws DomainBlockExists (422), AppError 422 when it is no domain or ours */
export async function addDomainBlock(
  ctx: Ctx,
  by: string,
  { domain: text, rule }: { domain: string; rule: DomainRuleInput },
): Promise<DomainRule> {
  const domain = parseDomain(text);
  const existing = ruleFor(await domainRules(ctx), domain);
  if (existing && (existing.domain === domain || strength[existing.severity] > strength[rule.severity]))
    throw new DomainBlockExists(existing);
  const act = { actor: by, action: 'domain.block', target: domain, details: { ...rule } };
  return asStaff(ctx, act, () => setDomainRule(ctx, domain, rule));
}

/** What is left out stays. @throws AppError 404 */
export async function changeDomainBlock(
  ctx: Ctx,
  by: string,
  { id, changes }: { id: string; changes: Partial<DomainRuleInput> },
): Promise<DomainRule> {
  const old = await getDomainBlock(ctx, id);
  const act = { actor: by, action: 'domain.block', target: old.domain, details: { ...changes } };
  return asStaff(ctx, act, () => setDomainRule(ctx, old.domain, { ...old, ...changes }));
}

/** @throws AppError 404 */
export async function removeDomainBlock(ctx: Ctx, by: string, id: string): Promise<void> {
  const rule = await getDomainBlock(ctx, id);
  const act = { actor: by, action: 'domain.unblock', target: rule.domain };
  await asStaff(ctx, act, () => removeDomainRule(ctx, rule.domain));
}
