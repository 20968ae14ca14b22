import { parseActivity, type RemoteActivity } from '../../federation/vocabulary/activity.js';
import { jsonLimits } from '../policy/json-limits.js';
import { parseJsonObject } from '../../federation/vocabulary/json.js';
import { idsOf } from '../../federation/vocabulary/values.js';
import type { Ctx } from '../domain/ctx.js';
import { hostOf } from '../domain/urls.js';
import type { Account } from '../model/account.js';
import type { Received } from '../model/work.js';
import { actorEndpoints } from './objects/parts.js';
import { createRecipients } from './recipients.js';
import { sendBody } from './send.js';

export interface Forwardable {
  /** What was received, byte for byte. */
  rawBody: string;
  /** The same, read. */
  activity: RemoteActivity;
  /** The local account whose followers were addressed. */
  localOwner: Account;
}

export type Forwarding =
  | 'forwarded'
  /** Its followers were not addressed. */
  | 'not-addressed'
  /** Nothing in it is about anything of ours. */
  | 'not-ours'
  /** It has no id, or one of ours, or is not its own actor's. */
  | 'not-forwardable'
  /** It was forwarded before, or has nobody to go to. */
  | 'done';

/**
 * Inbox forwarding (ActivityPub section 7.1.2): what somebody answers to one of ours reaches the followers of the one
 * who was answered. The bytes go on unchanged, in a request signed by our account as the one who passes them on. We
 * cannot sign for their author and never try: receivers fetch the object from its origin. Each activity once, so that
 * two servers that hold followers of each other do not play ping-pong.
 *
 * For activities that were proven to be their actor's. Each is forwarded once, by its id.
 */
export async function forwardToFollowers(ctx: Ctx, input: Forwardable): Promise<Forwarding> {
  const { activity, localOwner, rawBody } = input;
  const uri = forwardableId(ctx, activity);
  if (uri === null || localOwner.domain !== null) return 'not-forwardable';
  if (!isAddressed(ctx, activity, localOwner)) return 'not-addressed';
  if (!(await concernsOurs(ctx, activity))) return 'not-ours';
  const recipients = await createRecipients(ctx);
  await recipients.addFollowers(localOwner._id);
  const origin = hostOf(activity.actor);
  const inboxes = [...recipients.inboxes].filter((inbox) => hostOf(inbox) !== origin);
  const sent = await sendBody(ctx, {
    uri,
    type: activity.type,
    body: rawBody,
    account: localOwner,
    inboxes,
    public: false,
  });
  return sent > 0 ? 'forwarded' : 'done';
}

function forwardableId(ctx: Ctx, { id, actor }: RemoteActivity): string | null {
  const [idHost, actorHost] = [id === null ? null : hostOf(id), hostOf(actor)];
  return idHost !== null && idHost === actorHost && !ctx.names.isOwn(idHost) ? id : null;
}

/** More of our accounts than this are not served by one activity of somebody else's. */
const maxOwners = 5;

/**
 * As `forwardToFollowers`, for everyone of ours whose followers a received activity was addressed to. Call it once the
 * activity was processed; for a Delete before that, while it is still known what the deleted thing answered.
 */
export async function forwardReceived(ctx: Ctx, received: Received): Promise<void> {
  if (received.trust !== 'own' || !namesOwnFollowers(ctx, received.body)) return;
  const parsed = parseJsonObject(received.body, jsonLimits(ctx.settings));
  const activity = parsed.outcome === 'ok' ? parseActivity(parsed.value) : null;
  if (!activity || 'invalid' in activity) return;
  const names = addressedPaths(ctx, activity).flatMap(
    (path) => /^\/users\/(\w+)\/followers$/.exec(path)?.[1] ?? [],
  );
  for (const name of new Set(names.slice(0, maxOwners))) {
    const localOwner = await ctx.db.accounts.findOne({ acctKey: name.toLowerCase() });
    if (localOwner?.domain !== null || localOwner.deletedAt !== null || localOwner.suspendedAt !== null)
      continue;
    await forwardToFollowers(ctx, { rawBody: received.body, activity, localOwner });
  }
}

const ending = '/followers"';

/** Most have nothing of ours in their addresses: a look at the text spares the parsing. */
function namesOwnFollowers(ctx: Ctx, body: string): boolean {
  // Some software writes every slash as `\/`.
  const text = body.includes('\\/') ? body.replaceAll('\\/', '/') : body;
  for (let at = text.indexOf(ending); at >= 0; at = text.indexOf(ending, at + ending.length)) {
    const iri = text.slice(text.lastIndexOf('"', at) + 1, at + ending.length - 1);
    if (ctx.names.isOwn(hostOf(iri) ?? '')) return true;
  }
  return false;
}

/** By the collection's own IRI, under any of our names. */
function isAddressed(ctx: Ctx, activity: RemoteActivity, owner: Account): boolean {
  return addressedPaths(ctx, activity).includes(new URL(actorEndpoints(owner.uri).followers).pathname);
}

/** Paths of those addresses that are on this server. */
function addressedPaths(ctx: Ctx, { to, cc, audience }: RemoteActivity): string[] {
  return [...to, ...cc, ...audience].flatMap((address) => {
    const host = hostOf(address);
    return host !== null && ctx.names.isOwn(host) ? [new URL(address).pathname] : [];
  });
}

/**
 * The object, the target, or what the object answers must be a status of ours. A mention is not enough, although the
 * specification would allow it: anybody could reach all followers of anybody by naming them.
 */
async function concernsOurs(ctx: Ctx, { embedded, objectIds, target }: RemoteActivity): Promise<boolean> {
  const answered = embedded ? idsOf(embedded['inReplyTo'], 8) : [];
  const ids = [...new Set([...objectIds, ...(target === null ? [] : [target]), ...answered])];
  if (!ids.length) return false;
  const known = await ctx.db.statuses.find({ uri: { $in: ids } }).toArray();
  if (known.some((status) => status.local)) return true;
  // An Update or a Delete names only the reply; what it answered is known here.
  const parents = known.flatMap((status) => status.inReplyToId ?? []);
  if (!parents.length) return false;
  return (await ctx.db.statuses.find({ _id: { $in: parents } }).toArray()).some((status) => status.local);
}
