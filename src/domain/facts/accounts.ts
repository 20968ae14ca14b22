import type { Account, Role } from '../../model/account.js';
import { mentionKey } from '../../text/scan.js';
import { profileMentions, renderBio, renderField } from '../../text/profile.js';
import type { ComposeFacts, ResolvedMention } from '../../text/compose.js';
import { isLimited, type DomainPolicy } from '../../policy/domains.js';
import { accountsById } from '../accounts.js';
import type { Ctx } from '../ctx.js';
import { domainRules } from '../domains.js';
import { tagUrl } from '../urls.js';

/** Everything that is shown of an account. */
export interface AccountFacts {
  account: Account;
  /** Safe HTML: rendered for local accounts, sanitised on arrival for remote ones. */
  note: string;
  fields: { name: string; value: string; verifiedAt: string | null }[];
  /** Of local accounts; null for remote ones. */
  role: Role | null;
  /** Only its followers are shown what it writes: limited by staff, itself or with its whole server. */
  limited: boolean;
  /** Where it moved to; itself without a further move. */
  moved: AccountFacts | null;
}

/** Facts by account id: four queries at most, however many accounts. */
export async function loadAccounts(
  ctx: Ctx,
  accounts: readonly Account[],
): Promise<Map<string, AccountFacts>> {
  const moved = await accountsById(
    ctx,
    accounts.flatMap((a) => a.movedToId ?? []),
  );
  const all = [...new Map([...accounts, ...moved.values()].map((a) => [a._id, a])).values()];
  const locals = all.filter((a) => a.domain === null);
  const [roles, mentioned, rules] = await Promise.all([
    loadRoles(ctx, locals),
    loadMentioned(ctx, locals),
    domainRules(ctx),
  ]);
  const compose: ComposeFacts = { mentions: mentioned, tagUrl: (key) => tagUrl(ctx.names, key) };
  const plain = new Map(all.map((a) => [a._id, toFacts(a, { compose, roles, rules })]));
  return new Map(
    accounts.flatMap((a) => {
      const facts = plain.get(a._id);
      return facts ? [[a._id, { ...facts, moved: plain.get(a.movedToId ?? '') ?? null }] as const] : [];
    }),
  );
}

/** As `loadAccounts`, from ids; unknown ids are left out. */
export async function loadAccountsById(ctx: Ctx, ids: Iterable<string>): Promise<Map<string, AccountFacts>> {
  return loadAccounts(ctx, [...(await accountsById(ctx, ids)).values()]);
}

/** The facts of one account. */
export async function loadAccount(ctx: Ctx, account: Account): Promise<AccountFacts> {
  const facts = (await loadAccounts(ctx, [account])).get(account._id);
  if (!facts) throw new Error('Facts of an account are missing');
  return facts;
}

interface Surroundings {
  compose: ComposeFacts;
  roles: ReadonlyMap<string, Role>;
  rules: DomainPolicy;
}

function toFacts(account: Account, { compose, roles, rules }: Surroundings): AccountFacts {
  const local = account.domain === null;
  return {
    account,
    note: local ? renderBio(account.note, compose) : account.note,
    fields: account.fields.map((f) => ({
      name: f.name,
      value: local ? renderField(f.value, compose) : f.value,
      verifiedAt: f.verifiedAt,
    })),
    role: local ? (roles.get(account._id) ?? 'user') : null,
    limited: isLimited(rules, account),
    moved: null,
  };
}

async function loadRoles(ctx: Ctx, locals: readonly Account[]): Promise<Map<string, Role>> {
  if (!locals.length) return new Map();
  const users = await ctx.db.users.find({ accountId: { $in: locals.map((a) => a._id) } }).toArray();
  return new Map(users.map((u) => [u.accountId, u.role]));
}

/** Accounts that local bios mention, as far as they are known here: nothing is fetched for showing a profile. */
async function loadMentioned(ctx: Ctx, locals: readonly Account[]): Promise<Map<string, ResolvedMention>> {
  const written = locals.filter((a) => a.note.includes('@') || a.fields.some((f) => f.value.includes('@')));
  const keys = written.flatMap((a) =>
    profileMentions(
      a.note,
      a.fields.map((f) => f.value),
    ).map(({ username, domain }) =>
      mentionKey({ username, domain: domain !== null && ctx.names.isOwn(domain) ? null : domain }),
    ),
  );
  if (!keys.length) return new Map();
  const found = await ctx.db.accounts.find({ acctKey: { $in: [...new Set(keys)] } }).toArray();
  const known = found.filter((a) => a.deletedAt === null && a.suspendedAt === null);
  const resolved = new Map<string, ResolvedMention>();
  for (const { username, domain, url } of known) {
    const mention = { username, domain, url };
    resolved.set(mentionKey(mention), mention);
    // A handle written with our own domain means the local account.
    if (domain === null) resolved.set(mentionKey({ username, domain: ctx.names.handleDomain }), mention);
  }
  return resolved;
}
