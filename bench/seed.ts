import { answerCalls } from './lib/child.js';
import { nowMs } from './lib/measure.js';
import { loadSettings } from '../src/config/load.js';
import { createContext, type Context } from '../src/context.js';
import { createAccount } from '../src/domain/accounts.js';
import { registerApp } from '../src/domain/apps.js';
import { issueToken } from '../src/domain/tokens.js';
import { getInstance } from '../src/domain/instance.js';
import { leased } from '../src/jobs/queue.js';
import type { Account } from '../src/model/account.js';
import type { WorkItem } from '../src/model/work.js';
import type { Collection, Document } from '../src/store/port.js';
import { silentLogger } from '../src/log.js';
import { localFollower, remoteAccount, remoteFollow, remoteStatus, type Told } from './lib/documents.js';
import { multiplyStatuses } from './lib/multiply.js';
import { loadPairs, pairOf } from './lib/keys.js';
import { actorUri, keyId } from './lib/world.js';

/**
 * Writes what a row needs straight into the store, and looks into it from outside while the server runs. A process of
 * its own: it is no part of what is measured.
 */

interface Open {
  env: Record<string, string>;
  keysFile: string;
  /** Port of the fake fediverse. */
  port: number;
}

let ctx: Context | null = null;
let told: Told | null = null;
let keysFile = '';

function opened(): { ctx: Context; told: Told } {
  if (!ctx || !told) throw new Error('call open first');
  return { ctx, told };
}

async function open(input: Open): Promise<void> {
  await close();
  const settings = loadSettings({ ...input.env });
  ctx = await createContext(settings, { mode: 'command', log: silentLogger });
  await getInstance(ctx);
  ({ keysFile } = input);
  told = { ids: ctx.ids, port: input.port, at: new Date() };
}

async function close(): Promise<void> {
  await ctx?.close();
  ctx = null;
}

async function insertAll<T extends Document>(
  collection: Collection<T>,
  documents: readonly T[],
): Promise<void> {
  for (let at = 0; at < documents.length; at += 1000)
    await collection.insertMany(documents.slice(at, at + 1000));
}

export interface Person {
  id: string;
  username: string;
  token: string;
  /** The public key with which its deliveries can be checked. */
  publicPem: string;
}

async function person(username: string): Promise<Person> {
  const { ctx: c } = opened();
  const { account, user } = await createAccount(c, { username });
  const scopes = ['read', 'write', 'follow', 'push'];
  const redirectUris = ['urn:ietf:wg:oauth:2.0:oob'];
  const { app } = await registerApp(c, { name: 'Bench', redirectUris, scopes });
  const { secret } = await issueToken(c, { app, user, scopes });
  const keys = await c.keys.publicKeys(account._id);
  return { id: account._id, username, token: secret, publicPem: keys?.rsa.publicPem ?? '' };
}

/** Remote actors `from` … `to - 1`, known with their keys. @returns their account ids */
async function actors({ from, to }: { from: number; to: number }): Promise<string[]> {
  const { ctx: c, told: t } = opened();
  const pairs = loadPairs(keysFile);
  const accounts: Account[] = [];
  for (let number = from; number < to; number++) accounts.push(remoteAccount(t, number));
  await insertAll(c.db.accounts, accounts);
  await insertAll(
    c.db.remoteKeys,
    accounts.map((account, i) => ({
      _id: t.ids.next(),
      keyId: keyId(from + i, t.port),
      owner: actorUri(from + i, t.port),
      publicPem: pairOf(pairs, from + i).publicPem,
      fetchedAt: account.remote?.fetchedAt ?? '',
    })),
  );
  return accounts.map((account) => account._id);
}

/** Each of `followers` follows each of `targets`. */
async function follows({ followers, targets }: { followers: string[]; targets: string[] }): Promise<void> {
  const { ctx: c, told: t } = opened();
  const edges = followers.flatMap((a) => targets.map((b) => remoteFollow(t, a, b)));
  await insertAll(c.db.follows, edges);
}

/** Local people who only read. @returns their account ids */
async function crowd(count: number): Promise<string[]> {
  const { ctx: c, told: t } = opened();
  const people = Array.from({ length: count }, (_, i) => localFollower(c, t, i));
  await insertAll(
    c.db.accounts,
    people.map((p) => p.account),
  );
  await insertAll(
    c.db.users,
    people.map((p) => p.user),
  );
  return people.map((p) => p.account._id);
}

