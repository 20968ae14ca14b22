import { invalid, notFound } from '../errors.js';
import type { Account } from '../model/account.js';
import { isId } from '../model/ids.js';
import type { List, RepliesPolicy } from '../model/lists.js';
import type { Page } from '../model/page.js';
import type { Ctx } from './ctx.js';
import { accountsOfEdges, readPage, type EdgePage } from './edges.js';
import { backfillList } from './list-feed.js';

export const listLimits = { lists: 50, title: 256, members: 500 } as const;

export interface ListInput {
  title?: string | undefined;
  repliesPolicy?: RepliesPolicy | undefined;
  exclusive?: boolean | undefined;
}

export function listsOf(ctx: Ctx, accountId: string): Promise<List[]> {
  return ctx.db.lists.find({ accountId }).sort({ _id: 1 }).limit(listLimits.lists).toArray();
}

/** @throws AppError 404 for anybody else's */
export async function getList(ctx: Ctx, accountId: string, id: string): Promise<List> {
  const found = isId(id) ? await ctx.db.lists.findOne({ _id: id, accountId }) : null;
  if (!found) throw notFound();
  return found;
}

/** @throws AppError 422 */
export async function createList(ctx: Ctx, who: Account, input: ListInput): Promise<List> {
  const list = applied(
    { _id: ctx.ids.next(), accountId: who._id, title: '', repliesPolicy: 'list', exclusive: false },
    input,
  );
  if ((await ctx.db.lists.countDocuments({ accountId: who._id })) >= listLimits.lists)
    throw invalid(`You have reached the maximum number of lists`);
  await ctx.db.lists.insertOne(list);
  return list;
}

/** @throws AppError 422 */
export async function updateList(ctx: Ctx, list: List, input: ListInput): Promise<List> {
  const { _id, ...changed } = applied(list, input);
  await ctx.db.lists.updateOne({ _id }, { $set: changed });
  return { _id, ...changed };
}

function applied(list: List, input: ListInput): List {
  const title = input.title?.trim() ?? list.title;
  if (title === '') throw invalid("Title can't be blank");
  if ([...title].length > listLimits.title)
    throw invalid(`Title is too long (maximum is ${listLimits.title} characters)`);
  return {
    ...list,
    title,
    repliesPolicy: input.repliesPolicy ?? list.repliesPolicy,
    exclusive: input.exclusive ?? list.exclusive,
  };
}

export async function deleteList(ctx: Ctx, list: List): Promise<void> {
  await ctx.db.lists.deleteOne({ _id: list._id });
  await ctx.db.listMembers.deleteMany({ listId: list._id });
  await ctx.db.listEntries.deleteMany({ listId: list._id });
}

/** The members, and the ids that page them. */
export async function membersOf(ctx: Ctx, list: List, page: Page): Promise<EdgePage<Account>> {
  const edges = await readPage(ctx.db.listMembers, { listId: list._id }, page);
  return accountsOfEdges(ctx, null, { edges, end: (m) => m.targetId });
}

/** The lists of an owner that have this member. */
export async function listsWith(ctx: Ctx, accountId: string, targetId: string): Promise<List[]> {
  const members = await ctx.db.listMembers.find({ accountId, targetId }).toArray();
  const listIds = new Set(members.map((m) => m.listId));
  return (await listsOf(ctx, accountId)).filter((l) => listIds.has(l._id));
}

/**
 * Adds people whom the owner follows, or asked to follow, all or none.
 * @throws AppError 404 when it follows one of them not; 422 when one is a member already, as Mastodon has it
 */
export async function addMembers(ctx: Ctx, list: List, targetIds: readonly string[]): Promise<void> {
  const wanted = [...new Set(targetIds)];
  const { _id: listId, accountId } = list;
  const follows = await ctx.db.follows.find({ accountId, targetId: { $in: wanted } }).toArray();
  const allowed = new Set([accountId, ...follows.map((f) => f.targetId)]);
  if (wanted.some((id) => !allowed.has(id))) throw notFound();
  const known = await ctx.db.listMembers.find({ listId }).limit(listLimits.members).toArray();
  if (known.some((m) => wanted.includes(m.targetId))) throw invalid('Account has already been taken');
  if (known.length + wanted.length > listLimits.members) throw invalid('List has too many members');
  if (!wanted.length) return;
  await ctx.db.listMembers.insertMany(
    wanted.map((targetId) => ({ _id: ctx.ids.next(), listId, accountId, targetId })),
  );
  for (const targetId of wanted) await backfillList(ctx, list, targetId);
}

/** Takes members, and what they posted, out of a list. */
export async function removeMembers(ctx: Ctx, list: List, targetIds: readonly string[]): Promise<void> {
  if (!targetIds.length) return;
  const listId = list._id;
  await ctx.db.listMembers.deleteMany({ listId, targetId: { $in: [...targetIds] } });
  await ctx.db.listEntries.deleteMany({ listId, fromId: { $in: [...targetIds] } });
}

/** Somebody is no longer followed: it leaves all lists of the owner. */
export async function leaveLists(ctx: Ctx, accountId: string, targetId: string): Promise<void> {
  await ctx.db.listMembers.deleteMany({ accountId, targetId });
  await ctx.db.listEntries.deleteMany({ accountId, fromId: targetId });
}
