/** The event loop turns: what takes long does a part of it in each turn, so that others get theirs in between. */

/** Resolves in the next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** For many who take long at the same time: of those who wait, one goes on in each turn, first come, first served. */
export function createTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const pass = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(pass);
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(pass);
    });
}

export interface Pace {
  /** Whether no more may begin in this turn of the event loop. Who was told so is called in the next. */
  isFull(): boolean;
  begun(): void;
}

/** For what begins in bursts: so many in each turn of the event loop. `again` is called when there is room once more. */
export function createPace(most: number, again: () => void): Pace {
  let count = 0;
  let wanted = false;
  const turn = (): void => {
    const tell = wanted;
    count = 0;
    wanted = false;
    if (tell) again();
  };
  return {
    isFull: () => {
      if (count >= most) wanted = true;
      return count >= most;
    },
    begun: () => {
      if (count === 0) setImmediate(turn);
      count += 1;
    },
  };
}
