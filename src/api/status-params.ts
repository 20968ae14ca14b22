import { z } from 'zod';
import { invalid } from '../errors.js';
import { bool, idList, idParam, int, listOf, oneOf, text, toList } from '../http/coerce.js';
import type { PollInput } from '../domain/polls.js';

/** The parameters of a new or edited status, as clients send them. */

const blankIsAbsent = <T>(schema: z.ZodType<T>) =>
  z.preprocess((raw) => (raw === '' ? undefined : raw), schema.optional());

export const visibilityParam = blankIsAbsent(oneOf(['public', 'unlisted', 'private', 'direct']));
export const quotePolicyParam = oneOf(['public', 'followers', 'nobody']);

const poll = z.object({
  options: z.preprocess(toList, z.array(text(1000), 'is not a list').max(100)),
  expires_in: int({ min: 0 }),
  multiple: bool().default(false),
  hide_totals: bool().default(false),
});

/** Members that both have. An empty `poll` or an empty reply id means none, as forms send them. */
const common = {
  status: text().default(''),
  media_ids: idList(100).optional(),
  poll: blankIsAbsent(poll),
  sensitive: bool().optional(),
  spoiler_text: text().optional(),
  language: text(64).optional(),
  quote_approval_policy: blankIsAbsent(quotePolicyParam),
};

export const newStatusParams = z.object({
  ...common,
  in_reply_to_id: blankIsAbsent(idParam),
  quoted_status_id: blankIsAbsent(idParam),
  visibility: visibilityParam,
  scheduled_at: blankIsAbsent(text(100)),
  created_at: blankIsAbsent(text(100)),
  allowed_mentions: idList(100).optional(),
});

export type NewStatusParams = z.infer<typeof newStatusParams>;

export const editedStatusParams = z.object({
  ...common,
  media_attributes: listOf(
    z.object({ id: idParam, description: text(10_000).optional(), focus: text(100).optional() }),
    100,
  ).optional(),
});

export function toPollInput(given: z.infer<typeof poll> | undefined): PollInput | null {
  if (!given) return null;
  return {
    options: given.options,
    expiresInSeconds: given.expires_in,
    multiple: given.multiple,
    hideTotals: given.hide_totals,
  };
}

/** `x,y`, each from -1 to 1 (what lies outside is brought in); undefined when it is none. */
export function parseFocus(given: string | undefined): [number, number] | undefined {
  const parts = given?.split(',').map((p) => Number(p.trim() || Number.NaN)) ?? [];
  const [x, y] = parts;
  if (parts.length !== 2 || x === undefined || y === undefined) return undefined;
  if (!Number.isFinite(x) || !Number.isFinite(y)) return undefined;
  const clamp = (n: number): number => Math.min(1, Math.max(-1, n));
  return [clamp(x), clamp(y)];
}

/** A time in ISO 8601; `name` is what it tells. @throws AppError 422 when it is none */
export function parseTime(given: string, name: 'Scheduled at' | 'Created at'): Date {
  const at = /^\d{4}-\d{2}-\d{2}/.test(given) ? new Date(given) : new Date(Number.NaN);
  if (Number.isNaN(at.getTime())) throw invalid(`${name} is not a time`);
  return at;
}
