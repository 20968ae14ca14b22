import { Router, type Request } from 'express';
import { z } from 'zod';
import { resolveMentions } from '../../domain/compose.js';
import type { Ctx } from '../../domain/ctx.js';
import { loadStatuses } from '../../domain/facts/statuses.js';
import { setQuotePolicy } from '../../domain/quote-policy.js';
import { scheduleStatus } from '../../domain/scheduled.js';
import { deleteStatus } from '../../domain/statuses-delete.js';
import { editStatus } from '../../domain/statuses-edit.js';
import { publishStatus, type StatusInput } from '../../domain/statuses.js';
import { getOwnStatus } from '../../domain/status-store.js';
import { deleteMediaOf } from '../../domain/uploads.js';
import { forbidden, invalid, unprocessable } from '../../errors.js';
import { requireUser, signedIn, type Viewer } from '../../http/auth.js';
import { bool } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import type { Account, User } from '../../model/account.js';
import { backdateScope, hasAllScopes } from '../../policy/scopes.js';
import { mayBackdate } from '../../policy/standing.js';
import { parseLanguage } from '../../text/language.js';
import { toStatusWithSource } from '../entities/statuses.js';
import { viewOf } from '../entities/view.js';
import { pathParam, putOrPatch } from '../routing.js';
import { showAccounts, showStatus } from '../show.js';
import { showScheduled } from './scheduled-statuses.js';
import {
  editedStatusParams,
  newStatusParams,
  parseFocus,
  parseTime,
  quotePolicyParam,
  toPollInput,
  type NewStatusParams,
} from '../status-params.js';

const deleteParams = z.object({ delete_media: bool().default(false) });
const policyParams = z.object({ quote_approval_policy: quotePolicyParam });

/** Posting, editing and deleting. */
export function statusesWriteRoutes(ctx: Ctx): Router {
  const router = Router();
  const write = requireUser('write', 'write:statuses');

  router.post('/api/v1/statuses', write, async (req, res) => {
    res.json(await postStatus(ctx, req));
  });

  // As in Mastodon, an edit that names no media or poll takes them away.
  putOrPatch(router, '/api/v1/statuses/:id', write, async (req, res) => {
    const { account } = signedIn(req);
    const params = parseParams(editedStatusParams, req);
    const id = pathParam(req);
    const edited = await editStatus(ctx, account, id, {
      text: params.status,
      spoilerText: params.spoiler_text,
      sensitive: params.sensitive,
      language: parseLanguage(params.language) ?? undefined,
      mediaIds: params.media_ids ?? [],
      mediaAttributes: params.media_attributes?.map((m) => ({
        id: m.id,
        description: m.description,
        focus: parseFocus(m.focus),
      })),
      poll: toPollInput(params.poll),
    });
    const policy = params.quote_approval_policy;
    const status = policy ? await setQuotePolicy(ctx, account, { statusId: id, policy }) : edited;
    res.json(await showStatus(ctx, account._id, status));
  });

  putOrPatch(router, '/api/v1/statuses/:id/interaction_policy', write, async (req, res) => {
    const { account } = signedIn(req);
    const policy = parseParams(policyParams, req).quote_approval_policy;
    const status = await setQuotePolicy(ctx, account, { statusId: pathParam(req), policy });
    res.json(await showStatus(ctx, account._id, status));
  });

  router.delete('/api/v1/statuses/:id', write, async (req, res) => {
    const { account } = signedIn(req);
    const status = await getOwnStatus(ctx, account._id, pathParam(req));
    const shown = toStatusWithSource(
      viewOf(ctx, account._id),
      await loadStatuses(ctx, account._id, [status]),
      status,
    );
    await deleteStatus(ctx, status);
    if (parseParams(deleteParams, req).delete_media) await deleteMediaOf(ctx, account, status.mediaIds);
    res.json(shown);
  });

  return router;
}

/** A Status; or a ScheduledStatus when it is for later. */
async function postStatus(ctx: Ctx, req: Request) {
  const { account, user, viewer } = signedIn(req);
  const params = parseParams(newStatusParams, req);
  await assertAllowedMentions(ctx, account, params);
  const input = {
    ...toStatusInput(params, user),
    applicationId: viewer.app._id,
    idempotencyKey: req.get('idempotency-key') || undefined,
  };
  const at = params.scheduled_at === undefined ? null : parseTime(params.scheduled_at, 'Scheduled at');
  if (params.created_at !== undefined) {
    if (at) throw invalid('Created at and scheduled at exclude each other');
    const createdAt = parseTime(params.created_at, 'Created at');
    assertMayBackdate(viewer, user);
    return showStatus(ctx, account._id, await publishStatus(ctx, account, { ...input, createdAt }));
  }
  // As in Mastodon, a time that has passed means now.
  if (at && at > ctx.clock.now()) {
    const scheduled = await scheduleStatus(ctx, account, { input, at });
    return (await showScheduled(ctx, account._id, [scheduled]))[0];
  }
  return showStatus(ctx, account._id, await publishStatus(ctx, account, input));
}

/** Asked of the token and, since the owner may have changed their mind, of the person again. */
function assertMayBackdate({ scopes }: Viewer, user: User): void {
  if (!hasAllScopes(scopes, [backdateScope])) throw forbidden('This action is outside the authorized scopes');
  if (!mayBackdate(user)) throw forbidden();
}

/** What a client left out comes from the author's own defaults. */
function toStatusInput(params: NewStatusParams, user: User): StatusInput {
  const { preferences, locale } = user;
  return {
    text: params.status,
    visibility: params.visibility ?? preferences.defaultVisibility,
    spoilerText: params.spoiler_text,
    sensitive: params.sensitive ?? preferences.defaultSensitive,
    language: parseLanguage(params.language) ?? preferences.defaultLanguage ?? parseLanguage(locale),
    inReplyToId: params.in_reply_to_id,
    mediaIds: params.media_ids,
    poll: toPollInput(params.poll),
    quotedStatusId: params.quoted_status_id,
    quotePolicy: params.quote_approval_policy ?? preferences.defaultQuotePolicy,
  };
}

/** A client may name the accounts that it expects to be mentioned; anybody else is an accident. */
async function assertAllowedMentions(ctx: Ctx, author: Account, params: NewStatusParams): Promise<void> {
  if (!params.allowed_mentions) return;
  const allowed = new Set(params.allowed_mentions);
  const mentioned = await resolveMentions(ctx, author, params.status);
  const ids = [...new Set([...mentioned.values()].map((m) => m.accountId))].filter((id) => !allowed.has(id));
  if (!ids.length) return;
  const found = await ctx.db.accounts.find({ _id: { $in: ids } }).toArray();
  throw unprocessable('Post would be sent to unexpected accounts', {
    unexpected_accounts: await showAccounts(ctx, author._id, found),
  });
}
