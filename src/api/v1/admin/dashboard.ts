import { Router } from 'express';
import { z } from 'zod';
import type { Ctx } from '../../../domain/ctx.js';
import { dimension } from '../../../domain/dimensions.js';
import { measure } from '../../../domain/measures.js';
import { daysOf, wholeOf } from '../../../domain/periods.js';
import { retention } from '../../../domain/retention.js';
import { int, oneOf, stringList, text } from '../../../http/coerce.js';
import { isRecord } from '../../../http/form.js';
import { paramsOf, parseParams } from '../../../http/params.js';
import { toCohort, toDimension, toMeasure } from '../../entities/admin-figures.js';
import { requireStaff } from './staff.js';

const day = text(40).pipe(
  z
    .string()
    .transform((value) => new Date(value))
    .refine((at) => !Number.isNaN(at.getTime()) && at.getUTCFullYear() > 2000 && at.getUTCFullYear() < 2400, {
      message: 'is not a date',
    }),
);
const keys = stringList(30);
const measures = z.object({ keys, start_at: day, end_at: day });
const dimensions = z.object({
  keys,
  start_at: day.optional(),
  end_at: day.optional(),
  limit: int({ min: 1, max: 100 }).default(10),
});
const cohorts = z.object({
  start_at: day,
  end_at: day,
  frequency: oneOf(['day', 'month']).default('day'),
});

const monthMs = 29 * 86_400_000;

/** Figures of the instance. All are counted from what is stored, at the moment they are asked for. */
export function adminDashboardRoutes(ctx: Ctx): Router {
  const router = Router();
  const read = requireStaff('viewDashboard', 'admin:read');

  router.post('/api/v1/admin/measures', read, async (req, res) => {
    const given = parseParams(measures, req);
    const days = daysOf(given.start_at, given.end_at);
    const found = [];
    for (const key of new Set(given.keys)) {
      const counted = await measure(ctx, { key, about: aboutOf(paramsOf(req), key), days });
      if (counted) found.push(toMeasure(counted));
    }
    res.json(found);
  });

  router.post('/api/v1/admin/dimensions', read, async (req, res) => {
    const given = parseParams(dimensions, req);
    const to = given.end_at ?? ctx.clock.now();
    const span = wholeOf(daysOf(given.start_at ?? new Date(to.getTime() - monthMs), to));
    const found = [];
    for (const key of new Set(given.keys)) {
      const about = aboutOf(paramsOf(req), key);
      const split = await dimension(ctx, { key, about, span, limit: given.limit });
      if (split) found.push(toDimension(split));
    }
    res.json(found);
  });

  router.post('/api/v1/admin/retention', read, async (req, res) => {
    const { start_at: from, end_at: to, frequency } = parseParams(cohorts, req);
    res.json((await retention(ctx, { from, to, frequency })).map((c) => toCohort(c, frequency)));
  });
  return router;
}

/** What a figure is asked of: `tag_uses[id]`, `instance_accounts[domain]`. */
function aboutOf(params: Record<string, unknown>, key: string): string {
  const given = params[key];
  if (!isRecord(given)) return '';
  const value = given['id'] ?? given['domain'];
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  return String(value).toLowerCase().slice(0, 300);
}
