import { Router, type Request } from 'express';
import { z } from 'zod';
import { block, unblock } from '../../domain/blocks.js';
import type { Ctx } from '../../domain/ctx.js';
import { rejectFollow, requestFollow, unfollow } from '../../domain/follows.js';
import { mute, unmute } from '../../domain/mutes.js';
import { setNote } from '../../domain/notes.js';
import { getActiveAccount, getShownAccount } from '../../domain/shown-accounts.js';
import { requireUser, signedIn } from '../../http/auth.js';
import { bool, int, stringList, text } from '../../http/coerce.js';
import { parseParams } from '../../http/params.js';
import type { Account } from '../../model/account.js';
import { parseLanguage } from '../../text/language.js';
import { pathParam } from '../routing.js';
import { showRelationship } from '../show.js';

const followParams = z.object({
  reblogs: bool().optional(),
  notify: bool().optional(),
  languages: stringList(100).optional(),
});
const muteParams = z.object({
  notifications: bool().default(true),
  duration: int({ min: 0, max: 10 * 366 * 86_400 }).default(0),
});
const noteParams = z.object({ comment: text(10_000).default('') });

const follows = requireUser('write', 'follow', 'write:follows');
const blocks = requireUser('write', 'follow', 'write:blocks');
const mutes = requireUser('write', 'follow', 'write:mutes');
const notes = requireUser('write', 'write:accounts');

type Act = (ctx: Ctx, about: { req: Request; who: Account; target: Account }) => Promise<unknown>;

const acts: { name: string; guard: typeof follows; act: Act }[] = [
  { name: 'unfollow', guard: follows, act: (ctx, { who, target }) => unfollow(ctx, who._id, target._id) },
  {
    name: 'remove_from_followers',
    guard: follows,
    act: (ctx, { who, target }) => rejectFollow(ctx, target._id, who._id),
  },
  { name: 'block', guard: blocks, act: (ctx, { who, target }) => block(ctx, who, target) },
  { name: 'unblock', guard: blocks, act: (ctx, { who, target }) => unblock(ctx, who._id, target._id) },
  {
    name: 'mute',
    guard: mutes,
    act: (ctx, { req, who, target }) => {
      const { notifications, duration } = parseParams(muteParams, req);
      return mute(ctx, who, target, { notifications, durationSeconds: duration });
    },
  },
  { name: 'unmute', guard: mutes, act: (ctx, { who, target }) => unmute(ctx, who._id, target._id) },
  {
    name: 'note',
    guard: notes,
    act: (ctx, { req, who, target }) => setNote(ctx, who, target, parseParams(noteParams, req).comment),
  },
];

/** What one account does to another; each answers how they stand afterwards. */
export function accountActionsRoutes(ctx: Ctx): Router {
  const router = Router();
  router.post('/api/v1/accounts/:id/follow', follows, async (req, res) => {
    const { account: who } = signedIn(req);
    const target = await getActiveAccount(ctx, pathParam(req));
    res.json(await follow(ctx, { req, who, target }));
  });
  for (const { name, guard, act } of acts) {
    router.post(`/api/v1/accounts/:id/${name}`, guard, async (req, res) => {
      const { account: who } = signedIn(req);
      const target = await getShownAccount(ctx, pathParam(req));
      await act(ctx, { req, who, target });
      res.json(await showRelationship(ctx, who._id, target));
    });
  }
  return router;
}

async function follow(ctx: Ctx, { req, who, target }: { req: Request; who: Account; target: Account }) {
  const { reblogs, notify, languages } = parseParams(followParams, req);
  const known = languages?.flatMap((l) => parseLanguage(l) ?? []);
  const made = await requestFollow(ctx, who, target, {
    reblogs,
    notify,
    languages: known && (known.length ? known : null),
  });
  const relationship = await showRelationship(ctx, who._id, target);
  // As in Mastodon, an account that takes followers freely counts as followed before its server has said so.
  const expected =
    made.state === 'pending' && target.domain !== null && !target.locked && who.silencedAt === null;
  if (!expected) return relationship;
  return {
    ...relationship,
    following: true,
    requested: false,
    showing_reblogs: made.reblogs,
    notifying: made.notify,
    languages: made.languages,
  };
}
