import {
  attemptDelivery,
  type DeliveryDeps,
  type DeliveryResult,
} from '../../../federation/delivery/attempt.js';
import { SYNCHRONIZATION_FIELD } from '../../../federation/followers/header.js';
import { nextAttemptAfter } from '../../../federation/delivery/retry.js';
import type { SigningKey } from '../../../federation/ports.js';
import { signCavageAside } from '../../../federation/signature/cavage.js';
import { signRfc9421Aside } from '../../../federation/signature/rfc9421.js';
import { availableParallelism } from 'node:os';
import type { Ctx } from '../../domain/ctx.js';
import { createGate } from '../../gate.js';
import type { Delivery } from '../../model/work.js';
import type { Verdict } from '../queue.js';
import type { Bodies } from './bodies.js';
import type { Peers } from './peers.js';

export interface DeliverParts {
  peers: Peers;
  bodies: Bodies;
  /** False once another copy of this instance took over: then nothing may leave this one. */
  isCurrent(delivery: Delivery): Promise<boolean>;
  isSuspended(host: string): Promise<boolean>;
  /** Why a delivery that had to wait is of no use any more; null: it is. */
  whyNotWanted(delivery: Delivery): Promise<string | null>;
  /** What its sender says about its followers on that server; null: nothing. For activities to followers only. */
  followersSummary(delivery: Delivery): Promise<string | null>;
  /** The inbox answered 404 or 410. */
  inboxGone(delivery: Delivery): Promise<void>;
}

/**
 * On threads, so that a fan-out to a thousand inboxes does not hold up everybody else; and no more at once than leaves
 * threads for the disk, whose turn would come after all signatures that wait.
 */
function createSigning(): DeliveryDeps['sign'] {
  const gate = createGate({ width: Math.min(signers, availableParallelism()), queue: Infinity });
  return {
    cavage: (input) => gate.run(() => signCavageAside(input)),
    rfc9421: (input) => gate.run(() => signRfc9421Aside(input)),
  };
}

/** libuv has four threads. */
const signers = 2;
/** What our own side did: neither the host nor the delivery is to blame. */
const ownTrouble = ['busy', 'closed', 'aborted'];
const busyPauseMs = 2000;

/** Makes the function that sends one delivery. */
export function createDeliver(
  ctx: Ctx,
  parts: DeliverParts,
): (delivery: Delivery, signal: AbortSignal) => Promise<Verdict> {
  const sign = createSigning();
  return async (delivery, signal) => {
    const host = delivery.lane;
    if (!(await parts.isCurrent(delivery))) return { next: 'release' };
    if (await parts.isSuspended(host)) return { next: 'dead', error: 'suspended domain' };
    const over = await parts.whyNotWanted(delivery);
    if (over !== null) return { next: 'dead', error: over };
    const [body, key] = await Promise.all([
      parts.bodies.bodyOf(delivery.activityId),
      ctx.keys.signingKey(delivery.accountId, 'rsa'),
    ]);
    if (!body) return { next: 'dead', error: 'the activity is gone' };
    if (!key) return { next: 'dead', error: 'the account is gone' };
    const headers = await furtherHeaders(parts, delivery);
    if (parts.peers.begin(host) === 'wait') return { next: 'release' };
    const result = await attempt(ctx, { delivery, body, key, signal, headers, sign, peers: parts.peers });
    parts.peers.record(host, result);
    if (result.outcome === 'gone') await parts.inboxGone(delivery);
    const verdict = toVerdict(ctx, delivery, result);
    // The key of one that was sent stays as long as a repeated fan-out would miss it, and write it anew.
    return verdict.next === 'finish' && !(await parts.bodies.isFannedOut(delivery.activityId))
      ? { next: 'keep', set: {} }
      : verdict;
  };
}

async function furtherHeaders(parts: DeliverParts, delivery: Delivery): Promise<Record<string, string>> {
  if (!(await parts.bodies.isForFollowers(delivery.activityId))) return {};
  const summary = await parts.followersSummary(delivery);
  return summary === null ? {} : { [SYNCHRONIZATION_FIELD]: summary };
}

interface Attempt {
  delivery: Delivery;
  body: Buffer;
  key: SigningKey;
  signal: AbortSignal;
  headers: Record<string, string>;
  sign: DeliveryDeps['sign'];
  peers: Peers;
}

function attempt(
  ctx: Ctx,
  { delivery, body, key, signal, headers, sign, peers }: Attempt,
): Promise<DeliveryResult> {
  const http: DeliveryDeps['http'] = {
    ...ctx.http,
    request: (request) => ctx.http.request({ ...request, signal }),
  };
  return attemptDelivery(
    {
      inbox: delivery.inbox,
      body,
      headers,
      activityId: delivery.activityId,
      keys: [key],
      dialect: peers.dialect(delivery.lane),
      attempt: delivery.attempts,
    },
    { http, sign, clock: ctx.clock, log: ctx.log },
  );
}

function toVerdict(ctx: Ctx, delivery: Delivery, result: DeliveryResult): Verdict {
  const { outcome, reason } = result;
  if (outcome === 'delivered') return { next: 'finish' };
  if (outcome !== 'retry') return { next: 'dead', error: reason };
  const now = ctx.clock.now().getTime();
  if (result.status === null && ownTrouble.includes(reason)) {
    const set = { attempts: delivery.attempts - 1 };
    return { next: 'retry', dueAt: new Date(now + busyPauseMs), error: reason, set };
  }
  const delay = nextAttemptAfter(delivery.attempts, result.retryAfterMs, ctx.random);
  if (delay === 'give-up') return { next: 'dead', error: `gave up: ${reason}` };
  return { next: 'retry', dueAt: new Date(now + delay), error: reason };
}
