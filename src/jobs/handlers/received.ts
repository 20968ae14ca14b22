import type { Ctx } from '../../domain/ctx.js';
import { processReceived } from '../../inbox/index.js';
import type { Received } from '../../model/work.js';
import { forwardReceived } from '../../outbox/forward.js';
import type { Verdict } from '../queue.js';
import { backOff, errorText } from './back-off.js';

/** Tries of an activity that lacks something from elsewhere: about a day. */
const maxAttempts = 10;
const schedule = { firstSeconds: 10, maxSeconds: 6 * 3600 };

/** Processes a received activity. What became of it stays with the document until it is swept. Its host lives. */
export async function runReceived(
  ctx: Ctx,
  received: Received,
  heardFrom: (host: string) => Promise<void>,
): Promise<Verdict> {
  if (received.trust === 'own') await heardFrom(received.host);
  // What is deleted is forwarded while it is still known what it answered; anything else once it was found good.
  const leaving = received.type === 'Delete';
  if (leaving) await forwardReceived(ctx, received);
  const { outcome, reason } = await processReceived(ctx, received);
  if (!leaving && outcome === 'processed') await forwardReceived(ctx, received);
  if (outcome === 'retry') return again(ctx, received, reason);
  // A body that was processed has become documents of its own.
  return {
    next: 'keep',
    set: { outcome, reason, backlogHost: null, ...(outcome === 'processed' && { body: '' }) },
  };
}

export function receivedFailed(ctx: Ctx, received: Received, error: unknown): Verdict {
  return again(ctx, received, errorText(error));
}

function again(ctx: Ctx, received: Received, reason: string): Verdict {
  if (received.attempts >= maxAttempts)
    return { next: 'keep', set: { outcome: 'failed', reason, backlogHost: null, lastError: reason } };
  return { next: 'retry', dueAt: backOff(ctx, received.attempts, schedule), error: reason, set: { reason } };
}
