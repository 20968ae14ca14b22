import { notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { DomainAllow } from '../model/moderation.js';
import type { Page } from '../model/page.js';
import { asStaff } from './audit.js';
import { now, type Ctx } from './ctx.js';
import { parseDomain } from './domains.js';
import { readPage } from './edges.js';

export function listDomainAllows(ctx: Ctx, page: Page): Promise<DomainAllow[]> {
  return readPage(ctx.db.domainAllows, {}, page);
}

/** @throws AppError 404 */
export async function getDomainAllow(ctx: Ctx, id: string): Promise<DomainAllow> {
  const found = isId(id) ? await ctx.db.domainAllows.findOne({ _id: id }) : null;
  if (!found) throw notFound();
  return found;
}

/** Doing it again changes nothing, as in Mastodon. @throws AppError 422 when it is no domain */
export async function addDomainAllow(ctx: Ctx, by: string, text: string): Promise<DomainAllow> {
  const domain = parseDomain(text);
  const known = await ctx.db.domainAllows.findOne({ domain });
  if (known) return known;
  return asStaff(ctx, { actor: by, action: 'domain_allow.create', target: domain }, async () => {
    const stored = await ctx.db.domainAllows.findOneAndUpdate(
      { domain },
      { $setOnInsert: { _id: ctx.ids.next(), createdAt: now(ctx) } },
      { upsert: true, returnDocument: 'after' },
    );
    if (!stored) throw new Error('The domain was not stored');
    return stored;
  });
}

/** @throws AppError 404 */
export async function removeDomainAllow(ctx: Ctx, by: string, id: string): Promise<void> {
  const allow = await getDomainAllow(ctx, id);
  const act = { actor: by, action: 'domain_allow.delete', target: allow.domain };
  await asStaff(ctx, act, () => ctx.db.domainAllows.deleteOne({ _id: allow._id }));
}
