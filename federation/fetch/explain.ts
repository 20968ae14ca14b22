import type { HttpOutcome } from './outcome.js';

/** Why a document could not be had, in words that say what to do about it. */
export interface LoadFailure {
  /** `unavailable` may be better later; the others are answers. */
  outcome: 'gone' | 'not-found' | 'refused' | 'unavailable' | 'invalid';
  reason: string;
}

/** Failures that lie in the answer itself: asking again brings the same. */
const permanent = ['too-large', 'encoding', 'protocol'];

/** What an outcome means for whoever wanted a document; null for a 2xx answer. */
export function explainFailure(outcome: HttpOutcome): LoadFailure | null {
  const failure = (word: LoadFailure['outcome'], reason: string): LoadFailure => ({ outcome: word, reason });
  if (outcome.outcome === 'refused') {
    return failure(outcome.reason === 'content-type' ? 'invalid' : 'refused', outcome.reason);
  }
  if (outcome.outcome === 'failed') {
    return failure(permanent.includes(outcome.reason) ? 'invalid' : 'unavailable', outcome.reason);
  }
  const { status } = outcome;
  if (status >= 200 && status < 300) return null;
  if (status === 404) return failure('not-found', 'status 404');
  if (status === 410) return failure('gone', 'status 410');
  if (status >= 500 || status === 408 || status === 429) return failure('unavailable', `status ${status}`);
  return failure('refused', `status ${status}`);
}
