import { Router } from 'express';
import type { Ctx } from '../../domain/ctx.js';
import { domainRules } from '../../domain/domains.js';
import {
  cachedFor,
  contactAccount,
  getInstance,
  loadActivity,
  loadInstanceStats,
  peerDomains,
} from '../../domain/instance.js';
import { vapidPublicKey } from '../../domain/push/vapid.js';
import { registrationsOf } from '../../domain/sign-up.js';
import { supportedMimeTypes } from '../../domain/uploads.js';
import { notFound } from '../../errors.js';
import { optionalUser } from '../../http/auth.js';
import { supportedLanguages } from '../../text/language.js';
import { plainToHtml } from '../../text/remote.js';
import { toDomainBlock } from '../entities/domain-blocks.js';
import { toInstanceV1, toInstanceV2, toRule, type InstanceFacts } from '../entities/instance.js';
import { toTime, viewOf } from '../entities/view.js';
import { deprecated } from '../routing.js';
import { showAccount } from '../show.js';

const hourMs = 3_600_000;

/** What the instance says of itself, for anybody. */
export function instanceRoutes(ctx: Ctx): Router {
  const router = Router();
  const stats = cachedFor(ctx, hourMs / 4, () => loadInstanceStats(ctx));
  const peers = cachedFor(ctx, hourMs, () => peerDomains(ctx));
  const activity = cachedFor(ctx, hourMs, () => loadActivity(ctx));
  const facts = async (): Promise<InstanceFacts> => {
    const instance = await getInstance(ctx);
    const contact = await contactAccount(ctx, instance);
    return {
      instance,
      settings: ctx.settings,
      stats: await stats(),
      contact: contact && (await showAccount(ctx, null, contact)),
      registrations: registrationsOf(ctx),
      mimeTypes: await supportedMimeTypes(),
      media: ctx.media.limits,
      vapidKey: await vapidPublicKey(ctx),
    };
  };

  router.get('/api/v1/instance', deprecated('2022-11-14'), async (_req, res) => {
    res.json(toInstanceV1(viewOf(ctx, null), await facts()));
  });
  router.get('/api/v2/instance', async (_req, res) => {
    res.json(toInstanceV2(viewOf(ctx, null), await facts()));
  });
  router.get('/api/v1/instance/rules', async (_req, res) => {
    res.json((await getInstance(ctx)).rules.map(toRule));
  });
  router.get('/api/v1/instance/peers', async (_req, res) => {
    res.json(await peers());
  });
  router.get('/api/v1/instance/activity', async (_req, res) => {
    res.json(
      (await activity()).map(({ week, ...counts }) => ({
        week: String(week.getTime() / 1000),
        statuses: String(counts.statuses),
        logins: String(counts.logins),
        registrations: String(counts.registrations),
      })),
    );
  });
  router.get('/api/v1/instance/domain_blocks', optionalUser(), async (_req, res) => {
    const rules = [...(await domainRules(ctx)).rules.values()];
    res.json(rules.flatMap((rule) => toDomainBlock(rule) ?? []));
  });
  router.get('/api/v1/instance/languages', (_req, res) => void res.json(supportedLanguages()));
  // No translation service is configured.
  router.get('/api/v1/instance/translation_languages', (_req, res) => void res.json({}));
  texts(ctx, router);
  return router;
}

/** Longer texts. What the operator did not write is not there (404), and Instance names no address for it. */
function texts(ctx: Ctx, router: Router): void {
  router.get('/api/v1/instance/extended_description', async (_req, res) => {
    const { description, createdAt, updatedAt } = await getInstance(ctx);
    res.json({ updated_at: toTime(updatedAt ?? createdAt), content: plainToHtml(description) });
  });
  router.get('/api/v1/instance/privacy_policy', async (_req, res) => {
    const { privacyPolicy } = await getInstance(ctx);
    if (!privacyPolicy) throw notFound();
    res.json({ updated_at: toTime(privacyPolicy.updatedAt), content: plainToHtml(privacyPolicy.text) });
  });
  router.get(
    ['/api/v1/instance/terms_of_service', '/api/v1/instance/terms_of_service/:date'],
    async (req, res) => {
      const { terms } = await getInstance(ctx);
      const date = req.params['date'];
      const effective = terms?.updatedAt.slice(0, 10);
      if (!terms || effective === undefined || (date !== undefined && date !== effective)) throw notFound();
      res.json({
        effective_date: effective,
        effective: true,
        content: plainToHtml(terms.text),
        succeeded_by: null,
      });
    },
  );
}
