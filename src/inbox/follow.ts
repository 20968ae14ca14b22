import { requestFollow } from '../domain/follows.js';
import { rejectStranger } from '../domain/follow-answers.js';
import { findOwnAccount } from '../domain/remote/own.js';
import { AppError } from '../errors.js';
import { ignored, processed, type Handler } from './handler.js';

/** Follow (ActivityPub 7.5). Refused ones get a Reject, so that the other side does not wait. */
export const follow: Handler = async (ctx, { activity, sender }) => {
  const target = activity.object === null ? null : await findOwnAccount(ctx, activity.object);
  if (!target || target.deletedAt || target.actorType === 'Application')
    return ignored('follow: no such local account');
  if (activity.id === null) return ignored('follow: without id');
  try {
    const made = await requestFollow(ctx, sender, target, { uri: activity.id });
    return processed(`follow: ${made.state}`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await rejectStranger(ctx, sender, { target, uri: activity.id });
    return ignored(`follow: refused (${error.publicText})`);
  }
};
