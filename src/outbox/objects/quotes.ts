import type { Json, JsonObject } from '../../../federation/ports.js';
import { toActivity } from '../../../federation/vocabulary/build.js';
import { PUBLIC } from '../../../federation/vocabulary/names.js';
import type { Account } from '../../model/account.js';
import type { QuoteApproval } from '../../model/status.js';

/** Consent to quotes: FEP-044f. Without `@context`. */

type Actor = Pick<Account, 'uri'>;

/** The stamp: its presence under its IRI is the consent. */
export function toQuoteAuthorization(
  owner: Actor,
  approval: Pick<QuoteApproval, 'uri' | 'quotingUri'>,
  quotedUri: string,
): JsonObject {
  return {
    id: approval.uri,
    type: 'QuoteAuthorization',
    attributedTo: owner.uri,
    interactingObject: approval.quotingUri,
    interactionTarget: quotedUri,
  };
}

/**
 * Asks the quoted author. The quoting object is embedded: whoever is asked for consent may see what for, and could not
 * fetch one that is for followers only.
 */
export function toQuoteRequest(
  actor: Actor,
  { uri, quotedUri, quotedAuthor, note }: { uri: string; quotedUri: string; quotedAuthor: Actor; note: Json },
): JsonObject {
  return toActivity({
    id: uri,
    type: 'QuoteRequest',
    actor: actor.uri,
    object: quotedUri,
    to: [quotedAuthor.uri],
    extra: { instrument: note },
  });
}

export interface QuoteAnswer {
  /** The quoted author. */
  owner: Actor;
  quotedUri: string;
  request: { uri: string; actorUri: string; quotingUri: string };
  /** Null refuses. */
  approval: Pick<QuoteApproval, 'uri'> | null;
  /** Tells this answer from another to the same request. */
  mark: string;
}

export function toQuoteAnswer({ owner, quotedUri, request, approval, mark }: QuoteAnswer): JsonObject {
  const type = approval ? 'Accept' : 'Reject';
  const object = {
    id: request.uri,
    type: 'QuoteRequest',
    actor: request.actorUri,
    object: quotedUri,
    instrument: request.quotingUri,
  };
  return toActivity({
    id: `${owner.uri}#${type.toLowerCase()}s/quotes/${mark}`,
    type,
    actor: owner.uri,
    object,
    to: [request.actorUri],
    ...(approval && { extra: { result: approval.uri } }),
  });
}

/** Takes consent back: the stamp is no more. */
export function toStampDelete(owner: Actor, stamp: JsonObject & { id: string }): JsonObject {
  return toActivity({
    id: `${stamp.id}#delete`,
    type: 'Delete',
    actor: owner.uri,
    object: stamp,
    to: [PUBLIC],
  });
}
