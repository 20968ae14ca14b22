import { block as blockAccount } from '../domain/blocks.js';
import { findOwnAccount } from '../domain/remote/own.js';
import { ignored, processed, type Handler } from './handler.js';

/** Block: follows end both ways, and the sender's posts are no longer shown to the blocked one. */
export const block: Handler = async (ctx, { activity, sender }) => {
  const target = activity.object === null ? null : await findOwnAccount(ctx, activity.object);
  if (!target) return ignored('block: not of a local account');
  await blockAccount(ctx, sender, target, activity.id ?? `${sender.uri}#blocks/${target._id}`);
  return processed('block');
};
