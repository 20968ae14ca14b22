import type { Stage } from './stage.js';

/** What a row needs of the target before it can be asked. */
export type Need =
  /** Somebody with an inbox. */
  | 'actor'
  /** A valid activity of a peer on loopback is taken: otherwise a refusal would prove nothing. */
  | 'takes'
  /** Mastodon's client API. */
  | 'api'
  /** A token of somebody there. */
  | 'token';

/** A row of the catalogue that can be seen from outside. */
export interface Row {
  id: number;
  name: string;
  needs: readonly Need[];
  /** Waits for time-outs of the target: such rows run beside each other, at the end. */
  slow?: boolean;
  /** Throws Failed, NotApplicable or CouldNotAsk; otherwise the row has passed. */
  run(stage: Stage): Promise<void>;
}

export type Outcome = 'passed' | 'failed' | 'not applicable' | 'could not be asked';

export interface Result {
  id: number;
  name: string;
  group: string;
  outcome: Outcome;
  reason: string;
}

export class Failed extends Error {}
/** The target has nothing of the kind; the reason says what. */
export class NotApplicable extends Error {}
/** It may be there, but it could not be found out; the reason says why. */
export class CouldNotAsk extends Error {}

/** Groups by the id of their first row. */
const groups: readonly (readonly [number, string])[] = [
  [1, 'A. Request signatures and keys (inbound)'],
  [44, 'B. Identity, ownership and authority of activities'],
  [95, 'C. JSON-LD and embedded signatures'],
  [105, 'D. Outbound fetches: SSRF, redirects, slow and oversized peers'],
  [130, 'E. WebFinger and discovery'],
  [140, 'F. Inbox resource exhaustion and hostile structures'],
  [169, 'G. Visibility, caching and information leaks'],
  [197, 'H. Content: HTML, URLs and text'],
  [217, 'I. Media'],
  [236, 'J. OAuth, sessions, log-in, rate limits, web surface'],
  [279, 'K. Streaming and push'],
  [288, 'L. Node, Express and transport'],
];

export const groupOf = (id: number): string => groups.findLast(([first]) => first <= id)?.[1] ?? '';

export const row = (id: number, name: string, needs: readonly Need[], run: Row['run']): Row => ({
  id,
  name,
  needs,
  run,
});
