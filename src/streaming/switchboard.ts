import type { Ctx, HubMessage } from '../domain/ctx.js';
import { tokenChannel } from '../domain/tokens.js';
import { createPlaces, type Places } from './places.js';
import { createRenderer } from './render.js';
import type { Stream } from './streams.js';

export interface Frame {
  stream: string[];
  event: string;
  payload: string;
}

/** One connection's ear: `send` must not block; a slow reader is the connection's own problem to end. */
export interface Listener {
  accountId: string;
  send(frame: Frame): void;
}

/** Why a connection is ended from here: its token died, or the server stops. */
export type EndReason = 'revoked' | 'stopping';

/** Connects the hub's channels to the listeners on them. Messages keep their order. */
export interface Switchboard {
  /** @returns the way to stop listening */
  listen(stream: Stream, listener: Listener): () => void;
  /** Calls `end` once when the token is revoked or the server stops. @returns the way to forget it */
  guard(tokenId: string, end: (why: EndReason) => void): () => void;
  /** Who may connect, besides those who are connected. */
  places: Places;
  close(): void;
}

interface Seat {
  stream: Stream;
  listener: Listener;
}

/** Messages that wait to be rendered; beyond this the oldest are dropped, clients catch up over REST. */
const maxBacklog = 10_000;

export function createSwitchboard(ctx: Ctx): Switchboard {
  const seats = createGroups<Seat>();
  const guards = createGroups<(why: EndReason) => void>();
  const backlog: HubMessage[] = [];
  let running = false;
  let closed = false;

  async function drain(): Promise<void> {
    if (running) return;
    running = true;
    for (let message = backlog.shift(); message; message = backlog.shift()) {
      await deliver(message).catch((error: unknown) =>
        ctx.log.error({ err: error }, 'a streaming message could not be rendered'),
      );
    }
    running = false;
  }

  async function deliver(message: HubMessage): Promise<void> {
    const reached = message.channels.flatMap((c) => [...seats.of(c)]);
    if (!reached.length) return;
    const audience = reached.map((s) => ({ viewerId: s.listener.accountId, isPublic: s.stream.isPublic }));
    const renderer = await createRenderer(ctx, message, audience);
    for (const { stream, listener } of reached) {
      const payload = await renderer.payload(listener.accountId, stream.isPublic);
      if (payload !== null) listener.send({ stream: stream.name, event: message.event, payload });
    }
  }

  const stop = ctx.hub.subscribe((message) => {
    for (const channel of message.channels) for (const end of guards.of(channel)) end('revoked');
    if (!message.channels.some((c) => seats.of(c).size)) return;
    if (backlog.length >= maxBacklog) backlog.shift();
    backlog.push(message);
    void drain();
  });

  const { streamsPerAccount: perAccount, streamsPerAddress: perAddress } = ctx.settings;
  return {
    places: createPlaces({ perAccount, perAddress }),
    listen: (stream, listener) => {
      const seat = { stream, listener };
      const leave = [stream.channel, ...(stream.also ?? [])].map((channel) => seats.add(channel, seat));
      return () => {
        for (const stop of leave) stop();
      };
    },
    guard: (tokenId, end) => {
      if (closed) end('stopping');
      return guards.add(tokenChannel(tokenId), end);
    },
    close() {
      closed = true;
      stop();
      backlog.length = 0;
      for (const end of guards.all()) end('stopping');
    },
  };
}

/** Members by channel; a channel without members leaves nothing behind. */
function createGroups<T>(): {
  of(channel: string): ReadonlySet<T>;
  all(): T[];
  add(channel: string, member: T): () => void;
} {
  const nobody: ReadonlySet<T> = new Set();
  const groups = new Map<string, Set<T>>();
  return {
    of: (channel) => groups.get(channel) ?? nobody,
    all: () => [...groups.values()].flatMap((members) => [...members]),
    add: (channel, member) => {
      const members = groups.get(channel) ?? new Set<T>();
      members.add(member);
      groups.set(channel, members);
      return () => {
        members.delete(member);
        if (!members.size && groups.get(channel) === members) groups.delete(channel);
      };
    },
  };
}
