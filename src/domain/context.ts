import type { Status } from '../model/status.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { hiddenFrom } from './relationships.js';
import { visibleOf } from './visible.js';

/** Bounds as Mastodon has them: signed-in people see whole threads, the public a part. */
const bounds = {
  signedIn: { up: 4096, down: 4096, depth: 4096 },
  public: { up: 40, down: 60, depth: 20 },
} as const;

/** The thread around a status, as far as the viewer may see it: parents oldest first, then replies depth first. */
export async function statusContext(
  ctx: Ctx,
  viewerId: string | null,
  status: Status,
): Promise<{ ancestors: Status[]; descendants: Status[] }> {
  const limit = viewerId ? bounds.signedIn : bounds.public;
  const thread = await ctx.db.statuses
    .find({ conversationId: status.conversationId })
    .sort({ _id: 1 })
    .limit(limit.up + limit.down)
    .toArray();
  const replies = thread.filter((s) => s.reblogOfId === null);
  const ancestors = ancestorsOf(status, replies).slice(-limit.up);
  const descendants = descendantsOf(status, replies, limit.depth).slice(0, limit.down);
  const visible = await visibleOf(ctx, viewerId, [...ancestors, ...descendants]);
  const authors = await accountsById(
    ctx,
    visible.map((s) => s.accountId),
  );
  const hidden = viewerId ? await hiddenFrom(ctx, viewerId, [...authors.values()]) : new Set<string>();
  const seen = new Set(visible.filter((s) => !hidden.has(s.accountId)).map((s) => s._id));
  return {
    ancestors: ancestors.filter((s) => seen.has(s._id)),
    descendants: descendants.filter((s) => seen.has(s._id)),
  };
}

function ancestorsOf(status: Status, thread: readonly Status[]): Status[] {
  const byId = new Map(thread.map((s) => [s._id, s]));
  const found: Status[] = [];
  const met = new Set([status._id]);
  let parent = status.inReplyToId ? byId.get(status.inReplyToId) : undefined;
  while (parent && !met.has(parent._id)) {
    met.add(parent._id);
    found.unshift(parent);
    parent = parent.inReplyToId ? byId.get(parent.inReplyToId) : undefined;
  }
  return found;
}

function descendantsOf(status: Status, thread: readonly Status[], maxDepth: number): Status[] {
  const children = new Map<string, Status[]>();
  for (const s of thread) {
    if (s.inReplyToId) children.set(s.inReplyToId, [...(children.get(s.inReplyToId) ?? []), s]);
  }
  const found: Status[] = [];
  const met = new Set([status._id]);
  const stack = (children.get(status._id) ?? []).map((s) => ({ s, depth: 1 })).reverse();
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { s, depth } = next;
    if (met.has(s._id) || depth > maxDepth) continue;
    met.add(s._id);
    found.push(s);
    stack.push(...(children.get(s._id) ?? []).map((child) => ({ s: child, depth: depth + 1 })).reverse());
  }
  return found;
}
