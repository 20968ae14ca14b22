import type { Ctx } from '../domain/ctx.js';
import { mayHear, type Ear } from './access.js';
import { notificationScopes, parseStream, type StreamRequest } from './streams.js';
import type { EndReason, Frame, Switchboard } from './switchboard.js';

/** One client's subscriptions, whatever the transport. */
export interface Connection {
  /** @returns the error to tell the client, or null */
  subscribe(request: StreamRequest): Promise<{ error: string; status: 400 | 403 } | null>;
  unsubscribe(request: StreamRequest): void;
  end(): void;
}

/** One client hears at most this many streams at once. */
const maxSubscriptions = 100;

export interface Wire {
  send(frame: Frame): void;
  /** Ends the connection; may be called more than once. */
  close(why: EndReason): void;
}

export function createConnection(
  ctx: Ctx,
  parts: { switchboard: Switchboard; ear: Ear; wire: Wire },
): Connection {
  const { switchboard, ear, wire } = parts;
  let ended = false;
  const open = new Map<string, () => void>();
  const isAllowed = (frame: Frame): boolean =>
    frame.event !== 'notification' || mayHear(ear, notificationScopes);
  const unguard = switchboard.guard(ear.tokenId, (why) => wire.close(why));
  return {
    async subscribe(request) {
      const stream = parseStream(ear.accountId, request);
      if (!stream) return { error: 'Unknown stream type', status: 400 };
      if (!mayHear(ear, stream.scopes))
        return { error: 'Access token does not have the required scopes', status: 403 };
      if (open.has(stream.channel)) return null;
      if (open.size >= maxSubscriptions) return { error: 'Too many subscriptions', status: 400 };
      if (stream.listId !== undefined && !(await ownsList(ctx, ear, stream.listId)))
        return { error: 'Not authorized to stream this list', status: 400 };
      // Whoever left meanwhile would listen for ever.
      if (ended) return null;
      const listener = {
        accountId: ear.accountId,
        send: (frame: Frame) => void (isAllowed(frame) && wire.send(frame)),
      };
      open.set(stream.channel, switchboard.listen(stream, listener));
      return null;
    },
    unsubscribe(request) {
      const channel = parseStream(ear.accountId, request)?.channel ?? '';
      open.get(channel)?.();
      open.delete(channel);
    },
    end() {
      ended = true;
      unguard();
      for (const stop of open.values()) stop();
      open.clear();
    },
  };
}

async function ownsList(ctx: Ctx, { accountId }: Ear, listId: string): Promise<boolean> {
  return (await ctx.db.lists.findOne({ _id: listId, accountId })) !== null;
}
