import { invalid } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Media, Status, StatusEdit } from '../model/status.js';
import { refuseUnusableTags } from './admin-tags.js';
import { composeText } from './compose.js';
import { now, type Ctx } from './ctx.js';
import { withEvent } from './events.js';
import { claimableMedia, claimMedia } from './media.js';
import { newPoll, type PollInput } from './polls.js';
import { getOwnStatus } from './status-store.js';

export interface EditInput {
  text: string;
  spoilerText?: string | undefined;
  sensitive?: boolean | undefined;
  language?: string | null | undefined;
  mediaIds?: readonly string[] | undefined;
  /** New descriptions and focal points of attachments. */
  mediaAttributes?:
    | readonly { id: string; description?: string | undefined; focus?: [number, number] | undefined }[]
    | undefined;
  poll?: PollInput | null | undefined;
}

/** Edits one's own status. Nothing happens when nothing differs. @throws AppError 404, 422 */
export async function editStatus(
  ctx: Ctx,
  author: Account,
  statusId: string,
  input: EditInput,
): Promise<Status> {
  const old = await getOwnStatus(ctx, author._id, statusId);
  const media = await claimableMedia(ctx, author._id, input.mediaIds ?? old.mediaIds, old._id);
  const spoilerText = input.spoilerText?.trim() ?? '';
  if (!input.text.trim() && !media.length && !(input.poll ?? old.poll)) throw invalid("Text can't be blank");
  const composed = await composeText(ctx, author, { text: input.text, spoilerText });
  await refuseUnusableTags(
    ctx,
    composed.tags.filter((t) => !old.tags.includes(t)),
  );
  const changed: Partial<Status> = {
    content: composed.html,
    text: input.text,
    spoilerText,
    sensitive: input.sensitive ?? (old.sensitive || spoilerText !== ''),
    language: input.language ?? old.language,
    mediaIds: media.map((m) => m._id),
    mentions: composed.mentions,
    tags: composed.tags,
    emojis: composed.emojis,
    poll: editedPoll(ctx, old, input.poll),
  };
  // Descriptions live with the media: the history must have the old ones before they change.
  if (input.mediaAttributes?.length) await keepFirstLook(ctx, old);
  const mediaChanged = await applyMediaAttributes(ctx, media, input.mediaAttributes ?? []);
  const differs = (Object.keys(changed) as (keyof Status)[]).some(
    (k) => JSON.stringify(changed[k]) !== JSON.stringify(old[k]),
  );
  if (!differs && !mediaChanged) return old;
  return storeEdit(ctx, old, { ...changed, editedAt: now(ctx) });
}

function editedPoll(ctx: Ctx, old: Status, input: PollInput | null | undefined): Status['poll'] {
  if (input === undefined) return old.poll;
  if (input === null) return null;
  const poll = newPoll(ctx, old._id, input);
  const same =
    JSON.stringify(poll.options.map((o) => o.title)) ===
    JSON.stringify(old.poll?.options.map((o) => o.title));
  return same && old.poll?.multiple === poll.multiple ? old.poll : poll;
}

async function applyMediaAttributes(
  ctx: Ctx,
  media: readonly Media[],
  attributes: NonNullable<EditInput['mediaAttributes']>,
): Promise<boolean> {
  let changed = false;
  for (const attribute of attributes) {
    const target = media.find((m) => m._id === attribute.id);
    if (!target) continue;
    const description = attribute.description ?? target.description;
    const [x, y] = attribute.focus ?? [];
    const meta = x === undefined ? target.meta : { ...target.meta, focus: { x, y } };
    if (description === target.description && JSON.stringify(meta) === JSON.stringify(target.meta)) continue;
    await ctx.db.media.updateOne({ _id: target._id }, { $set: { description, meta } });
    changed = true;
  }
  return changed;
}

/**
 * Writes a new look of a status (edited here, or an Update from its origin) and keeps the old one in its history.
 * Votes are dropped when the options of a poll changed.
 */
export async function storeEdit(ctx: Ctx, old: Status, changed: Partial<Status>): Promise<Status> {
  const editId = ctx.ids.next();
  return withEvent(ctx, { type: 'status.edited', statusId: old._id, editId }, async () => {
    await keepFirstLook(ctx, old);
    const options = (s: { poll?: Status['poll'] }): string =>
      JSON.stringify(s.poll?.options.map((o) => o.title));
    if (changed.poll !== undefined && options(changed) !== options(old))
      await ctx.db.pollVotes.deleteMany({ statusId: old._id });
    const updated = await ctx.db.statuses.findOneAndUpdate(
      { _id: old._id },
      { $set: { ...changed } },
      { returnDocument: 'after' },
    );
    const status = updated ?? { ...old, ...changed };
    await claimMedia(ctx, status.mediaIds, status._id);
    await ctx.db.statusEdits.insertOne(
      await toEdit(ctx, status, { id: editId, at: status.editedAt ?? now(ctx) }),
    );
    return status;
  });
}

/** The history begins with how the status was published. */
async function keepFirstLook(ctx: Ctx, status: Status): Promise<void> {
  if (await ctx.db.statusEdits.findOne({ statusId: status._id })) return;
  const id = ctx.ids.next(new Date(status.createdAt));
  await ctx.db.statusEdits.insertOne(await toEdit(ctx, status, { id, at: status.createdAt }));
}

async function toEdit(ctx: Ctx, status: Status, { id, at }: { id: string; at: string }): Promise<StatusEdit> {
  const media = status.mediaIds.length
    ? await ctx.db.media.find({ _id: { $in: status.mediaIds } }).toArray()
    : [];
  const describe = (mediaId: string): string | null =>
    media.find((m) => m._id === mediaId)?.description ?? null;
  return {
    _id: id,
    statusId: status._id,
    accountId: status.accountId,
    content: status.content,
    text: status.text,
    spoilerText: status.spoilerText,
    sensitive: status.sensitive,
    mediaIds: status.mediaIds,
    mediaDescriptions: status.mediaIds.map(describe),
    pollOptions: status.poll?.options.map((o) => o.title) ?? null,
    emojis: status.emojis,
    createdAt: at,
  };
}

/** Oldest first; a status that was never edited has one entry, its present look. */
export async function editHistory(ctx: Ctx, status: Status): Promise<StatusEdit[]> {
  const edits = await ctx.db.statusEdits.find({ statusId: status._id }).sort({ _id: 1 }).limit(500).toArray();
  return edits.length ? edits : [await toEdit(ctx, status, { id: status._id, at: status.createdAt })];
}
