import type { Page } from '../model/page.js';
import type { Status } from '../model/status.js';
import type { Filter } from '../store/port.js';
import { isLimited } from '../policy/domains.js';
import type { Ctx } from './ctx.js';
import { accountsById } from './accounts.js';
import { domainRules } from './domains.js';
import { readPage } from './edges.js';
import { readUntil } from './read-until.js';
import { hiddenFrom } from './relationships.js';
import { visibleOf } from './visible.js';

export interface PublicOptions {
  /** `local`: of this server only; `remote`: of others only. */
  origin?: 'local' | 'remote' | undefined;
  onlyMedia?: boolean | undefined;
}

/** Public statuses that are no reblogs (and no replies, as Mastodon), newest first. */
export async function publicTimeline(
  ctx: Ctx,
  viewerId: string | null,
  page: Page,
  options: PublicOptions = {},
): Promise<Status[]> {
  const filter: Filter = {
    visibility: 'public',
    ...(options.origin && { local: options.origin === 'local' }),
  };
  return screened(ctx, viewerId, {
    page,
    filter,
    keep: (s) => isOriginal(s) && (!options.onlyMedia || s.mediaIds.length > 0),
  });
}

export interface TagOptions extends PublicOptions {
  any?: readonly string[] | undefined;
  all?: readonly string[] | undefined;
  none?: readonly string[] | undefined;
}

/** Public statuses with a hashtag (normalised names). */
export async function tagTimeline(
  ctx: Ctx,
  viewerId: string | null,
  { tag, page, options }: { tag: string; page: Page; options: TagOptions },
): Promise<Status[]> {
  const tags = [tag, ...(options.any ?? [])];
  const filter: Filter = { tags: tags.length === 1 ? tag : { $in: tags }, visibility: 'public' };
  const keep = (s: Status): boolean =>
    (options.all ?? []).every((t) => s.tags.includes(t)) &&
    !(options.none ?? []).some((t) => s.tags.includes(t)) &&
    (!options.origin || s.local === (options.origin === 'local')) &&
    (!options.onlyMedia || s.mediaIds.length > 0);
  return screened(ctx, viewerId, { page, filter, keep });
}

/** Whether somebody posted a link that has a page behind it. */
export async function isKnownLink(ctx: Ctx, url: string): Promise<boolean> {
  const card = await ctx.db.previewCards.findOne({ url });
  return card !== null && card.page !== null;
}

/** Public statuses whose card shows this link. */
export async function linkTimeline(
  ctx: Ctx,
  viewerId: string | null,
  { url, page }: { url: string; page: Page },
): Promise<Status[]> {
  return screened(ctx, viewerId, { page, filter: { cardUrl: url }, keep: (s) => s.visibility === 'public' });
}

const isOriginal = (s: Status): boolean =>
  s.reblogOfId === null &&
  ((s.inReplyToId === null && s.inReplyToUri === null) || s.inReplyToAccountId === s.accountId);

interface Screening {
  page: Page;
  filter: Filter;
  keep: (status: Status) => boolean;
}

/** The newest that `keep` wants and the viewer may and wants to see. */
function screened(ctx: Ctx, viewerId: string | null, { page, filter, keep }: Screening): Promise<Status[]> {
  return readUntil(page, {
    read: (slice) => readPage(ctx.db.statuses, filter, slice),
    idOf: (s) => s._id,
    pass: (batch) => wanted(ctx, viewerId, batch.filter(keep)),
    first: firstStep(page),
  });
}

/** Some of what is read falls away as a rule. */
const firstStep = (page: Page): number => Math.max(page.limit * 2, 20);

/** Visible to the viewer, and from nobody the viewer hides or the instance limits. */
async function wanted(ctx: Ctx, viewerId: string | null, statuses: readonly Status[]): Promise<Status[]> {
  const visible = await visibleOf(ctx, viewerId, statuses);
  if (!visible.length) return [];
  const authors = await accountsById(
    ctx,
    visible.map((s) => s.accountId),
  );
  const hidden = viewerId ? await hiddenFrom(ctx, viewerId, [...authors.values()]) : new Set<string>();
  const rules = await domainRules(ctx);
  return visible.filter((s) => {
    const author = authors.get(s.accountId);
    return author !== undefined && !hidden.has(s.accountId) && !isLimited(rules, author);
  });
}

export interface AccountStatusesOptions {
  excludeReplies?: boolean | undefined;
  excludeReblogs?: boolean | undefined;
  onlyMedia?: boolean | undefined;
  tag?: string | undefined;
}

/** What an account posted, as far as the viewer may see it. */
export async function accountStatuses(
  ctx: Ctx,
  viewerId: string | null,
  { accountId, page, options }: { accountId: string; page: Page; options: AccountStatusesOptions },
): Promise<Status[]> {
  const keep = (s: Status): boolean =>
    (!options.excludeReplies || s.inReplyToAccountId === null || s.inReplyToAccountId === accountId) &&
    (!options.excludeReblogs || s.reblogOfId === null) &&
    (!options.onlyMedia || s.mediaIds.length > 0) &&
    (!options.tag || s.tags.includes(options.tag));
  return readUntil(page, {
    read: (slice) => readPage(ctx.db.statuses, { accountId }, slice),
    idOf: (s) => s._id,
    pass: (batch) => visibleOf(ctx, viewerId, batch.filter(keep)),
    first: firstStep(page),
  });
}
