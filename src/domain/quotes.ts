import { forbidden, invalid } from '../errors.js';
import type { Account } from '../model/account.js';
import type { Quote, QuoteApproval, Status } from '../model/status.js';
import { accountsById } from './accounts.js';
import { now, type Ctx } from './ctx.js';
import { publish, withEvent } from './events.js';
import { notify } from './notifications.js';
import { shownStatus } from './visible.js';
import { activityUri } from './urls.js';
import { getOwnStatus } from './status-store.js';

/**
 * Consent to quotes (FEP-044f). The quoted author's policy decides at once; the consent is a stamp that anybody can
 * check and that the author can take back.
 */

/** May `quoterId` quote this status? Private ones only by their author; none by somebody whom the author blocks. */
export async function mayQuote(ctx: Ctx, quoterId: string, quoted: Status): Promise<boolean> {
  if (quoted.accountId === quoterId) return quoted.visibility !== 'direct';
  if (await ctx.db.blocks.findOne({ accountId: quoted.accountId, targetId: quoterId })) return false;
  if (quoted.visibility !== 'public' && quoted.visibility !== 'unlisted') return false;
  if (quoted.quotePolicy === 'public') return true;
  if (quoted.quotePolicy === 'nobody') return false;
  const follow = await ctx.db.follows.findOne({ accountId: quoterId, targetId: quoted.accountId });
  return follow?.state === 'accepted';
}

/**
 * The quote of a new local status: accepted where the quoted author is local, otherwise pending until its server agrees.
 * @throws AppError 404 when the author cannot see it, 403 when its policy says no
 */
export async function prepareQuote(
  ctx: Ctx,
  author: Account,
  { status, quotedId }: { status: Status; quotedId: string },
): Promise<Quote> {
  const quoted = await shownStatus(ctx, author._id, quotedId);
  if (quoted.local && !(await mayQuote(ctx, author._id, quoted)))
    throw forbidden('This action is not allowed');
  if (status.visibility === 'direct' && quoted.accountId !== author._id)
    throw invalid('Quoted posts cannot be sent as direct messages');
  const base = { statusId: quoted._id, uri: quoted.uri };
  if (!quoted.local) {
    const requestUri = activityUri(author.uri, 'quote-request', status._id);
    return { ...base, state: 'pending', requestUri, approvalUri: null };
  }
  const approval = await approve(ctx, quoted, { uri: status.uri, accountId: author._id, requestUri: null });
  return { ...base, state: 'accepted', requestUri: null, approvalUri: approval.uri };
}

async function approve(
  ctx: Ctx,
  quoted: Status,
  quoting: { uri: string; accountId: string; requestUri: string | null },
): Promise<QuoteApproval> {
  const owner = (await accountsById(ctx, [quoted.accountId])).get(quoted.accountId);
  const id = ctx.ids.next();
  const stored = await ctx.db.quoteApprovals.findOneAndUpdate(
    { statusId: quoted._id, quotingUri: quoting.uri },
    {
      $set: { requestUri: quoting.requestUri },
      $setOnInsert: {
        _id: id,
        uri: `${owner?.uri ?? ctx.names.origin}/quote_authorizations/${id}`,
        accountId: quoted.accountId,
        quotingAccountId: quoting.accountId,
        revokedAt: null,
        createdAt: now(ctx),
      },
    },
    { upsert: true, returnDocument: 'after' },
  );
  if (!stored) throw new Error('The quote approval was not stored');
  return stored;
}

/** A QuoteRequest for one of our statuses, already checked to come from the quoting author. */
export async function answerQuoteRequest(
  ctx: Ctx,
  quoted: Status,
  request: { uri: string; quotingUri: string; accountId: string },
): Promise<'accepted' | 'rejected'> {
  const allowed = await mayQuote(ctx, request.accountId, quoted);
  const decision = allowed ? 'accepted' : 'rejected';
  await withEvent(
    ctx,
    {
      type: 'quote.answered',
      statusId: quoted._id,
      requestUri: request.uri,
      decision,
      accountId: request.accountId,
      quotingUri: request.quotingUri,
    },
    async () => {
      if (allowed)
        await approve(ctx, quoted, {
          uri: request.quotingUri,
          accountId: request.accountId,
          requestUri: request.uri,
        });
    },
  );
  return decision;
}

