import type { Json, JsonObject } from '../../federation/ports.js';
import { idOf } from '../../federation/vocabulary/values.js';
import { now, type Ctx } from '../domain/ctx.js';
import { getInstance } from '../domain/instance.js';
import { hostOf } from '../domain/urls.js';
import type { Held } from '../jobs/port.js';
import type { Account } from '../model/account.js';
import type { Delivery, OutActivity } from '../model/work.js';
import { isDuplicateKey } from '../store/port.js';
import { toWire } from './wire.js';

export interface Outgoing {
  /** With `id` and `type`, without `@context`. */
  activity: JsonObject;
  /** The local account that signs. */
  account: Pick<Account, '_id'>;
  inboxes: Iterable<string>;
  /** Whether anybody may fetch it. */
  public: boolean;
  /** The status that it is about. */
  statusId?: string | null;
  /** It is addressed to the author's followers and not to everybody. */
  forFollowers?: boolean;
}

/** How many deliveries are written at once: making them ready for that takes a millisecond or two. */
const batchSize = 100;
/** Longer lists of inboxes are not kept with the activity. */
const keptInboxes = 300;

/**
 * Writes an activity once, by its IRI, and one delivery for each inbox; the job room sends them. The body is serialised
 * here, so that every server gets the same bytes. Repeating it after a crash adds what is missing, and repeating it
 * later does nothing. @returns how many inboxes it goes to; 0 when it was sent before, or to nobody
 */
export async function sendActivity(ctx: Ctx, outgoing: Outgoing): Promise<number> {
  const body = JSON.stringify(toWire(outgoing.activity));
  const { id, type } = outgoing.activity;
  if (typeof id !== 'string' || typeof type !== 'string')
    throw new Error('An activity without an id or a type');
  if (type === 'Undo') await withdraw(ctx, outgoing.activity['object']);
  return sendBody(ctx, { ...outgoing, uri: id, type, body });
}

/** What an Undo takes back need not be tried any more where it has not arrived: it could only come too late. */
async function withdraw(ctx: Ctx, undone: Json | undefined): Promise<void> {
  const uri = idOf(undone);
  if (uri !== null) await ctx.db.activities.updateOne({ uri }, { $set: { withdrawnAt: now(ctx) } });
}

export interface OutgoingBody extends Omit<Outgoing, 'activity'> {
  uri: string;
  type: string;
  /** The bytes that are sent. */
  body: string;
}

/** As `sendActivity`, with bytes as they are. */
export async function sendBody(ctx: Ctx, outgoing: OutgoingBody): Promise<number> {
  const inboxes = [...new Set(outgoing.inboxes)];
  if (!inboxes.length) return 0;
  const activity = await storeOnce(ctx, toDocument(ctx, outgoing, inboxes));
  if (activity.fannedOutAt !== undefined) return 0;
  const { generation } = await getInstance(ctx);
  let last: Held | null = null;
  for (let at = 0; at < inboxes.length; at += batchSize) {
    last?.begin();
    const batch = inboxes.slice(at, at + batchSize);
    last = await ctx.jobs.addDeliveries(
      batch.map((inbox) => toDelivery(ctx, activity, { inbox, generation })),
    );
  }
  try {
    await ctx.db.activities.updateOne({ _id: activity._id }, { $set: { fannedOutAt: now(ctx) } });
  } finally {
    // Only now: what is delivered before this has to be kept on record for a moment.
    last?.begin();
  }
  return inboxes.length;
}

function toDocument(ctx: Ctx, outgoing: OutgoingBody, inboxes: string[]): OutActivity {
  return {
    _id: ctx.ids.next(),
    uri: outgoing.uri,
    accountId: outgoing.account._id,
    type: outgoing.type,
    body: outgoing.body,
    public: outgoing.public,
    statusId: outgoing.statusId ?? null,
    createdAt: now(ctx),
    ...(inboxes.length <= keptInboxes && { inboxes }),
    ...(outgoing.forFollowers && { forFollowers: true }),
  };
}

async function storeOnce(ctx: Ctx, document: OutActivity): Promise<OutActivity> {
  try {
    await ctx.db.activities.insertOne(document);
    return document;
  } catch (error) {
    const stored = isDuplicateKey(error) ? await ctx.db.activities.findOne({ uri: document.uri }) : null;
    if (!stored) throw error;
    return stored;
  }
}

function toDelivery(
  ctx: Ctx,
  activity: OutActivity,
  { inbox, generation }: { inbox: string; generation: number },
): Delivery {
  const at = now(ctx);
  return {
    _id: ctx.ids.next(),
    state: 'ready',
    dueAt: at,
    leaseUntil: null,
    claim: null,
    attempts: 0,
    lane: hostOf(inbox) ?? inbox,
    lastError: null,
    createdAt: at,
    activityId: activity._id,
    accountId: activity.accountId,
    inbox,
    key: `${activity._id} ${inbox}`,
    generation,
  };
}
