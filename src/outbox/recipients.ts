import { sharedInboxOf } from '../../federation/addressing/inboxes.js';
import type { Ctx } from '../domain/ctx.js';
import { domainRules } from '../domain/domains.js';
import { hostOf } from '../domain/urls.js';
import type { Account } from '../model/account.js';
import { isSuspended, type DomainPolicy } from '../policy/domains.js';

/** Followers are read in pages of this size: going through one takes a millisecond or two. */
const pageSize = 250;

/**
 * The inboxes one activity goes to. Grows while recipients are added; each inbox is there once. Own hosts, suspended
 * domains and accounts that are gone are left out.
 */
export interface Recipients {
  readonly inboxes: ReadonlySet<string>;
  /** By the inbox of a server as a whole where it has one, else by the account's own. */
  add(accounts: Iterable<Account>): void;
  /** By the accounts' own inboxes: for what nobody else on their server is to learn of. */
  addPersonally(accounts: Iterable<Account>): void;
  addInboxes(inboxes: Iterable<string>): void;
  addById(ids: Iterable<string>): Promise<void>;
  /** The accepted remote followers of a local account. */
  addFollowers(accountId: string): Promise<void>;
  /** The remote accounts that a local account follows. */
  addFollowed(accountId: string): Promise<void>;
}

export async function createRecipients(ctx: Ctx): Promise<Recipients> {
  const rules = await domainRules(ctx);
  const inboxes = new Set<string>();
  const addInbox = (inbox: string): void => {
    if (isDeliverable(ctx, rules, inbox)) inboxes.add(inbox);
  };
  const add = (accounts: Iterable<Account>): void => {
    for (const account of accounts) if (isReachable(account)) addInbox(groupInboxOf(account));
  };
  const addEdges = async (key: 'accountId' | 'targetId', accountId: string): Promise<void> => {
    const other = key === 'accountId' ? 'targetId' : 'accountId';
    for (let after = ''; ;) {
      const filter = { [key]: accountId, state: 'accepted', _id: { $gt: after } };
      const page = await ctx.db.follows.find(filter).sort({ _id: 1 }).limit(pageSize).toArray();
      add(
        await remoteAccounts(
          ctx,
          page.map((f) => f[other]),
        ),
      );
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      after = last._id;
    }
  };
  return {
    inboxes,
    add,
    addPersonally(accounts) {
      for (const account of accounts) if (isReachable(account)) addInbox(account.remote?.inbox ?? '');
    },
    addInboxes(urls) {
      for (const url of urls) addInbox(url);
    },
    addById: async (ids) => add(await remoteAccounts(ctx, ids)),
    addFollowers: (accountId) => addEdges('targetId', accountId),
    addFollowed: (accountId) => addEdges('accountId', accountId),
  };
}

/** Of these accounts, those of other servers that can be written to. */
export async function remoteAccounts(ctx: Ctx, ids: Iterable<string>): Promise<Account[]> {
  const wanted = [...new Set(ids)];
  if (!wanted.length) return [];
  const found = await ctx.db.accounts.find({ _id: { $in: wanted } }).toArray();
  return found.filter(isReachable);
}

function isReachable(account: Account): boolean {
  return account.domain !== null && account.remote !== null && account.deletedAt === null;
}

/** The inbox of its server as a whole where it has one, else its own. */
function groupInboxOf({ remote }: Account): string {
  return remote === null ? '' : (sharedInboxOf(remote) ?? remote.inbox);
}

function isDeliverable(ctx: Ctx, policy: DomainPolicy, inbox: string): boolean {
  const host = hostOf(inbox);
  return host !== null && !ctx.names.isOwn(host) && !isSuspended(policy, host);
}

/**
 * One inbox of every server with accounts known here, found by hopping over the index from domain to domain: for the
 * news that an account is gone, which may concern servers that it has no ties with any more.
 */
export async function addEverybody(ctx: Ctx, recipients: Recipients): Promise<void> {
  for (let domain = ''; ;) {
    const first = await ctx.db.accounts.findOne({ domain: { $gt: domain } }, { sort: { domain: 1, _id: 1 } });
    if (first?.domain == null) return;
    domain = first.domain;
    const some = await ctx.db.accounts.find({ domain }).sort({ _id: 1 }).limit(20).toArray();
    const alive = some.filter((a) => isReachable(a));
    const shared = alive.find((a) => a.remote !== null && sharedInboxOf(a.remote) !== null) ?? alive[0];
    if (shared) recipients.add([shared]);
  }
}
