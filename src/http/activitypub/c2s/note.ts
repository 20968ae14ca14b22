import type { JsonObject } from '../../../../federation/ports.js';
import { visibilityOf } from '../../../../federation/addressing/visibility.js';
import { isPublicAddress } from '../../../../federation/vocabulary/names.js';
import { parseObject, type RemoteObject } from '../../../../federation/vocabulary/object.js';
import { first, idsOf, isRecord } from '../../../../federation/vocabulary/values.js';
import { acctOf } from '../../../domain/accounts.js';
import type { Ctx } from '../../../domain/ctx.js';
import { resolveActor } from '../../../domain/remote/actors.js';
import { resolveStatus } from '../../../domain/remote/statuses.js';
import type { StatusInput } from '../../../domain/statuses.js';
import { ownPath } from '../../../domain/urls.js';
import { invalid } from '../../../errors.js';
import type { Account } from '../../../model/account.js';
import type { QuotePolicy } from '../../../model/status.js';
import { actorEndpoints, fullHandle } from '../../../outbox/objects/parts.js';
import { parseLanguage } from '../../../text/language.js';
import { toPlainText } from '../../../text/sanitise.js';
import { mentionKey, scan } from '../../../text/scan.js';

/** More people than this are not looked up for one object. */
const maxAddressed = 20;
const defaultPollSeconds = 86_400;

/** Who a Create says it is for: the activity's and the object's addresses are one (ActivityPub section 6.2). */
export interface Addressed {
  to: string[];
  cc: string[];
}

/** `bto` and `bcc` are read by nobody: they must not be shown, and we have no way to keep them (section 6). */
export function addressesOf(activity: JsonObject, object: JsonObject): Addressed {
  const of = (name: string): string[] => [...idsOf(activity[name], 100), ...idsOf(object[name], 100)];
  return { to: [...new Set([...of('to'), ...of('audience')])], cc: [...new Set(of('cc'))] };
}

/** @throws AppError 422 for what is no object that could become a status */
export function readObject(object: JsonObject): RemoteObject {
  const parsed = parseObject(object);
  if ('invalid' in parsed) throw invalid('Object has a type that cannot be published here');
  return parsed;
}

/**
 * An object that a client wants to publish, as what `publishStatus` takes. Content is HTML in ActivityPub; what was typed
 * comes in `source`, or is taken out of the HTML.
 * @throws AppError 422 when it refers to something that is not to be had
 */
export async function toStatusInput(
  ctx: Ctx,
  author: Account,
  { object, addressed }: { object: JsonObject; addressed: Addressed },
): Promise<StatusInput> {
  const parsed = readObject(object);
  const { to, cc } = addressed;
  const { followers } = actorEndpoints(author.uri);
  return {
    text: await withMentions(ctx, author, { text: textOf(object, parsed), people: [...to, ...cc] }),
    visibility: visibilityOf(to, cc, followers),
    spoilerText: parsed.summary === null ? '' : toPlainText(parsed.summary),
    sensitive: parsed.sensitive,
    language: parseLanguage(parsed.language),
    inReplyToId: await statusId(ctx, parsed.inReplyTo, 'In reply to'),
    quotedStatusId: await statusId(ctx, parsed.quote?.uri ?? null, 'Quote'),
    quotePolicy: quotePolicyOf(parsed, followers),
    mediaIds: await mediaIds(ctx, author, parsed),
    poll: toPollInput(ctx, parsed),
  };
}

/** What was typed: plain text as it is, HTML without its tags; a title stands on top. */
export function textOf(object: JsonObject, parsed: RemoteObject): string {
  const source = first(object['source']);
  const typed = isRecord(source) && source['mediaType'] === 'text/plain' ? source['content'] : null;
  const content = parsed.content ?? '';
  const text =
    typeof typed === 'string' ? typed : parsed.contentFormat === 'html' ? toPlainText(content) : content;
  return parsed.name === null || parsed.type === 'Question' ? text : `${parsed.name}\n\n${text}`;
}

/** People are reached by being mentioned: whoever is addressed and not in the text is named before it. */
async function withMentions(
  ctx: Ctx,
  author: Account,
  { text, people }: { text: string; people: readonly string[] },
): Promise<string> {
  const own = Object.values(actorEndpoints(author.uri));
  const wanted = people.filter((uri) => !isPublicAddress(uri) && !own.includes(uri) && uri !== author.uri);
  const found = await Promise.all(wanted.slice(0, maxAddressed).map((uri) => resolveActor(ctx, uri)));
  const named = new Set(scan(text).mentions.map(mentionKey));
  const missing = found.filter((account): account is Account => {
    if (!account) return false;
    const keys = [account.domain, ...(account.domain === null ? [ctx.names.handleDomain] : [])];
    return !keys.some((domain) => named.has(mentionKey({ username: account.username, domain })));
  });
  const handles = missing.map((a) => `@${a.domain === null ? acctOf(a) : fullHandle(ctx.names, a)}`);
  return [...handles, text].join(' ').trim();
}

async function statusId(ctx: Ctx, uri: string | null, what: string): Promise<string | null> {
  if (uri === null) return null;
  const status = await resolveStatus(ctx, uri);
  if (!status) throw invalid(`${what} is not known and could not be fetched`);
  return status._id;
}

function quotePolicyOf(parsed: RemoteObject, followers: string): QuotePolicy | undefined {
  const automatic = parsed.interactionPolicy?.canQuote?.automatic;
  if (!automatic) return undefined;
  if (automatic.some(isPublicAddress)) return 'public';
  return automatic.includes(followers) ? 'followers' : 'nobody';
}

/** The author's own uploads, named by the URL that the upload answered. */
export async function mediaIds(ctx: Ctx, author: Account, { attachments }: RemoteObject): Promise<string[]> {
  const ids: string[] = [];
  for (const { url, kind } of attachments) {
    if (kind === 'link') continue;
    const path = /^\/media\/([^?]+)/.exec(ownPath(ctx.names, url) ?? '')?.[1];
    const found = path ? await ctx.db.media.find({ path }).sort({ _id: -1 }).limit(100).toArray() : [];
    const mine = found.find((m) => m.accountId === author._id && !ids.includes(m._id));
    if (!mine) throw invalid('Attachment is not one of your uploads');
    ids.push(mine._id);
  }
  return ids;
}

function toPollInput(ctx: Ctx, { poll }: RemoteObject): StatusInput['poll'] {
  if (!poll) return null;
  const seconds =
    poll.endsAt === null ? defaultPollSeconds : (Date.parse(poll.endsAt) - ctx.clock.now().getTime()) / 1000;
  return {
    options: poll.options.map((o) => o.title),
    expiresInSeconds: Math.round(seconds),
    multiple: poll.multiple,
    hideTotals: false,
  };
}
