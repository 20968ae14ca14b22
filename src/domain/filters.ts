import { invalid, notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Filter, FilterAction, FilterContext, FilterKeyword, FilterStatus } from '../model/filters.js';
import { isId } from '../model/ids.js';
import { isActive } from '../policy/filters.js';
import { now, type Ctx } from './ctx.js';
import { getVisibleStatus } from './visible.js';

export const filterLimits = { filters: 200, keywords: 200, statuses: 500, title: 256, keyword: 512 } as const;

export interface FilterInput {
  title?: string | undefined;
  contexts?: readonly FilterContext[] | undefined;
  action?: FilterAction | undefined;
  /** Null: for ever. */
  expiresInSeconds?: number | null | undefined;
  keywords?: readonly KeywordInput[] | undefined;
}

export interface KeywordInput {
  id?: string | undefined;
  keyword?: string | undefined;
  wholeWord?: boolean | undefined;
  destroy?: boolean | undefined;
}

/** All of somebody's filters, oldest first. */
export function filtersOf(ctx: Ctx, accountId: string): Promise<Filter[]> {
  return ctx.db.filters.find({ accountId }).sort({ _id: 1 }).limit(filterLimits.filters).toArray();
}

/** Those that hold now. */
export async function activeFiltersOf(ctx: Ctx, accountId: string): Promise<Filter[]> {
  const at = now(ctx);
  return (await filtersOf(ctx, accountId)).filter((f) => isActive(f, at));
}

/** @throws AppError 404 */
export async function getFilter(ctx: Ctx, accountId: string, id: string): Promise<Filter> {
  const found = isId(id) ? await ctx.db.filters.findOne({ _id: id, accountId }) : null;
  if (!found) throw notFound();
  return found;
}

/** The filter that holds this keyword or status. @throws AppError 404 */
export async function getFilterWith(
  ctx: Ctx,
  accountId: string,
  part: { keywordId: string } | { statusEntryId: string },
): Promise<Filter> {
  const found = (await filtersOf(ctx, accountId)).find((f) =>
    'keywordId' in part
      ? f.keywords.some((k) => k.id === part.keywordId)
      : f.statuses.some((s) => s.id === part.statusEntryId),
  );
  if (!found) throw notFound();
  return found;
}

/** @throws AppError 422 */
export async function createFilter(ctx: Ctx, who: Account, input: FilterInput): Promise<Filter> {
  const filter = applied(
    ctx,
    {
      _id: ctx.ids.next(),
      accountId: who._id,
      title: '',
      contexts: [],
      action: 'warn',
      expiresAt: null,
      keywords: [],
      statuses: [],
    },
    input,
  );
  if ((await ctx.db.filters.countDocuments({ accountId: who._id })) >= filterLimits.filters)
    throw invalid('You have already reached the maximum number of filters');
  await ctx.db.filters.insertOne(filter);
  tellClients(ctx, who._id);
  return filter;
}

/** @throws AppError 422 */
export async function updateFilter(ctx: Ctx, filter: Filter, input: FilterInput): Promise<Filter> {
  const { _id, accountId, ...rest } = applied(ctx, filter, input);
  await ctx.db.filters.updateOne({ _id }, { $set: rest });
  tellClients(ctx, accountId);
  return { _id, accountId, ...rest };
}

export async function deleteFilter(ctx: Ctx, filter: Filter): Promise<void> {
  await ctx.db.filters.deleteOne({ _id: filter._id });
  tellClients(ctx, filter.accountId);
}

function applied(ctx: Ctx, filter: Filter, input: FilterInput): Filter {
  const seconds = input.expiresInSeconds;
  const expiresAt =
    seconds === undefined
      ? filter.expiresAt
      : seconds === null
        ? null
        : new Date(ctx.clock.now().getTime() + seconds * 1000).toISOString();
  const next: Filter = {
    ...filter,
    title: input.title?.trim() ?? filter.title,
    contexts: input.contexts ? [...new Set(input.contexts)] : filter.contexts,
    action: input.action ?? filter.action,
    expiresAt,
    keywords: input.keywords ? withKeywords(ctx, filter.keywords, input.keywords) : filter.keywords,
  };
  if (next.title === '') throw invalid("Title can't be blank");
  if ([...next.title].length > filterLimits.title) throw invalid('Title is too long');
  if (!next.contexts.length) throw invalid('Context None or invalid context supplied');
  return next;
}

/** New ones are added, named ones changed or removed, the others stay. */
function withKeywords(
  ctx: Ctx,
  known: readonly FilterKeyword[],
  changes: readonly KeywordInput[],
): FilterKeyword[] {
  const byId = new Map(known.map((k) => [k.id, k]));
  for (const change of changes) {
    if (change.id !== undefined && !byId.has(change.id)) throw notFound();
    const id = change.id ?? ctx.ids.next();
    const old = byId.get(id);
    if (change.destroy) byId.delete(id);
    else
      byId.set(
        id,
        checkedKeyword({
          id,
          keyword: change.keyword ?? old?.keyword ?? '',
          wholeWord: change.wholeWord ?? old?.wholeWord ?? false,
        }),
      );
  }
  if (byId.size > filterLimits.keywords) throw invalid('Keywords are too many');
  return [...byId.values()];
}

function checkedKeyword(keyword: FilterKeyword): FilterKeyword {
  const text = keyword.keyword.trim();
  if (text === '') throw invalid("Keyword can't be blank");
  if ([...text].length > filterLimits.keyword)
    throw invalid(`Keyword is too long (maximum is ${filterLimits.keyword} characters)`);
  return { ...keyword, keyword: text };
}

/** Adds a status that the viewer can see; again changes nothing. @throws AppError 404, 422 */
export async function addFilterStatus(ctx: Ctx, filter: Filter, statusId: string): Promise<FilterStatus> {
  const status = await getVisibleStatus(ctx, filter.accountId, statusId);
  const known = filter.statuses.find((s) => s.statusId === status._id);
  if (known) return known;
  if (filter.statuses.length >= filterLimits.statuses) throw invalid('Statuses are too many');
  const entry = { id: ctx.ids.next(), statusId: status._id };
  await ctx.db.filters.updateOne({ _id: filter._id }, { $set: { statuses: [...filter.statuses, entry] } });
  tellClients(ctx, filter.accountId);
  return entry;
}

export async function removeFilterStatus(ctx: Ctx, filter: Filter, entryId: string): Promise<void> {
  const statuses = filter.statuses.filter((s) => s.id !== entryId);
  await ctx.db.filters.updateOne({ _id: filter._id }, { $set: { statuses } });
  tellClients(ctx, filter.accountId);
}

/** Open clients load the filters again. */
function tellClients(ctx: Ctx, accountId: string): void {
  ctx.hub.publish({ channels: [`user:${accountId}`], event: 'filters_changed', payload: {} });
}
