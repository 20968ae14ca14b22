import { invalid } from '../errors.js';
import {
  tabsOf,
  type Account,
  type Preferences,
  type ProfileField,
  type ProfileImage,
  type ProfileTabs,
  type User,
} from '../model/account.js';
import { now, type Ctx } from './ctx.js';
import { localEmojis, resolveMentions } from './compose.js';
import { withEvent } from './events.js';
import { pathsOf, removeUnusedFiles } from './files.js';
import { nameWordsOf } from './name-words.js';

/** As Mastodon tells its clients (Instance, configuration.accounts). */
export const profileLimits = {
  displayName: 30,
  note: 500,
  fields: 4,
  fieldName: 255,
  fieldValue: 255,
  imageDescription: 1500,
  attributionDomains: 100,
} as const;

/** Members that are absent stay as they are. */
export interface ProfileInput {
  displayName?: string | undefined;
  note?: string | undefined;
  /** Null takes the picture away. */
  avatar?: ProfileImage | null | undefined;
  header?: ProfileImage | null | undefined;
  avatarDescription?: string | undefined;
  headerDescription?: string | undefined;
  locked?: boolean | undefined;
  bot?: boolean | undefined;
  discoverable?: boolean | null | undefined;
  hideCollections?: boolean | undefined;
  indexable?: boolean | undefined;
  attributionDomains?: readonly string[] | undefined;
  tabs?: { [K in keyof ProfileTabs]?: boolean | undefined } | undefined;
  /** Replaces all; empty lines are dropped. */
  fields?: readonly { name: string; value: string }[] | undefined;
}

/** Changes one's own profile; followers' servers are told. @throws AppError 422 */
export async function updateProfile(ctx: Ctx, account: Account, input: ProfileInput): Promise<Account> {
  const changed = await toChanges(ctx, account, input);
  const differs = (Object.keys(changed) as (keyof Account)[]).some(
    (k) => JSON.stringify(changed[k]) !== JSON.stringify(account[k]),
  );
  if (!differs) return account;
  const event = { type: 'account.updated', accountId: account._id, at: now(ctx) } as const;
  const updated = await withEvent(ctx, event, () =>
    ctx.db.accounts.findOneAndUpdate(
      { _id: account._id },
      { $set: { ...changed } },
      { returnDocument: 'after' },
    ),
  );
  await removeReplaced(ctx, account, changed);
  return updated ?? { ...account, ...changed };
}

/** Pictures that nobody shows any more are gone from the disk, too. */
async function removeReplaced(
  ctx: Ctx,
  { avatar, header }: Account,
  changed: Partial<Account>,
): Promise<void> {
  const before = [...pathsOf(avatar), ...pathsOf(header)];
  const kept = new Set([...pathsOf(changed.avatar ?? null), ...pathsOf(changed.header ?? null)]);
  await removeUnusedFiles(
    ctx,
    before.filter((path) => !kept.has(path)),
  );
}

async function toChanges(ctx: Ctx, account: Account, input: ProfileInput): Promise<Partial<Account>> {
  const displayName = input.displayName?.trim() ?? account.displayName;
  const note = input.note ?? account.note;
  const fields = input.fields ? toFields(account, input.fields) : account.fields;
  assertLength(displayName, profileLimits.displayName, 'Display name');
  assertLength(note, profileLimits.note, 'Note');
  const written = [note, ...fields.map((f) => f.value)].join('\n');
  // People whom a bio mentions are looked up now, so that showing it never needs the network.
  if (input.note !== undefined || input.fields) await resolveMentions(ctx, account, written);
  return {
    displayName,
    nameWords: nameWordsOf(displayName),
    note,
    fields,
    emojis: await localEmojis(ctx, `${displayName}\n${written}\n${fields.map((f) => f.name).join('\n')}`),
    avatar: withDescription(input.avatar, account.avatar, input.avatarDescription),
    header: withDescription(input.header, account.header, input.headerDescription),
    locked: input.locked ?? account.locked,
    ...toKind(account, input.bot),
    discoverable: input.discoverable ?? account.discoverable,
    hideCollections: input.hideCollections ?? account.hideCollections,
    indexable: input.indexable ?? account.indexable,
    ...toTabs(account, input.tabs),
    ...(input.attributionDomains && { attributionDomains: toDomains(input.attributionDomains) }),
  };
}

function toTabs(account: Account, given: ProfileInput['tabs'] = {}): Partial<Account> {
  const { media, mediaReplies, featured } = given;
  const known = tabsOf(account);
  if (media === undefined && mediaReplies === undefined && featured === undefined) return {};
  return {
    tabs: {
      media: media ?? known.media,
      mediaReplies: mediaReplies ?? known.mediaReplies,
      featured: featured ?? known.featured,
    },
  };
}

/** A bot is a Service on the wire. */
function toKind(account: Account, bot: boolean | undefined): Partial<Account> {
  if (bot === undefined || bot === account.bot) return {};
  return { bot, actorType: bot ? 'Service' : 'Person' };
}

function withDescription(
  given: ProfileImage | null | undefined,
  old: ProfileImage | null,
  description: string | undefined,
): ProfileImage | null {
  const image = given === undefined ? old : given;
  if (image === null) return null;
  assertLength(description ?? '', profileLimits.imageDescription, 'Description');
  return { ...image, description: description ?? image.description };
}

/** What was verified stays so while the line is the same. */
function toFields(account: Account, given: readonly { name: string; value: string }[]): ProfileField[] {
  const lines = given.map((f) => ({ name: f.name.trim(), value: f.value.trim() }));
  const fields = lines.filter((f) => f.name !== '' || f.value !== '');
  if (fields.length > profileLimits.fields)
    throw invalid(`Fields can't be more than ${profileLimits.fields} items`);
  return fields.map((f) => {
    if (f.name === '') throw invalid('Fields must have a label when there is a value');
    assertLength(f.name, profileLimits.fieldName, 'Fields label');
    assertLength(f.value, profileLimits.fieldValue, 'Fields value');
    const same = account.fields.find((old) => old.name === f.name && old.value === f.value);
    return { ...f, verifiedAt: same?.verifiedAt ?? null };
  });
}

function toDomains(given: readonly string[]): string[] {
  const domains = [...new Set(given.map((d) => d.trim().toLowerCase()).filter((d) => d !== ''))];
  if (domains.length > profileLimits.attributionDomains) throw invalid('Attribution domains are too many');
  for (const domain of domains) {
    if (!/^(?:[\p{L}\p{N}-]{1,63}\.)+[\p{L}\p{N}-]{2,63}$/u.test(domain))
      throw invalid('Attribution domains is not a valid domain name');
  }
  return domains;
}

function assertLength(text: string, max: number, name: string): void {
  if ([...text].length > max) throw invalid(`${name} is too long (maximum is ${max} characters)`);
}

/** Changes one's own defaults; nobody is told. */
export async function updatePreferences(ctx: Ctx, user: User, changes: Partial<Preferences>): Promise<User> {
  const entries = Object.entries(changes).filter(([, value]) => value !== undefined);
  if (!entries.length) return user;
  const set = Object.fromEntries(entries.map(([key, value]) => [`preferences.${key}`, value]));
  const updated = await ctx.db.users.findOneAndUpdate(
    { _id: user._id },
    { $set: set },
    { returnDocument: 'after' },
  );
  return updated ?? user;
}
