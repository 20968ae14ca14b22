import { createHmac } from 'node:crypto';
import type { Context } from '../../context.js';
import { createAccount, findLocalAccount } from '../../domain/accounts.js';
import { outOfBand, registerApp } from '../../domain/apps.js';
import { hashSecret, isSameText } from '../../domain/secrets.js';
import { issueToken } from '../../domain/tokens.js';
import { AppError, notFound } from '../../errors.js';
import type { App } from '../../model/access.js';
import type { Account, User } from '../../model/account.js';
import { ensureCommandLineApp } from '../commands/token.js';
import { defaultScopes, knownScopes } from '../scopes.js';
import type { AccountEntry, AppEntry, ProvisionFile, TokenEntry } from './file.js';

/** The result: the same shape as the file, with what was missing. */
export interface Provisioned {
  accounts: Record<string, unknown>[];
  apps: Record<string, unknown>[];
  tokens: Record<string, unknown>[];
}

/** Accounts made at once: enough to keep the hashing threads busy. */
const width = 16;

/**
 * Makes what a provisioning file names and is not there yet. What is there stays as it is, so that running it again
 * changes nothing (and leaves no record). Values that the file leaves out follow from the instance key: each run prints the same ones.
 */
export async function provision(
  ctx: Context,
  file: ProvisionFile,
  { instanceKey, record }: { instanceKey: Uint8Array; record: () => Promise<void> },
): Promise<Provisioned> {
  let recorded: Promise<void> | null = null;
  const run: Run = {
    ctx,
    derive: (...parts) =>
      createHmac('sha256', instanceKey)
        .update(JSON.stringify(['provision', ...parts]))
        .digest('base64url'),
    beforeChange: () => (recorded ??= record()),
  };
  const accounts = await inParallel(file.accounts, (entry) =>
    within(entry.username, provisionAccount(run, entry)),
  );
  const apps: Provisioned['apps'] = [];
  for (const entry of file.apps) {
    const name = entry.client_id ?? entry.name ?? 'app';
    apps.push(await within(name, provisionApp(run, entry)));
  }
  const tokens = await inParallel(file.tokens, (entry) =>
    within(`token of ${entry.account ?? entry.client_id}`, provisionToken(run, entry)),
  );
  return { accounts, apps, tokens };
}

interface Run {
  ctx: Context;
  /** A secret that is the same in each run on this instance, and cannot be guessed without its key. */
  derive(...parts: string[]): string;
  /** Puts the run on record, once, before it makes anything. */
  beforeChange(): Promise<void>;
}

async function provisionAccount(run: Run, entry: AccountEntry): Promise<Record<string, unknown>> {
  const { ctx, derive } = run;
  const password = entry.password ?? derive('password', entry.username.toLowerCase()).slice(0, 22);
  const { account, user } =
    (await findPerson(ctx, entry.username)) ?? (await makePerson(run, entry, password));
  const holds = user.passwordHash !== null && (await ctx.passwords.verify(user.passwordHash, password));
  return {
    id: account._id,
    username: account.username,
    email: user.email,
    // Whoever has changed it since keeps it to themselves.
    ...(holds && { password }),
    role: user.role,
    locked: account.locked,
    discoverable: account.discoverable,
    locale: user.locale,
  };
}

async function findPerson(ctx: Context, username: string): Promise<{ account: Account; user: User } | null> {
  const account = await findLocalAccount(ctx, username);
  if (!account) return null;
  const user = await ctx.db.users.findOne({ accountId: account._id });
  if (!user)
    throw new AppError(
      409,
      account.deletedAt ? 'This account was deleted' : 'Nobody can sign in to this account',
    );
  return { account, user };
}

async function makePerson({ ctx, beforeChange }: Run, entry: AccountEntry, password: string) {
  await beforeChange();
  return createAccount(ctx, {
    username: entry.username,
    email: entry.email ?? null,
    password,
    role: entry.role ?? 'user',
    locked: entry.locked ?? false,
    discoverable: entry.discoverable ?? true,
    locale: entry.locale ?? 'en',
  });
}

async function provisionApp(run: Run, entry: AppEntry): Promise<Record<string, unknown>> {
  const { ctx, derive } = run;
  const name = entry.name ?? 'Provisioned';
  const clientId = entry.client_id ?? derive('client', name);
  const clientSecret = entry.client_secret ?? derive('client secret', clientId);
  const known = await ctx.db.apps.findOne({ clientId });
  const app = known ?? (await makeApp(run, { ...entry, name }, { clientId, clientSecret }));
  return {
    id: app._id,
    name: app.name,
    client_id: app.clientId,
    ...(isSameText(app.clientSecretHash, hashSecret(clientSecret)) && { client_secret: clientSecret }),
    redirect_uris: app.redirectUris,
    scopes: app.scopes.join(' '),
  };
}

async function makeApp(
  { ctx, beforeChange }: Run,
  entry: AppEntry & { name: string },
  secrets: { clientId: string; clientSecret: string },
): Promise<App> {
  await beforeChange();
  const redirectUris = entry.redirect_uris?.length ? entry.redirect_uris : [outOfBand];
  const scopes = knownScopes(entry.scopes ?? defaultScopes);
  return (await registerApp(ctx, { name: entry.name, redirectUris, scopes, ...secrets })).app;
}

async function provisionToken(run: Run, entry: TokenEntry): Promise<Record<string, unknown>> {
  const { ctx, derive } = run;
  const app = entry.client_id
    ? await ctx.db.apps.findOne({ clientId: entry.client_id })
    : await ensureCommandLineApp(ctx);
  if (!app) throw notFound(`There is no client ${entry.client_id}`);
  const person = entry.account ? await findPerson(ctx, entry.account.replace(/^@/, '')) : null;
  if (entry.account && !person) throw notFound(`There is no account ${entry.account}`);
  const scopes = entry.scopes ? knownScopes(entry.scopes) : app.scopes;
  const username = person?.account.username.toLowerCase() ?? '';
  const secret = entry.token ?? derive('token', username, app.clientId, scopes.join(' '));
  const known = await ctx.db.accessTokens.findOne({ tokenHash: hashSecret(secret) });
  if (known && known.accountId !== (person?.account._id ?? null))
    throw new AppError(409, 'This token belongs to another account');
  if (!known) await run.beforeChange();
  if (!known) await issueToken(ctx, { app, user: person?.user ?? null, scopes, secret });
  return {
    account: person?.account.username ?? null,
    client_id: app.clientId,
    token: secret,
    scopes: (known?.scopes ?? scopes).join(' '),
  };
}

/** Says which entry an error is about. */
async function within<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError)
      throw new AppError(error.status, `${name}: ${error.publicText}`, error.details);
    throw error;
  }
}

/** Results in the order of the items; a few are worked on at once. The first error ends it. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as T);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
