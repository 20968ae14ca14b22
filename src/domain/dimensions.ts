import { software } from '../config/software.js';
import { accountsById } from './accounts.js';
import type { Ctx } from './ctx.js';
import { accountIdsOf } from './measures-domain.js';
import { tagServers } from './measures-tag.js';
import { daysIn, idsIn, type Span } from './periods.js';

/** Something that is split by kind. */
export interface Dimension {
  key: string;
  parts: DimensionPart[];
}

export interface DimensionPart {
  key: string;
  name: string;
  value: string;
  unit?: 'bytes';
}

export interface DimensionQuery {
  key: string;
  /** The hashtag's id or the domain; empty where it is of the whole instance. */
  about: string;
  span: Span;
  limit: number;
}

/** How many documents are looked at, the newest. */
const mostRead = 10_000;
type Split = (ctx: Ctx, query: DimensionQuery) => Promise<DimensionPart[]>;

const ranked = (counts: ReadonlyMap<string, number>, name: (key: string) => string): DimensionPart[] =>
  [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([key, n]) => ({ key, name: name(key), value: String(n) }));

function tally(keys: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

const same = (key: string): string => key;
const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'code' });
const languageName = (code: string): string => {
  try {
    return languageNames.of(code) ?? code;
  } catch {
    return code;
  }
};

/** Languages of those who were here. */
const languages: Split = async (ctx, { span }) => {
  const seen = await ctx.db.activeDays
    .find({ day: daysIn(span) })
    .limit(mostRead)
    .toArray();
  const ids = [...new Set(seen.map((s) => s.userId))];
  const users = ids.length ? await ctx.db.users.find({ _id: { $in: ids } }).toArray() : [];
  return ranked(tally(users.map((u) => u.locale)), languageName);
};

/** The clients that people signed up with. */
const sources: Split = async (ctx, { span }) => {
  const users = await ctx.db.users
    .find({ _id: idsIn(span) })
    .sort({ _id: -1 })
    .limit(mostRead)
    .toArray();
  const counts = tally(users.map((u) => u.signUpAppId ?? 'web'));
  const apps = await ctx.db.apps.find({ _id: { $in: [...counts.keys()] } }).toArray();
  const names = new Map(apps.map((a) => [a._id, a.name]));
  return ranked(counts, (key) => names.get(key) ?? 'Website');
};

/** Where posts came from. */
const servers: Split = async (ctx, { span }) => {
  const posts = await ctx.db.statuses
    .find({ _id: idsIn(span) })
    .sort({ _id: -1 })
    .limit(mostRead)
    .toArray();
  const accounts = await accountsById(
    ctx,
    posts.map((p) => p.accountId),
  );
  const own = ctx.names.handleDomain;
  return ranked(tally(posts.map((p) => accounts.get(p.accountId)?.domain ?? own)), same);
};

const softwareVersions: Split = async () => [
  { key: software.name, name: software.title, value: software.version },
  { key: 'node', name: 'Node.js', value: process.versions.node },
];

/** Bytes of media files, by whose they are. */
const spaceUsage: Split = async (ctx) => {
  let bytes = 0;
  for (let after = '', read = 0; read < 20 * mostRead; read += 1000) {
    const files = await ctx.db.media
      .find({ _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(1000)
      .toArray();
    bytes += files.reduce((sum, m) => sum + (m.path === null ? 0 : (m.bytes ?? 0)), 0);
    const last = files.at(-1);
    if (!last || files.length < 1000) break;
    after = last._id;
  }
  return [{ key: 'media', name: 'Media storage', value: String(bytes), unit: 'bytes' }];
};

const serversOfTag: Split = async (ctx, { about, span }) =>
  ranked(await tagServers(ctx, span, about), (domain) => domain || ctx.names.handleDomain).map((part) => ({
    ...part,
    key: part.name,
  }));

const languagesOfTag: Split = async (ctx, { about, span }) => {
  const tag = await ctx.db.tags.findOne({ _id: about });
  const posts = await ctx.db.statuses
    .find({ tags: tag?.name ?? '', visibility: 'public', _id: idsIn(span) })
    .sort({ _id: -1 })
    .limit(mostRead)
    .toArray();
  return ranked(tally(posts.map((p) => p.language ?? 'und')), languageName);
};

/** The accounts of a server with the most followers here. */
const accountsOfDomain: Split = async (ctx, { about }) => {
  const counts = new Map<string, number>();
  for await (const ids of accountIdsOf(ctx, about)) {
    const follows = await ctx.db.follows
      .find({ targetId: { $in: ids }, state: 'accepted' })
      .limit(mostRead)
      .toArray();
    for (const { targetId } of follows) counts.set(targetId, (counts.get(targetId) ?? 0) + 1);
  }
  const accounts = await accountsById(ctx, counts.keys());
  return ranked(counts, (id) => accounts.get(id)?.username ?? id).map((part) => ({
    ...part,
    key: part.name,
  }));
};

const languagesOfDomain: Split = async (ctx, { about, span }) => {
  const found: string[] = [];
  for await (const ids of accountIdsOf(ctx, about)) {
    const posts = await ctx.db.statuses
      .find({ accountId: { $in: ids }, _id: idsIn(span) })
      .sort({ _id: -1 })
      .limit(mostRead)
      .toArray();
    for (const post of posts) found.push(post.language ?? 'und');
  }
  return ranked(tally(found), languageName);
};

const splits: Readonly<Record<string, Split>> = {
  languages,
  sources,
  servers,
  space_usage: spaceUsage,
  software_versions: softwareVersions,
  tag_servers: serversOfTag,
  tag_languages: languagesOfTag,
  instance_accounts: accountsOfDomain,
  instance_languages: languagesOfDomain,
};

/** Null when nothing is split under this name, or it was not said of what. */
export async function dimension(ctx: Ctx, query: DimensionQuery): Promise<Dimension | null> {
  const { key, about, limit } = query;
  const split = Object.hasOwn(splits, key) ? splits[key] : undefined;
  const isAbout = key.startsWith('tag_') || key.startsWith('instance_');
  if (!split || (isAbout && about === '')) return null;
  return { key, parts: (await split(ctx, query)).slice(0, limit) };
}
