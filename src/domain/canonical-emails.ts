import { invalid, notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { CanonicalEmailBlock } from '../model/moderation.js';
import type { Page } from '../model/page.js';
import { canonicalEmailHash } from '../policy/emails.js';
import { asStaff } from './audit.js';
import { now, type Ctx } from './ctx.js';
import { readPage } from './edges.js';

export function listCanonicalEmailBlocks(ctx: Ctx, page: Page): Promise<CanonicalEmailBlock[]> {
  return readPage(ctx.db.canonicalEmailBlocks, {}, page);
}

/** @throws AppError 404 */
export async function getCanonicalEmailBlock(ctx: Ctx, id: string): Promise<CanonicalEmailBlock> {
  const found = isId(id) ? await ctx.db.canonicalEmailBlocks.findOne({ _id: id }) : null;
  if (!found) throw notFound();
  return found;
}

/** The block of a mailbox, however its address is spelt; null where there is none. */
export function findCanonicalEmailBlock(ctx: Ctx, email: string): Promise<CanonicalEmailBlock | null> {
  return ctx.db.canonicalEmailBlocks.findOne({ hash: canonicalEmailHash(email) });
}

/**
 * Keeps a mailbox from signing up again; only its hash is kept.
 * @throws AppError 422 when blocked already, or the hash is none (SHA-256 in hexadecimal)
 */
export async function addCanonicalEmailBlock(
  ctx: Ctx,
  by: string,
  what: { email: string } | { hash: string },
): Promise<CanonicalEmailBlock> {
  const hash = 'hash' in what ? what.hash.toLowerCase() : canonicalEmailHash(what.email);
  if (!/^[0-9a-f]{64}$/.test(hash)) throw invalid('Canonical email hash is invalid');
  const block = { _id: ctx.ids.next(), hash, createdAt: now(ctx) };
  if (await ctx.db.canonicalEmailBlocks.findOne({ hash }))
    throw invalid('Canonical email hash has already been taken');
  const act = { actor: by, action: 'canonical_email_block.create', target: hash };
  await asStaff(ctx, act, () => ctx.db.canonicalEmailBlocks.insertOne(block));
  return block;
}

/** @throws AppError 404 */
export async function removeCanonicalEmailBlock(ctx: Ctx, by: string, id: string): Promise<void> {
  const block = await getCanonicalEmailBlock(ctx, id);
  const act = { actor: by, action: 'canonical_email_block.delete', target: block.hash };
  await asStaff(ctx, act, () => ctx.db.canonicalEmailBlocks.deleteOne({ _id: block._id }));
}
