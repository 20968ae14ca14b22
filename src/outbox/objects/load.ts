import type { Ctx } from '../../domain/ctx.js';
import { loadAccount } from '../../domain/facts/accounts.js';
import type { Account } from '../../model/account.js';
import type { Status } from '../../model/status.js';
import type { JsonObject } from '../../../federation/ports.js';
import { toAnnounce, toCreate } from './activities.js';
import { toActor } from './actor.js';
import { toNote, type NoteFacts } from './note.js';

/** How many of the author's own replies stand in the object itself. */
const ownRepliesShown = 5;

/**
 * What `toNote` needs of local statuses (no reblogs), by status id. Five queries, however many statuses; those whose
 * author is gone are left out.
 */
export async function loadNotes(ctx: Ctx, statuses: readonly Status[]): Promise<Map<string, NoteFacts>> {
  const people = statuses.flatMap((s) => [s.accountId, ...s.mentions.map((m) => m.accountId)]);
  const [accounts, media, related, replies] = await Promise.all([
    byIds(people, (ids) => ctx.db.accounts.find({ _id: { $in: ids } }).toArray()),
    byIds(
      statuses.flatMap((s) => s.mediaIds),
      (ids) => ctx.db.media.find({ _id: { $in: ids } }).toArray(),
    ),
    byIds(
      statuses.flatMap((s) => [s.inReplyToId, s.quote?.statusId ?? null].filter((id) => id !== null)),
      (ids) => ctx.db.statuses.find({ _id: { $in: ids } }).toArray(),
    ),
    ownReplies(ctx, statuses),
  ]);
  const at = ctx.clock.now();
  const facts = statuses.flatMap((status): [string, NoteFacts][] => {
    const author = accounts.get(status.accountId);
    if (!author || author.deletedAt !== null) return [];
    const quoted = related.get(status.quote?.statusId ?? '');
    const note: NoteFacts = {
      status,
      author,
      mentioned: status.mentions.flatMap((m) => accounts.get(m.accountId) ?? []),
      media: status.mediaIds.flatMap((id) => media.get(id) ?? []),
      parentUri: related.get(status.inReplyToId ?? '')?.uri ?? status.inReplyToUri,
      quotedUrl: quoted?.url ?? status.quote?.uri ?? null,
      ownReplies: replies.get(status._id) ?? [],
      at,
    };
    return [[status._id, note]];
  });
  return new Map(facts);
}

type Replies = Map<string, { id: string; uri: string }[]>;

/** Open replies of the authors to themselves. Of a long page of statuses only the first few threads are told. */
async function ownReplies(ctx: Ctx, statuses: readonly Status[]): Promise<Replies> {
  const answered = new Map(statuses.filter((s) => s.repliesCount > 0).map((s) => [s._id, s]));
  if (!answered.size) return new Map();
  const found = await ctx.db.statuses
    .find({
      inReplyToId: { $in: [...answered.keys()] },
      accountId: { $in: [...new Set([...answered.values()].map((s) => s.accountId))] },
      visibility: { $in: ['public', 'unlisted'] },
    })
    .sort({ _id: 1 })
    .limit(ownRepliesShown * answered.size)
    .toArray();
  const replies: Replies = new Map();
  for (const { _id, uri, accountId, inReplyToId } of found) {
    if (inReplyToId === null || answered.get(inReplyToId)?.accountId !== accountId) continue;
    const known = replies.get(inReplyToId) ?? [];
    if (known.length < ownRepliesShown) replies.set(inReplyToId, [...known, { id: _id, uri }]);
  }
  return replies;
}

async function byIds<T extends { _id: string }>(
  ids: readonly string[],
  find: (ids: string[]) => Promise<T[]>,
): Promise<Map<string, T>> {
  const wanted = [...new Set(ids)];
  return new Map((wanted.length ? await find(wanted) : []).map((d) => [d._id, d]));
}

/** The object of one local status; null when its author is gone. */
export async function loadNote(ctx: Ctx, status: Status): Promise<JsonObject | null> {
  const facts = (await loadNotes(ctx, [status])).get(status._id);
  return facts ? toNote(ctx.names, facts) : null;
}

/**
 * The Create or Announce of each of these local statuses, by status id; reblogs of what is gone are left out. Eight
 * queries, however many statuses.
 */
export async function loadActivities(
  ctx: Ctx,
  statuses: readonly Status[],
): Promise<Map<string, JsonObject>> {
  const shown = await byIds(
    statuses.flatMap((s) => s.reblogOfId ?? []),
    (ids) => ctx.db.statuses.find({ _id: { $in: ids } }).toArray(),
  );
  const reblogs = statuses.filter((s) => s.reblogOfId !== null);
  const [authors, notes] = await Promise.all([
    byIds(
      [...reblogs, ...shown.values()].map((s) => s.accountId),
      (ids) => ctx.db.accounts.find({ _id: { $in: ids } }).toArray(),
    ),
    loadNotes(
      ctx,
      statuses.filter((s) => s.reblogOfId === null),
    ),
  ]);
  const activities = new Map<string, JsonObject>();
  for (const [id, facts] of notes) activities.set(id, toCreate(facts.author, toNote(ctx.names, facts)));
  for (const wrapper of reblogs) {
    const [actor, inner] = [authors.get(wrapper.accountId), shown.get(wrapper.reblogOfId ?? '')];
    const author = authors.get(inner?.accountId ?? '');
    if (!actor || !inner || !author) continue;
    const parts = { wrapper, actor, shown: { uri: inner.uri, authorUri: author.uri } };
    activities.set(wrapper._id, toAnnounce(parts));
  }
  return activities;
}

/** The actor document of a local account; null when it is gone. */
export async function loadActor(ctx: Ctx, account: Account): Promise<JsonObject | null> {
  const keys = await ctx.keys.publicKeys(account._id);
  return keys ? toActor(ctx.names, await loadAccount(ctx, account), keys) : null;
}
