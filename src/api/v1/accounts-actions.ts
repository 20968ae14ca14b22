import { Router, type Request, type Response } from 'express';
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
import { showRelationship } from '../show.js';
import { pathParam } from '../routing.js';

const follow = z.object({
  reblogs: bool().optional(),
  notify: bool().optional(),
  languages: stringList(100).optional(),
});
const muteOptions = z.object({
  notifications: bool().default(true),
  duration: int({ min: 0, max: 10 * 366 * 86_400 }).default(0),
});
const note = z.object({ comment: text(10_000).default('') });

interface Act {
  req: Request;
  who: Account;
  target: Account;
}

/** What one account does to another; each answers how they stand afterwards. */
export function accountActionsRoutes(ctx: Ctx): Router {
  const router = Router();
  const onTarget =
    (find: typeof getShownAccount, act: (a: Act) => Promise<unknown>) =>
    async (req: Request, res: Response): Promise<void> => {
      const { account: who } = signedIn(req);
      const target = await find(ctx, pathParam(req));
      await act({ req, who, target });
      res.json(await showRelationship(ctx, who._id, target));
    };
  const follows = requireUser('write', 'follow', 'write:follows');
  const blocks = requireUser('write', 'follow', 'write:blocks');
  const mutes = requireUser('write', 'follow', 'write:mutes');

  router.post('/api/v1/accounts/:id/follow', follows, async (req, res) => {
    const { account: who } = signedIn(req);
    const target = await getActiveAccount(ctx, pathParam(req));
    const { reblogs, notify, languages } = parseParams(follow, req);
    const wanted = languages?.flatMap((l) => parseLanguage(l) ?? []);
    const made = await requestFollow(ctx, who, target, {
      reblogs,
      notify,
      languages: wanted && (wanted.length ? wanted : null),
    });
    const relationship = await showRelationship(ctx, who._id, target);
    // As Mastodon: an account that takes followers freely counts as followed before its server has said so.
    const certain =
      made.state === 'pending' && target.domain !== null && !target.locked && who.silencedAt === null;
    res.json(
      certain
        ? {
            ...relationship,
            following: true,
            requested: false,
            showing_reblogs: made.reblogs,
            notifying: made.notify,
          }
        : relationship,
    );
  });

  router.post(
    '/api/v1/accounts/:id/unfollow',
    follows,
    onTarget(getShownAccount, ({ who, target }) => unfollow(ctx, who._id, target._id)),
  );
  router.post(
    '/api/v1/accounts/:id/remove_from_followers',
    follows,
    onTarget(getShownAccount, ({ who, target }) => rejectFollow(ctx, target._id, who._id)),
  );
  router.post(
    '/api/v1/accounts/:id/block',
    blocks,
    onTarget(getShownAccount, ({ who, target }) => block(ctx, who, target)),
  );
  router.post(
    '/api/v1/accounts/:id/unblock',
    blocks,
    onTarget(getShownAccount, ({ who, target }) => unblock(ctx, who._id, target._id)),
  );
  router.post(
    '/api/v1/accounts/:id/mute',
    mutes,
    onTarget(getShownAccount, ({ req, who, target }) => {
      const { notifications, duration } = parseParams(muteOptions, req);
      return mute(ctx, who, target, { notifications, durationSeconds: duration });
    }),
  );
  router.post(
    '/api/v1/accounts/:id/unmute',
    mutes,
    onTarget(getShownAccount, ({ who, target }) => unmute(ctx, who._id, target._id)),
  );
  router.post(
    '/api/v1/accounts/:id/note',
    requireUser('write', 'write:accounts'),
    onTarget(getShownAccount, ({ req, who, target }) =>
      setNote(ctx, who, target, parseParams(note, req).comment),
    ),
  );
  return router;
}
