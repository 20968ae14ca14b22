import { invalid, notFound } from '../errors.js';
import type { InstanceDocument, InstanceText } from '../model/work.js';
import { findLocalAccount } from './accounts.js';
import { now, type Ctx } from './ctx.js';
import { getInstance } from './instance.js';

/** What staff may say of the instance; what is left out stays. */
export interface InstanceProfile {
  title?: string | undefined;
  /** One or two sentences, plain text. */
  shortDescription?: string | undefined;
  description?: string | undefined;
  contactEmail?: string | undefined;
  /** A local username; empty: the first owner. */
  contactAccount?: string | undefined;
  /** Plain text; empty: there is none. */
  privacyPolicy?: string | undefined;
  terms?: string | undefined;
  /** All rules, in order; they replace those that were there. */
  rules?: readonly string[] | undefined;
}

const longest = {
  title: 100,
  shortDescription: 500,
  description: 50_000,
  privacyPolicy: 200_000,
  terms: 200_000,
  rule: 2000,
} as const;
const mostRules = 50;

/** Changes how the instance presents itself. Rules that stay word for word keep their ids. @throws AppError 404, 422 */
export async function updateInstance(ctx: Ctx, profile: InstanceProfile): Promise<InstanceDocument> {
  const instance = await getInstance(ctx);
  const { contactAccount, rules, privacyPolicy, terms, ...texts } = profile;
  for (const key of ['title', 'shortDescription', 'description', 'privacyPolicy', 'terms'] as const) {
    if ((profile[key]?.length ?? 0) > longest[key])
      throw invalid(`${key} is too long (${longest[key]} characters at most)`);
  }
  if (texts.contactEmail && !/^[^\s@]+@[^\s@]+$/.test(texts.contactEmail))
    throw invalid('The contact address is no e-mail address');
  const told = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined));
  const set = {
    ...told,
    ...(contactAccount !== undefined && { contactAccountId: await contactId(ctx, contactAccount) }),
    ...(rules !== undefined && { rules: numbered(instance.rules, rules) }),
  };
  const written = { privacyPolicy, terms };
  const updated = await ctx.db.instance.findOneAndUpdate(
    { _id: instance._id },
    {
      $set: { ...set, ...documentsOf(written, now(ctx)), updatedAt: now(ctx) },
      $unset: Object.fromEntries(
        Object.entries(written).flatMap(([key, text]) => (text === '' ? [[key, true]] : [])),
      ),
    },
    { returnDocument: 'after' },
  );
  return updated ?? instance;
}

/** The texts that there are, with the time of their change. */
function documentsOf(
  written: Record<string, string | undefined>,
  updatedAt: string,
): Record<string, InstanceText> {
  return Object.fromEntries(
    Object.entries(written).flatMap(([key, text]) => (text ? [[key, { text, updatedAt }]] : [])),
  );
}

async function contactId(ctx: Ctx, username: string): Promise<string | null> {
  if (username === '') return null;
  const account = await findLocalAccount(ctx, username);
  if (!account || account.deletedAt !== null) throw notFound(`There is no account ${username}`);
  return account._id;
}

/** Reports name rules by id, so an id is never given to another rule. */
function numbered(before: InstanceDocument['rules'], texts: readonly string[]): InstanceDocument['rules'] {
  const wanted = texts.map((t) => t.trim()).filter((t) => t !== '');
  if (wanted.length > mostRules) throw invalid(`There may be ${mostRules} rules at most`);
  if (wanted.some((t) => t.length > longest.rule))
    throw invalid(`A rule is too long (${longest.rule} characters at most)`);
  let next = Math.max(0, ...before.map((r) => Number(r.id))) + 1;
  return wanted.map((text) => before.find((r) => r.text === text) ?? { id: String(next++), text, hint: '' });
}
