import type { Ctx } from '../domain/ctx.js';
import type { Account } from '../model/account.js';
import type { Status } from '../model/status.js';
import { findPair, findSpeaker, markOf, type Federator } from './events.js';
import { sendTo } from './follows.js';
import { loadNote } from './objects/load.js';
import { toQuoteAnswer, toQuoteAuthorization, toQuoteRequest, toStampDelete } from './objects/quotes.js';
import { createRecipients } from './recipients.js';
import { sendActivity } from './send.js';

/** One of ours asks for consent to quote somebody elsewhere. */
export const quoteRequested: Federator<'quote.requested'> = async (ctx, event) => {
  const status = await ctx.db.statuses.findOne({ _id: event.statusId });
  const { quote } = status ?? {};
  if (!status?.local || quote?.state !== 'pending' || !quote.requestUri || !quote.statusId) return;
  const quoted = await ctx.db.statuses.findOne({ _id: quote.statusId });
  const pair = quoted && (await findPair(ctx, { localId: status.accountId, remoteId: quoted.accountId }));
  const note = pair && (await loadNote(ctx, status));
  if (!quoted || !pair || !note) return;
  const activity = toQuoteRequest(pair.local, {
    uri: quote.requestUri,
    quotedUri: quoted.uri,
    quotedAuthor: pair.remote,
    note,
  });
  await sendTo(ctx, pair.remote, { from: pair.local, activity });
};

/** One of ours answers somebody elsewhere who asked. */
export const quoteAnswered: Federator<'quote.answered'> = async (ctx, event) => {
  const quoted = await ctx.db.statuses.findOne({ _id: event.statusId });
  const { accountId, quotingUri } = event;
  if (!quoted?.local || accountId === undefined || quotingUri === undefined) return;
  const pair = await findPair(ctx, { localId: quoted.accountId, remoteId: accountId });
  if (!pair) return;
  const approval =
    event.decision === 'accepted'
      ? await ctx.db.quoteApprovals.findOne({ statusId: quoted._id, quotingUri })
      : null;
  if (event.decision === 'accepted' && (!approval || approval.revokedAt)) return;
  const activity = toQuoteAnswer({
    owner: pair.local,
    quotedUri: quoted.uri,
    request: { uri: event.requestUri, actorUri: pair.remote.uri, quotingUri },
    approval,
    mark: markOf(event),
  });
  await sendTo(ctx, pair.remote, { from: pair.local, activity });
};

/** One of ours takes consent back: Delete of the stamp, to the quoting author and to all who may show the quote. */
export const quoteRevoked: Federator<'quote.revoked'> = async (ctx, event) => {
  const approval = await ctx.db.quoteApprovals.findOne({ uri: event.approvalUri });
  const owner = approval && (await findSpeaker(ctx, approval.accountId));
  if (!approval || !owner || !approval.revokedAt) return;
  const [quoted, quoting] = await Promise.all([
    ctx.db.statuses.findOne({ _id: approval.statusId }),
    ctx.db.statuses.findOne({ _id: event.statusId }),
  ]);
  if (!quoted) return;
  const stamp = toQuoteAuthorization(owner, approval, quoted.uri);
  await sendActivity(ctx, {
    activity: toStampDelete(owner, { ...stamp, id: approval.uri }),
    account: owner,
    inboxes: await witnesses(ctx, owner, { quotingAccountId: approval.quotingAccountId, quoting }),
    public: false,
  });
};

async function witnesses(
  ctx: Ctx,
  owner: Account,
  { quotingAccountId, quoting }: { quotingAccountId: string; quoting: Status | null },
): Promise<ReadonlySet<string>> {
  const recipients = await createRecipients(ctx);
  await recipients.addFollowers(owner._id);
  await recipients.addById([quotingAccountId]);
  if (quoting?.local) await recipients.addFollowers(quoting.accountId);
  return recipients.inboxes;
}
