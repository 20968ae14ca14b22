import type { Json, JsonObject } from '../ports.js';
import { AS_NAMESPACE } from '../vocabulary/names.js';
import { toUrl } from '../vocabulary/url.js';
import { idOf, isRecord, list, ownIdOf } from '../vocabulary/values.js';
import { toCompact } from './apex.js';
import { namesActivityStreams, shapeOf } from './shape.js';

export interface Normalised {
  document: JsonObject;
  /**
   * How it got its shape. `fast`: it had it already. `processed`: by a JSON-LD processor. `as-sent`: it should have been
   * processed, but is no valid JSON-LD, too complex, moves its parts about, or came out as something else; it is read
   * as plain JSON, for what that is worth.
   */
  path: 'fast' | 'processed' | 'as-sent';
}

/** Contexts as the processor can use them: ActivityStreams first where it is missing, nothing that is no URL. */
function withUsableContext(document: JsonObject): JsonObject {
  const parts = list(document['@context'], 32) as Json[];
  const context = parts.filter((part) => (typeof part === 'string' ? toUrl(part) !== null : isRecord(part)));
  return { ...document, '@context': namesActivityStreams(context) ? context : [AS_NAMESPACE, ...context] };
}

/** Processing must not turn a document into another one: the id and actor that were checked are the ones it has. */
function isSameThing(before: JsonObject, after: JsonObject): boolean {
  const id = ownIdOf(before);
  const actor = before['actor'] === undefined ? null : idOf(before['actor']);
  return (id === null || ownIdOf(after) === id) && (actor === null || idOf(after['actor']) === actor);
}

async function process(json: JsonObject): Promise<JsonObject | null> {
  try {
    // The processor writes into what it is given.
    const processed = await toCompact(withUsableContext(structuredClone(json)));
    if (!isRecord(processed)) return null;
    const document = { ...processed, '@context': AS_NAMESPACE } as JsonObject;
    return isSameThing(json, document) ? document : null;
  } catch {
    // Two contexts in use are no valid JSON-LD (Pixelfed's capabilities, BookWyrm's articles).
    return null;
  }
}

/**
 * Gives a document the compact shape that the readers of `vocabulary/` expect. Nearly all documents have it already and
 * are handed back as they are. Those whose keys are written another way (`as:object`, `@id`, full IRIs, aliases declared
 * in their context) go through activitypub-express' JSON-LD processing, within limits, with bundled contexts only.
 * Documents that move their parts about (`@graph`, `@included`, `@reverse`) never do. Never throws. Whoever calls goes
 * on with the returned document only, and compares its actor with the one whose signature was verified.
 */
export async function normalise(json: JsonObject): Promise<Normalised> {
  const shape = shapeOf(json);
  if (shape === 'compact') return { document: json, path: 'fast' };
  const processed = shape === 'aliased' ? await process(json) : null;
  return processed ? { document: processed, path: 'processed' } : { document: json, path: 'as-sent' };
}
