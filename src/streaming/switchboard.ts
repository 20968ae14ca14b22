import type { Ctx, HubMessage } from '../domain/ctx.js';
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

/** Connects the hub's channels to the listeners on them. Messages keep their order. */
export interface Switchboard {
  /** @returns the way to stop listening */
  listen(stream: Stream, listener: Listener): () => void;
  close(): void;
}

interface Seat {
  stream: Stream;
  listener: Listener;
}

/** Messages that wait to be rendered; beyond this the oldest are dropped, clients catch up over REST. */
const maxBacklog = 10_000;

export function createSwitchboard(ctx: Ctx): Switchboard {
  const channels = new Map<string, Set<Seat>>();
  const backlog: HubMessage[] = [];
  let running = false;

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
    const seats = message.channels.flatMap((c) => [...(channels.get(c) ?? [])]);
    if (!seats.length) return;
    const renderer = await createRenderer(ctx, message);
    for (const { stream, listener } of seats) {
      const payload = await renderer.payload(listener.accountId, stream.isPublic);
      if (payload !== null) listener.send({ stream: stream.name, event: message.event, payload });
    }
  }

  const stop = ctx.hub.subscribe((message) => {
    if (!message.channels.some((c) => channels.has(c))) return;
    if (backlog.length >= maxBacklog) backlog.shift();
    backlog.push(message);
    void drain();
  });

  return {
    listen(stream, listener) {
      const seat = { stream, listener };
      const seats = channels.get(stream.channel) ?? new Set<Seat>();
      seats.add(seat);
      channels.set(stream.channel, seats);
      return () => {
        seats.delete(seat);
        if (!seats.size) channels.delete(stream.channel);
      };
    },
    close() {
      stop();
      channels.clear();
    },
  };
}
