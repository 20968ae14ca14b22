import { Router } from 'express';
import { z } from 'zod';
import { blockedAccounts, mutedAccounts } from '../../domain/account-lists.js';
import type { Ctx } from '../../domain/ctx.js';
import { loadAccounts } from '../../domain/facts/accounts.js';
import {
  blockDomain,
  blockedDomains,
  previewDomainBlock,
  unblockDomain,
} from '../../domain/user-domain-blocks.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { text } from '../../http/coerce.js';
import { pageOf, sendPage } from '../../http/paging.js';
import { parseParams } from '../../http/params.js';
import { toMutedAccount } from '../entities/accounts.js';
import { viewOf } from '../entities/view.js';
import { pages } from '../paging.js';
import { sendAccounts } from '../show.js';

const domainParam = z.object({ domain: text(300) });

/** Whom the signed-in person does not want to see: blocks, mutes, domains. */
export function hiddenRoutes(ctx: Ctx): Router {
  const router = Router();

  router.get('/api/v1/blocks', requireUser('read', 'follow', 'read:blocks'), async (req, res) => {
    const page = pageOf(req, pages.accounts);
    const edges = await blockedAccounts(ctx, signedIn(req).account._id, page);
    await sendAccounts(ctx, { req, res }, { edges, page });
  });

  router.get('/api/v1/mutes', requireUser('read', 'follow', 'read:mutes'), async (req, res) => {
    const { account } = signedIn(req);
    const page = pageOf(req, pages.accounts);
    const { items, ids } = await mutedAccounts(ctx, account._id, page);
    const facts = await loadAccounts(
      ctx,
      items.map((i) => i.account),
    );
    const view = viewOf(ctx, account._id);
    const shown = items.flatMap(({ account: muted, mute }) => {
      const known = facts.get(muted._id);
      return known ? [toMutedAccount(view, known, mute)] : [];
    });
    sendPage(req, res, { items: shown, ids, style: 'since_id', nextOnShort: false, limit: page.limit });
  });

  const readDomains = requireUser('read', 'follow', 'read:blocks');
  const writeDomains = requireUser('write', 'follow', 'write:blocks');
  router.get('/api/v1/domain_blocks', readDomains, async (req, res) => {
    const page = pageOf(req, pages.domains);
    const found = await blockedDomains(ctx, signedIn(req).account._id, page);
    const items = found.map((d) => d.domain);
    sendPage(req, res, {
      items,
      ids: found.map((d) => d._id),
      style: 'since_id',
      nextOnShort: false,
      limit: page.limit,
    });
  });

  router.get('/api/v1/domain_blocks/preview', writeDomains, async (req, res) => {
    const counts = await previewDomainBlock(ctx, signedIn(req).account, parseParams(domainParam, req).domain);
    res.json({ following_count: counts.following, followers_count: counts.followers });
  });

  router.post('/api/v1/domain_blocks', writeDomains, async (req, res) => {
    await blockDomain(ctx, signedIn(req).account, parseParams(domainParam, req).domain);
    res.json({});
  });

  router.delete('/api/v1/domain_blocks', writeDomains, async (req, res) => {
    await unblockDomain(ctx, signedIn(req).account, parseParams(domainParam, req).domain);
    res.json({});
  });

  return router;
}
