import { invalid } from '../errors.js';
import type { Account, CustomEmojiRef } from '../model/account.js';
import type { StatusMention } from '../model/status.js';
import { compose, type ResolvedMention } from '../text/compose.js';
import { countCharacters } from '../text/count.js';
import { scanShortcodes } from '../text/emoji.js';
import { mentionKey, scan } from '../text/scan.js';
import { acctOf, findAccountByAcct } from './accounts.js';
import type { Ctx } from './ctx.js';
import { isBlockedEitherWay, isSuspendedHere } from './relationships.js';
import { resolveHandle } from './remote/actors.js';
import { mediaUrl, tagUrl } from './urls.js';

export interface ComposedText {
  html: string;
  mentions: StatusMention[];
  tags: string[];
  emojis: CustomEmojiRef[];
}

/** More handles than this in one status are left as text. */
const maxMentions = 50;

interface Mentioned extends ResolvedMention {
  accountId: string;
  acct: string;
}

/**
 * What an author typed, with its mentions found (by WebFinger where they are unknown here) and turned into HTML.
 * People who block the author, or whom it blocks, are not mentioned.
 * @throws AppError 422 when it is too long
 */
export async function composeText(
  ctx: Ctx,
  author: Account,
  input: { text: string; spoilerText: string },
): Promise<ComposedText> {
  if (countCharacters(input.text, input.spoilerText) > ctx.settings.maxCharacters) {
    throw invalid(`Text character limit of ${ctx.settings.maxCharacters} exceeded`);
  }
  const mentions = await resolveMentions(ctx, author, input.text);
  const composed = compose(input.text, { mentions, tagUrl: (key) => tagUrl(ctx.names, key) });
  return {
    html: composed.html,
    mentions: composed.mentions.map(({ accountId, username, acct, url }) => ({
      accountId,
      username,
      acct,
      url,
    })),
    tags: composed.hashtags.map((t) => t.key),
    emojis: await localEmojis(ctx, `${input.text} ${input.spoilerText}`),
  };
}

/** Accounts behind the handles in a text, by `mentionKey`. */
export async function resolveMentions(
  ctx: Ctx,
  author: Account,
  text: string,
): Promise<Map<string, Mentioned>> {
  const wanted = new Map(scan(text).mentions.map((m) => [mentionKey(m), m]));
  const found = new Map<string, Mentioned>();
  const handles = [...wanted].slice(0, maxMentions);
  await Promise.all(
    handles.map(async ([key, { username, domain }]) => {
      const acct = domain === null ? username : `${username}@${domain}`;
      const account =
        (await findAccountByAcct(ctx, acct)) ?? (domain === null ? null : await resolveHandle(ctx, acct));
      if (!account || (await isSuspendedHere(ctx, account))) return;
      if (account._id !== author._id && (await isBlockedEitherWay(ctx, author._id, account._id))) return;
      found.set(key, {
        accountId: account._id,
        username: account.username,
        domain: account.domain,
        acct: acctOf(account),
        url: account.url,
      });
    }),
  );
  return found;
}

/** Our custom emojis among the shortcodes of a text. */
export async function localEmojis(ctx: Ctx, text: string): Promise<CustomEmojiRef[]> {
  const shortcodes = scanShortcodes(text);
  if (!shortcodes.length) return [];
  const found = await ctx.db.customEmojis.find({ key: { $in: shortcodes }, disabled: false }).toArray();
  return found.flatMap((e) =>
    e.path === null
      ? []
      : [
          {
            shortcode: e.shortcode,
            url: mediaUrl(ctx.names, e.path),
            staticUrl: mediaUrl(ctx.names, e.staticPath ?? e.path),
          },
        ],
  );
}
