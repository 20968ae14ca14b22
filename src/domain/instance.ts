import type { Account } from '../model/account.js';
import { idAtTime } from '../model/ids.js';
import type { InstanceDocument } from '../model/work.js';
import { accountsById, ensureInstanceActor } from './accounts.js';
import { now, type Ctx } from './ctx.js';

/** There is one. */
const id = '1';

/** The document that describes this instance; made with plain words when it is asked for first. */
export async function getInstance(ctx: Ctx): Promise<InstanceDocument> {
  const found = await ctx.db.instance.findOne({ _id: id });
  if (found) return found;
  const actor = await ensureInstanceActor(ctx);
  const stored = await ctx.db.instance.findOneAndUpdate(
    { _id: id },
    {
      $setOnInsert: {
        generation: 1,
        title: ctx.names.handleDomain,
        shortDescription: '',
        description: '',
        contactEmail: '',
        contactAccountId: null,
        rules: [],
        actorId: actor._id,
        createdAt: now(ctx),
      },
    },
    { upsert: true, returnDocument: 'after' },
  );
  if (!stored) throw new Error('The instance document was not stored');
  return stored;
}

/** Whom people may turn to: the named account, else the first owner. */
export async function contactAccount(ctx: Ctx, instance: InstanceDocument): Promise<Account | null> {
  const contactId =
    instance.contactAccountId ?? (await ctx.db.users.findOne({ role: 'owner' }))?.accountId ?? null;
  const account = contactId === null ? null : (await accountsById(ctx, [contactId])).get(contactId);
  return account && account.deletedAt === null ? account : null;
}

export interface InstanceStats {
  users: number;
  /** Who used a client within these four weeks. */
  activeMonth: number;
  localStatuses: number;
  domains: number;
}

const dayMs = 86_400_000;

/** Figures of the instance. Reads a lot: keep the answer for a while (`cachedFor`). */
export async function loadInstanceStats(ctx: Ctx): Promise<InstanceStats> {
  const since = new Date(ctx.clock.now().getTime() - 28 * dayMs).toISOString();
  const [users, tokens, localStatuses, domains] = await Promise.all([
    ctx.db.users.countDocuments({}),
    ctx.db.accessTokens.find({ lastUsedAt: { $gte: since } }).toArray(),
    countLocalStatuses(ctx, {}),
    peerDomains(ctx),
  ]);
  const active = new Set(tokens.flatMap((t) => t.userId ?? []));
  return { users, activeMonth: active.size, localStatuses, domains: domains.length };
}

function countLocalStatuses(ctx: Ctx, range: { $gte?: string; $lt?: string }): Promise<number> {
  return ctx.db.statuses.countDocuments({
    visibility: { $in: ['public', 'unlisted', 'private', 'direct'] },
    local: true,
    ...(Object.keys(range).length && { _id: range }),
  });
}

const mostDomains = 20_000;

/** Every domain that an account is known of, in order. */
export async function peerDomains(ctx: Ctx): Promise<string[]> {
  const domains: string[] = [];
  for (let last = ''; domains.length < mostDomains;) {
    const next = await ctx.db.accounts.findOne({ domain: { $gt: last } }, { sort: { domain: 1 } });
    if (next?.domain == null) break;
    domains.push(next.domain);
    last = next.domain;
  }
  return domains;
}

export interface ActivityWeek {
  /** The Monday it begins with. */
  week: Date;
  statuses: number;
  /** Sign-ins of clients. */
  logins: number;
  registrations: number;
}

/** The last twelve weeks, this one first. */
export async function loadActivity(ctx: Ctx): Promise<ActivityWeek[]> {
  const today = Math.floor(ctx.clock.now().getTime() / dayMs);
  // The first day of the epoch was a Thursday.
  const monday = today - ((today + 3) % 7);
  const starts = Array.from({ length: 12 }, (_, i) => new Date((monday - 7 * i) * dayMs));
  return Promise.all(
    starts.map(async (week) => {
      const range = { $gte: idAtTime(week), $lt: idAtTime(new Date(week.getTime() + 7 * dayMs)) };
      const [statuses, logins, registrations] = await Promise.all([
        countLocalStatuses(ctx, range),
        ctx.db.accessTokens.countDocuments({ _id: range, userId: { $ne: null } }),
        ctx.db.users.countDocuments({ _id: range }),
      ]);
      return { week, statuses, logins, registrations };
    }),
  );
}

/** Remembers what `load` answered for a while; callers at the same time share one run. */
export function cachedFor<T>(ctx: Ctx, ms: number, load: () => Promise<T>): () => Promise<T> {
  let kept: { at: number; value: Promise<T> } | null = null;
  return () => {
    const at = ctx.clock.now().getTime();
    if (kept && at - kept.at < ms) return kept.value;
    const value = load();
    kept = { at, value };
    value.catch(() => {
      if (kept?.value === value) kept = null;
    });
    return value;
  };
}
