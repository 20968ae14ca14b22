import { isSameId } from '../../federation/inbox/origin.js';
import { moveAccount } from '../domain/moves.js';
import { resolveActor } from '../domain/remote/actors.js';
import { AppError } from '../errors.js';
import { ignored, processed, retry, type Handler } from './handler.js';

/** Move (Mastodon; FEP-7628): only of oneself, to an account that names the old one as an alias, freshly fetched. */
export const move: Handler = async (ctx, { activity, sender }) => {
  if (activity.object === null || !isSameId(activity.object, sender.uri))
    return ignored('move: of somebody else');
  if (activity.target === null) return ignored('move: without target');
  const target = await resolveActor(ctx, activity.target, { refresh: true });
  if (!target) return retry('move: the new account could not be fetched');
  try {
    await moveAccount(ctx, sender, target);
    return processed('move');
  } catch (error) {
    if (error instanceof AppError) return ignored(`move: ${error.publicText}`);
    throw error;
  }
};
