import { sameOrigin } from '../../../federation/inbox/origin.js';
import { idOf, typesOf } from '../../../federation/vocabulary/values.js';
import type { Quote, Status } from '../../model/status.js';
import { accountsById } from '../accounts.js';
import type { Ctx } from '../ctx.js';
import { withEvent } from '../events.js';
import { mayQuote, notifyAboutQuote } from '../quotes.js';
import { resolveStatus } from './statuses.js';

/**
 * A job: finds the quoted status, and whether its author agreed (FEP-044f): quoting oneself needs no consent; otherwise
 * the stamp is fetched from the quoted author's host and must name both. Quotes in the older spellings, which know no
 * consent, are shown unless the quoted author is ours and says no.
 */
export async function checkQuote(ctx: Ctx, statusId: string): Promise<void> {
  const status = await ctx.db.statuses.findOne({ _id: statusId });
  if (!status?.quote || status.local) return;
  const quoted = await resolveStatus(ctx, status.quote.uri, { checkQuote: false });
  if (!quoted) return;
  const state = await decide(ctx, status, { quote: status.quote, quoted });
  if (status.quote.statusId === quoted._id && status.quote.state === state && state !== 'accepted') return;
  const editId = ctx.ids.next();
  await withEvent(ctx, { type: 'status.edited', statusId, editId }, () =>
    ctx.db.statuses.updateOne(
      { _id: statusId },
      { $set: { 'quote.statusId': quoted._id, 'quote.state': state } },
    ),
  );
  const settled = await ctx.db.statuses.findOne({ _id: statusId });
  if (settled) await notifyAboutQuote(ctx, settled);
}

async function decide(
  ctx: Ctx,
  status: Status,
  { quote, quoted }: { quote: Quote; quoted: Status },
): Promise<Quote['state']> {
  if (quoted.accountId === status.accountId) return 'accepted';
  if (quoted.visibility === 'private' || quoted.visibility === 'direct') return 'unauthorized';
  if (quoted.local) {
    const approval = await ctx.db.quoteApprovals.findOne({ statusId: quoted._id, quotingUri: status.uri });
    if (approval) return approval.revokedAt ? 'revoked' : 'accepted';
    return (await mayQuote(ctx, status.accountId, quoted)) ? 'accepted' : 'unauthorized';
  }
  if (quote.approvalUri === null) return quote.state;
  return (await isStamp(ctx, quote.approvalUri, { status, quoted })) ? 'accepted' : 'unauthorized';
}

async function isStamp(
  ctx: Ctx,
  uri: string,
  { status, quoted }: { status: Status; quoted: Status },
): Promise<boolean> {
  const owner = (await accountsById(ctx, [quoted.accountId])).get(quoted.accountId);
  if (!owner || !sameOrigin(uri, owner.uri)) return false;
  const loaded = await ctx.documents.load(uri);
  if (loaded.outcome !== 'ok') return false;
  const { document } = loaded;
  return (
    typesOf(document).some((t) => t.endsWith('QuoteAuthorization')) &&
    idOf(document['attributedTo']) === owner.uri &&
    idOf(document['interactingObject']) === status.uri &&
    idOf(document['interactionTarget']) === quoted.uri
  );
}
