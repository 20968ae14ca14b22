import { createHash } from 'node:crypto';
import { invalid, notFound } from '../errors.js';
import { isId } from '../model/ids.js';
import type { EmailDomainBlock, EmailDomainBlockDay } from '../model/moderation.js';
import type { Page } from '../model/page.js';
import { emailDomains } from '../policy/emails.js';
import { isDuplicateKey } from '../store/port.js';
import { asStaff } from './audit.js';
import { now, type Ctx } from './ctx.js';
import { parseDomain } from './domains.js';
import { readPage } from './edges.js';

const dayMs = 86_400_000;
const historyDays = 7;
/** How many origins of a day are told apart. */
const mostOrigins = 500;

/** A blocked mail provider with how often it was tried lately. */
export interface EmailBlockFacts {
  block: EmailDomainBlock;
  /** Today first, seven days. */
  history: { day: Date; uses: number; accounts: number }[];
}

export function listEmailBlocks(ctx: Ctx, page: Page): Promise<EmailDomainBlock[]> {
  return readPage(ctx.db.emailDomainBlocks, {}, page);
}

/** @throws AppError 404 */
export async function getEmailBlock(ctx: Ctx, id: string): Promise<EmailDomainBlock> {
  const found = isId(id) ? await ctx.db.emailDomainBlocks.findOne({ _id: id }) : null;
  if (!found) throw notFound();
  return found;
}

/** Refuses a mail provider at sign-up. @throws AppError 422 when it is no domain, or blocked already */
export async function addEmailBlock(
  ctx: Ctx,
  by: string,
  input: { domain: string; allowWithApproval: boolean },
): Promise<EmailDomainBlock> {
  const domain = parseDomain(input.domain.trim().replace(/^.*@/, ''));
  const { allowWithApproval } = input;
  if (await ctx.db.emailDomainBlocks.findOne({ domain })) throw taken();
  const block = { _id: ctx.ids.next(), domain, allowWithApproval, createdAt: now(ctx) };
  const act = {
    actor: by,
    action: 'email_domain_block.create',
    target: domain,
    details: { allowWithApproval },
  };
  await asStaff(ctx, act, async () => {
    await ctx.db.emailDomainBlocks.insertOne(block).catch((error: unknown) => {
      throw isDuplicateKey(error) ? taken() : error;
    });
  });
  return block;
}

const taken = () => invalid('Domain has already been taken');

/** @throws AppError 404 */
export async function removeEmailBlock(ctx: Ctx, by: string, id: string): Promise<void> {
  const block = await getEmailBlock(ctx, id);
  await asStaff(ctx, { actor: by, action: 'email_domain_block.delete', target: block.domain }, async () => {
    await ctx.db.emailDomainBlocks.deleteOne({ _id: block._id });
    await ctx.db.emailDomainBlockDays.deleteMany({ blockId: block._id });
  });
}

/** The block of an address' domain or of one of its parents, the narrowest; null where there is none. */
export async function findEmailBlock(ctx: Ctx, email: string): Promise<EmailDomainBlock | null> {
  const domains = emailDomains(email);
  const found = domains.length
    ? await ctx.db.emailDomainBlocks.find({ domain: { $in: domains } }).toArray()
    : [];
  return found.sort((a, b) => b.domain.length - a.domain.length)[0] ?? null;
}

/**
 * The block of a server that takes the mails of an address, one without an exception first: the provider behind a domain of
 * its own, or of anybody's. Null where nothing is blocked, and where DNS does not tell: its trouble must not close the door.
 */
export async function findMailHostBlock(ctx: Ctx, email: string): Promise<EmailDomainBlock | null> {
  const domain = emailDomains(email)[0];
  if (!ctx.settings.mailHostBlocks || domain === undefined) return null;
  if ((await ctx.db.emailDomainBlocks.findOne({})) === null) return null;
  const hosts = await ctx.mailExchangers(domain).catch((error: unknown) => {
    ctx.log.warn({ err: error, domain }, 'the mail servers of a domain could not be looked up');
    return [];
  });
  const found = await Promise.all(hosts.map((host) => findEmailBlock(ctx, host)));
  const blocks = found.filter((block) => block !== null);
  return blocks.find((block) => !block.allowWithApproval) ?? blocks[0] ?? null;
}

/** Counts that a block met somebody. Origins are kept as hashes, for the days that are shown. */
export async function recordEmailBlockUse(
  ctx: Ctx,
  block: EmailDomainBlock,
  address: string | null,
): Promise<void> {
  const key = { blockId: block._id, day: now(ctx).slice(0, 10) };
  const origin = createHash('sha256')
    .update(`${block._id} ${address ?? ''}`)
    .digest('base64url')
    .slice(0, 16);
  const known = await ctx.db.emailDomainBlockDays.findOne(key);
  const room = (known?.origins.length ?? 0) < mostOrigins;
  await ctx.db.emailDomainBlockDays.updateOne(
    key,
    {
      $inc: { uses: 1 },
      $setOnInsert: { _id: ctx.ids.next() },
      ...(room && { $addToSet: { origins: origin } }),
    },
    { upsert: true },
  );
  const oldest = new Date(ctx.clock.now().getTime() - historyDays * dayMs).toISOString().slice(0, 10);
  await ctx.db.emailDomainBlockDays.deleteMany({ day: { $lt: oldest } });
}

/** One query, however many blocks. */
export async function loadEmailBlocks(
  ctx: Ctx,
  blocks: readonly EmailDomainBlock[],
): Promise<EmailBlockFacts[]> {
  const today = Math.floor(ctx.clock.now().getTime() / dayMs);
  const days = Array.from({ length: historyDays }, (_, i) => new Date((today - i) * dayMs));
  const blockId = { $in: blocks.map((b) => b._id) };
  const used = blocks.length ? await ctx.db.emailDomainBlockDays.find({ blockId }).toArray() : [];
  const byDay = new Map(used.map((u): [string, EmailDomainBlockDay] => [`${u.blockId} ${u.day}`, u]));
  return blocks.map((block) => ({
    block,
    history: days.map((day) => {
      const use = byDay.get(`${block._id} ${day.toISOString().slice(0, 10)}`);
      return { day, uses: use?.uses ?? 0, accounts: use?.origins.length ?? 0 };
    }),
  }));
}
