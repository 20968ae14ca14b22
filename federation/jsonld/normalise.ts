import type { Json, JsonObject } from '../ports.js';
import { AS_NAMESPACE } from '../vocabulary/names.js';
import { idOf, isRecord, list, ownIdOf } from '../vocabulary/values.js';
import { createCompacter, type Compact } from './apex.js';
import { namesActivityStreams, shapeOf } from './shape.js';

export type Normalised =
  | {
      outcome: 'ok';
      document: JsonObject;
      /**
       * `fast`: it had our shape already. `slow`: what JSON-LD processing made of it. `as-sent`: it should have been
       * processed, but is no valid JSON-LD or came out as something else; the readers make of it what they can.
       */
      path: 'fast' | 'slow' | 'as-sent';
    }
  | { outcome: 'refused'; reason: 'restructured' | 'too-complex' };

export type Normalise = (json: JsonObject) => Promise<Normalised>;

/** Contexts as the processor can use them: ActivityStreams first where it is missing, nothing that is no URL. */
function withUsableContext(document: JsonObject): JsonObject {
  const parts = list(document['@context'], 32) as Json[];
  const context = parts.filter((part) => (typeof part === 'string' ? URL.canParse(part) : isRecord(part)));
  return { ...document, '@context': namesActivityStreams(context) ? context : [AS_NAMESPACE, ...context] };
}

/** Processing must not turn a document into another one: the id and actor that were checked are the ones it has. */
function isSameThing(before: JsonObject, after: JsonObject): boolean {
  const id = ownIdOf(before);
  const actor = before['actor'] === undefined ? null : idOf(before['actor']);
  return (id === null || ownIdOf(after) === id) && (actor === null || idOf(after['actor']) === actor);
}

/**
 * Makes `normalise`, which gives every document the compact shape that the readers of `vocabulary/` expect. Nearly all
 * documents have it already and are handed back as they are. Those whose keys are written another way (`as:object`,
 * `@id`, full IRIs, aliases declared in their context) go through activitypub-express' JSON-LD processing, within
 * limits, with bundled contexts only. Documents that move their parts about (`@graph`, `@included`, `@reverse`) are
 * refused. Never throws. Go on with the returned document only, so that what is checked is what is used.
 */
export function createNormaliser(): Normalise {
  let compacter: Promise<Compact> | null = null;

  return async (json) => {
    const shape = shapeOf(json);
    if (shape === 'compact') return { outcome: 'ok', document: json, path: 'fast' };
    if (shape !== 'aliased') return { outcome: 'refused', reason: shape };
    try {
      const compact = await (compacter ??= createCompacter());
      // The processor writes into what it is given.
      const processed = await compact(withUsableContext(structuredClone(json)));
      if (isRecord(processed)) {
        const document = { ...processed, '@context': AS_NAMESPACE } as JsonObject;
        if (isSameThing(json, document)) return { outcome: 'ok', document, path: 'slow' };
      }
    } catch {
      // Two contexts in use are no valid JSON-LD (Pixelfed's capabilities, BookWyrm's articles).
    }
    return { outcome: 'ok', document: json, path: 'as-sent' };
  };
}
