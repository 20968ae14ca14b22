import type { Json, JsonObject } from '../ports.js';
import { toCompact } from './apex.js';

export interface Normalised {
  document: JsonObject;
  /** How it got its shape. */
  path: 'fast' | 'processed' | 'as-sent';
}

/** Documents with more than this are read as they are: JSON-LD processing costs more than it could tell. */
const maxNodes = 2_000;

/**
 * The compact shape that our readers expect. Almost everything that is sent has it already and is used as it is. What is
 * spelled with prefixes, expanded IRIs, `@value` or `@graph` goes through a JSON-LD processor that never touches the
 * network; what that cannot read stays as it was sent, for the readers to make of it what they can. Never throws.
 */
export async function normalise(document: JsonObject): Promise<Normalised> {
  const shape = inspect(document);
  if (shape === 'compact') return { document, path: 'fast' };
  if (shape === 'too-large') return { document, path: 'as-sent' };
  try {
    const compact = await toCompact(document);
    if (isObject(compact) && isSameThing(document, compact)) {
      delete compact['@context'];
      return { document: compact, path: 'processed' };
    }
  } catch {
    // Two contexts in use are no valid JSON-LD (Pixelfed's capabilities, BookWyrm's articles): read them as JSON.
  }
  return { document, path: 'as-sent' };
}

/** Does any key need a JSON-LD processor? Without recursion; contexts are not looked into. */
function inspect(document: JsonObject): 'compact' | 'foreign' | 'too-large' {
  const stack: Json[] = [document];
  let foreign = false;
  for (let nodes = 0; stack.length; nodes += 1) {
    if (nodes > maxNodes) return foreign ? 'too-large' : 'compact';
    const node = stack.pop();
    if (Array.isArray(node)) stack.push(...node);
    else if (isObject(node)) {
      for (const [key, value] of Object.entries(node)) {
        if (key === '@context' || key.endsWith('Map')) continue;
        if (isForeign(key, value)) foreign = true;
        stack.push(value);
      }
    }
  }
  return foreign ? 'foreign' : 'compact';
}

/** `as:Note`, `https://www.w3.org/ns/activitystreams#object`, `@value` …; `@id` and `@type` are read as they are. */
function isForeign(key: string, value: Json): boolean {
  if (key.startsWith('@')) return key !== '@id' && key !== '@type';
  if (key === 'type' || key === '@type') return false;
  return /^(?:as|https?|_):/.test(key) || (isObject(value) && '@value' in value);
}

/** Processing must not turn a document into another one: the ids that it was sent with are the ids it has. */
function isSameThing(before: JsonObject, after: JsonObject): boolean {
  const id = before['id'] ?? before['@id'];
  return id === undefined || id === after['id'];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
