import { canonicalDomain } from '../../federation/discovery/resource.js';
import { invalid, notFound } from '../errors.js';
import type { Account, ActorType, Role, User } from '../model/account.js';
import { isId } from '../model/ids.js';
import { isDuplicateKey } from '../store/port.js';
import { isShutOut } from '../policy/domains.js';
import { now, type Ctx } from './ctx.js';
import { domainRules } from './domains.js';
import { actorUri, instanceActorUri, instanceUsername, profileUrl } from './urls.js';

/** Usernames that would collide with routes or mislead people. */
const reserved = new Set([
  'actor',
  'admin',
  'administrator',
  'api',
  'abuse',
  'help',
  'hostmaster',
  'inbox',
  'instance',
  'media',
  'mod',
  'moderator',
  'oauth',
  'postmaster',
  'root',
  'security',
  'support',
  'system',
  'webmaster',
]);
const usernamePattern = /^[a-z0-9_]{1,30}$/i;

export interface NewAccount {
  username: string;
  email?: string | null;
  password?: string | null;
  role?: Role;
  locale?: string;
  locked?: boolean;
  discoverable?: boolean;
  confirmed?: boolean;
  approved?: boolean;
}

/**
 * Makes a local account with its keys and user.
 * @throws AppError 422 when the username is taken, reserved or malformed, or the e-mail is taken.
 */
export async function createAccount(ctx: Ctx, input: NewAccount): Promise<{ account: Account; user: User }> {
  const username = input.username;
  if (!usernamePattern.test(username)) {
    throw invalid(
      'Username must contain only letters, numbers and underscores',
      fieldError('username', 'ERR_INVALID'),
    );
  }
  const staff = input.role !== undefined && input.role !== 'user';
  if (reserved.has(username.toLowerCase()) && !staff)
    throw invalid('Username is reserved', fieldError('username', 'ERR_RESERVED'));
  const email = input.email?.trim().toLowerCase() || null;
  if (email && (await ctx.db.users.findOne({ email })))
    throw invalid('Email has already been taken', fieldError('email', 'ERR_TAKEN'));
  const account = newLocalAccount(ctx, username, 'Person');
  account.locked = input.locked ?? false;
  account.discoverable = input.discoverable ?? true;
  const user = await newUser(ctx, account._id, { ...input, email });
  await insertLocalAccount(ctx, account);
  await insertUser(ctx, user);
  await ctx.keys.create(account._id);
  return { account, user };
}

async function insertLocalAccount(ctx: Ctx, account: Account): Promise<void> {
  try {
    await ctx.db.accounts.insertOne(account);
  } catch (error) {
    if (isDuplicateKey(error))
      throw invalid('Username has already been taken', fieldError('username', 'ERR_TAKEN'));
    throw error;
  }
}

/** Of two who come with one e-mail address at the same moment, the second leaves nothing behind. */
async function insertUser(ctx: Ctx, user: User): Promise<void> {
  try {
    await ctx.db.users.insertOne(user);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    await ctx.db.accounts.deleteOne({ _id: user.accountId });
    throw invalid('Email has already been taken', fieldError('email', 'ERR_TAKEN'));
  }
}

function fieldError(field: string, error: string): { details: Record<string, unknown> } {
  return {
    details: {
      [field]: [{ error, description: error === 'ERR_TAKEN' ? 'has already been taken' : 'is not allowed' }],
    },
  };
}

async function newUser(ctx: Ctx, accountId: string, input: NewAccount): Promise<User> {
  const at = now(ctx);
  return {
    _id: ctx.ids.next(),
    accountId,
    email: input.email ?? null,
    passwordHash: input.password ? await ctx.passwords.hash(input.password) : null,
    role: input.role ?? 'user',
    locale: input.locale ?? 'en',
    confirmedAt: (input.confirmed ?? true) ? at : null,
    approvedAt: (input.approved ?? true) ? at : null,
    disabledAt: null,
    createdAt: at,
    lastSignInAt: null,
    preferences: {
      defaultVisibility: 'public',
      defaultSensitive: false,
      defaultLanguage: null,
      expandMedia: 'default',
      expandSpoilers: false,
    },
  };
}