/** The quoted server's answer to our request; only a pending quote of that object can be answered. */
export async function settleQuote(
  ctx: Ctx,
  requestUri: string,
  answer: { by: Account; state: 'accepted' | 'rejected'; approvalUri: string | null },
): Promise<boolean> {
  const id = requestUri.split('quote-request-').at(-1) ?? '';
  const status = await ctx.db.statuses.findOne({ _id: id });
  if (!status?.quote || status.quote.requestUri !== requestUri || status.quote.statusId === null)
    return false;
  const quoted = await ctx.db.statuses.findOne({ _id: status.quote.statusId });
  if (quoted?.accountId !== answer.by._id) return false;
  const editId = ctx.ids.next();
  await withEvent(ctx, { type: 'status.edited', statusId: status._id, editId }, () =>
    ctx.db.statuses.updateOne(
      { _id: status._id },
      { $set: { 'quote.state': answer.state, 'quote.approvalUri': answer.approvalUri } },
    ),
  );
  await countQuotes(ctx, quoted._id);
  return true;
}

/** Takes consent back: `quotingId` no longer shows the viewer's status. @throws AppError 404 */
export async function revokeQuote(
  ctx: Ctx,
  who: Account,
  { statusId, quotingId }: { statusId: string; quotingId: string },
): Promise<Status> {
  const quoted = await getOwnStatus(ctx, who._id, statusId);
  const quoting = await shownStatus(ctx, who._id, quotingId);
  if (quoting.quote?.statusId !== quoted._id) throw invalid('The post does not quote this one');
  // What the quoting server wrote into its copy may lack the stamp: it had none yet when it sent it.
  const approval = await ctx.db.quoteApprovals.findOne({ statusId: quoted._id, quotingUri: quoting.uri });
  const approvalUri = approval?.uri ?? quoting.quote.approvalUri ?? '';
  await withEvent(ctx, { type: 'quote.revoked', statusId: quoting._id, approvalUri }, async () => {
    await ctx.db.quoteApprovals.updateOne(
      { statusId: quoted._id, quotingUri: quoting.uri },
      { $set: { revokedAt: now(ctx) } },
    );
    await ctx.db.statuses.updateOne({ _id: quoting._id }, { $set: { 'quote.state': 'revoked' } });
    await countQuotes(ctx, quoted._id);
  });
  return (await ctx.db.statuses.findOne({ _id: quoting._id })) ?? quoting;
}

/** The quoted server took its consent back (Delete of the stamp). */
export async function quoteRevokedBy(ctx: Ctx, owner: Account, approvalUri: string): Promise<boolean> {
  const status = await ctx.db.statuses.findOne({ 'quote.approvalUri': approvalUri });
  const quoted = status?.quote?.statusId
    ? await ctx.db.statuses.findOne({ _id: status.quote.statusId })
    : null;
  if (!status || quoted?.accountId !== owner._id) return false;
  await ctx.db.statuses.updateOne({ _id: status._id }, { $set: { 'quote.state': 'revoked' } });
  await countQuotes(ctx, quoted._id);
  return true;
}

/** Counts again the quotes of a status that its author agreed to. */
export async function countQuotes(ctx: Ctx, quotedId: string): Promise<void> {
  const agreed = { 'quote.statusId': quotedId, 'quote.state': 'accepted' };
  const quotesCount = await ctx.db.statuses.countDocuments(agreed);
  await ctx.db.statuses.updateOne({ _id: quotedId }, { $set: { quotesCount } });
}

/** After a status with a quote arrived: tell the quoted author, count, and ask for consent where it is pending. */
export async function notifyAboutQuote(ctx: Ctx, status: Status): Promise<void> {
  if (!status.quote?.statusId) return;
  if (status.local && status.quote.state === 'pending')
    await publish(ctx, { type: 'quote.requested', statusId: status._id });
  await countQuotes(ctx, status.quote.statusId);
  if (status.quote.state !== 'accepted') return;
  const quoted = await ctx.db.statuses.findOne({ _id: status.quote.statusId });
  if (!quoted) return;
  await notify(ctx, {
    accountId: quoted.accountId,
    type: 'quote',
    fromId: status.accountId,
    statusId: status._id,
    conversationId: status.conversationId,
  });
}