interface History {
  authors: string[];
  count: number;
  /** Give up after so long. */
  budgetMs: number;
}

const homeLines = 800;

/** Old statuses by remote authors, oldest first. @returns how many there was time for */
async function history({ authors, count, budgetMs }: History): Promise<number> {
  const { ctx: c, told: t } = opened();
  const began = nowMs();
  const firstMs = Date.now() - 86_400_000 * 30;
  let made = 0;
  for (; made < count && nowMs() - began < budgetMs;) {
    const size = Math.min(1000, count - made);
    const batch = Array.from({ length: size }, (_, i) => {
      const at = new Date(firstMs + ((made + i) / count) * 86_400_000 * 30);
      return remoteStatus(t, { author: authors[(made + i) % authors.length] ?? '', number: made + i, at });
    });
    await c.db.statuses.insertMany(batch);
    made += size;
  }
  return made;
}

/** Makes many statuses of the few that there are. The store must be closed. @returns how many there are then */
const multiply = ({ file, copies }: { file: string; copies: number }): number =>
  multiplyStatuses({
    file,
    copies,
    say: (done) => process.stderr.write(`        ${done.toLocaleString('en')} statuses\n`),
  });

/** Puts the newest statuses into a home timeline. */
async function fillHome(reader: string): Promise<void> {
  const { ctx: c, told: t } = opened();
  const newest = await c.db.statuses
    .find({ visibility: 'public' })
    .sort({ _id: -1 })
    .limit(homeLines)
    .toArray();
  await insertAll(
    c.db.homeEntries,
    newest.map(({ _id, accountId }) => ({
      _id: t.ids.next(),
      accountId: reader,
      statusId: _id,
      fromId: accountId,
      shownId: null,
    })),
  );
}

/** What is in the store at this moment, seen by another process. */
export interface Seen {
  /** Received activities and jobs that are not done yet. */
  pending: number;
  deliveries: number;
  processed: number;
  homeLines: number;
}

async function look(reader: string | null): Promise<Seen> {
  const { ctx: c } = opened();
  const waiting = async <T extends WorkItem>(queue: Collection<T>): Promise<number> =>
    (await queue.countDocuments({ state: 'ready' })) + (await queue.countDocuments(leased));
  const [received, jobs, deliveries] = [
    await waiting(c.db.received),
    await waiting(c.db.jobs),
    await waiting(c.db.deliveries),
  ];
  const [processed, lines] = await Promise.all([
    c.db.received.countDocuments({ outcome: 'processed' }),
    reader === null ? 0 : c.db.homeEntries.countDocuments({ accountId: reader }),
  ]);
  return { pending: received + jobs, deliveries, processed, homeLines: lines };
}

/** How many homes a status is in. */
async function reached(uri: string): Promise<number> {
  const { ctx: c } = opened();
  const status = await c.db.statuses.findOne({ uri });
  return status ? c.db.homeEntries.countDocuments({ statusId: status._id }) : 0;
}

/** Of these notes, how many are not stored exactly once, or not exactly once in the home of `reader`. */
async function notOnce({ uris, reader }: { uris: string[]; reader: string }): Promise<number> {
  const { ctx: c } = opened();
  let wrong = 0;
  for (const uri of uris) {
    const stored = await c.db.statuses.find({ uri }).toArray();
    const lines = await c.db.homeEntries.countDocuments({
      accountId: reader,
      statusId: stored[0]?._id ?? '',
    });
    if (stored.length !== 1 || lines !== 1) wrong += 1;
  }
  return wrong;
}

/** How many statuses an account has. */
async function written(accountId: string): Promise<number> {
  return opened().ctx.db.statuses.countDocuments({ accountId });
}

async function accountOf(actor: number): Promise<string> {
  const { ctx: c, told: t } = opened();
  const account = await c.db.accounts.findOne({ uri: actorUri(actor, t.port) });
  if (!account) throw new Error('that actor is not known');
  return account._id;
}

answerCalls({
  open,
  close,
  person,
  actors,
  follows,
  crowd,
  history,
  multiply,
  fillHome,
  look,
  reached,
  notOnce,
  written,
  accountOf,
});