function newLocalAccount(ctx: Ctx, username: string, actorType: ActorType): Account {
  const instance = actorType === 'Application';
  return {
    _id: ctx.ids.next(),
    username,
    acctKey: username.toLowerCase(),
    domain: null,
    actorType,
    uri: instance ? instanceActorUri(ctx.names) : actorUri(ctx.names, username),
    url: instance ? `${ctx.names.origin}/about` : profileUrl(ctx.names, username),
    displayName: '',
    note: '',
    fields: [],
    avatar: null,
    header: null,
    emojis: [],
    locked: instance,
    bot: instance,
    discoverable: !instance,
    indexable: false,
    hideCollections: false,
    createdAt: now(ctx),
    lastStatusAt: null,
    statusesCount: 0,
    followersCount: 0,
    followingCount: 0,
    alsoKnownAs: [],
    movedToId: null,
    suspendedAt: null,
    silencedAt: null,
    deletedAt: null,
    remote: null,
  };
}

/** The actor that stands for the instance and signs fetches; made on first start. */
export async function ensureInstanceActor(ctx: Ctx): Promise<Account> {
  const uri = instanceActorUri(ctx.names);
  const found = await ctx.db.accounts.findOne({ uri });
  if (found) return found;
  // The key keeps the port: so it is nobody else's, whatever people are called and however often the port changes.
  const acctKey = ctx.names.handleDomain.toLowerCase();
  const account = { ...newLocalAccount(ctx, instanceUsername(ctx.names), 'Application'), acctKey };
  await insertLocalAccount(ctx, account).catch(() => undefined);
  const stored = await ctx.db.accounts.findOne({ uri });
  if (!stored) throw new Error('The instance actor could not be created');
  await ctx.keys.create(stored._id);
  return stored;
}

/** @throws AppError 404 */
export async function getAccount(ctx: Ctx, id: string): Promise<Account> {
  const account = isId(id) ? await ctx.db.accounts.findOne({ _id: id }) : null;
  if (!account || (account.deletedAt && account.domain !== null)) throw notFound();
  return account;
}

export function findLocalAccount(ctx: Ctx, username: string): Promise<Account | null> {
  return ctx.db.accounts.findOne({ acctKey: username.toLowerCase() });
}

/** `alice`, `alice@own.example` and `bob@remote.example`, in any case, with or without a leading @. */
export function findAccountByAcct(ctx: Ctx, acct: string): Promise<Account | null> {
  const key = acctKeyOf(ctx, acct);
  return key === null ? Promise.resolve(null) : ctx.db.accounts.findOne({ acctKey: key });
}

/** The stored key of a handle as somebody typed it; null when it is no handle. */
export function acctKeyOf(ctx: Ctx, acct: string): string | null {
  const [username, domain, ...rest] = acct
    .trim()
    .replace(/^@/, '')
    .replace(/^acct:/i, '')
    .toLowerCase()
    .split('@');
  if (!username || rest.length) return null;
  if (domain === undefined) return username;
  const host = canonicalDomain(domain);
  if (host === null) return null;
  return ctx.names.isOwn(host) ? username : `${username}@${host}`;
}

export function acctOf(account: Pick<Account, 'username' | 'domain'>): string {
  return account.domain === null ? account.username : `${account.username}@${account.domain}`;
}

/** Accounts by id, in no order; unknown ids are left out. Those whose server is shut out count as suspended. */
export async function accountsById(ctx: Ctx, ids: Iterable<string>): Promise<Map<string, Account>> {
  const wanted = [...new Set(ids)];
  if (!wanted.length) return new Map();
  const found = await ctx.db.accounts.find({ _id: { $in: wanted } }).toArray();
  return new Map((await asSuspended(ctx, found)).map((a) => [a._id, a]));
}

/** The accounts, in their order; those whose server is shut out as if they were suspended themselves. For reading only. */
export async function asSuspended(ctx: Ctx, accounts: readonly Account[]): Promise<Account[]> {
  const policy = await domainRules(ctx);
  return accounts.map((account) =>
    account.suspendedAt === null && isShutOut(policy, account)
      ? { ...account, suspendedAt: account.createdAt }
      : account,
  );
}
