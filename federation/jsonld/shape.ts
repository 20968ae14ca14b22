import type { JsonObject } from '../ports.js';
import { AS_NAMESPACE } from '../vocabulary/names.js';
import { isRecord, list } from '../vocabulary/values.js';
import { CORE_TERMS } from './document-loader.js';

/**
 * `compact`: keys are the plain terms, to be read as they are. `aliased`: some keys are written in another way.
 * `restructured`: parts are moved about, so that two readers could see two documents. `too-complex`: aliased, and more
 * than we are willing to process for a stranger.
 */
export type Shape = 'compact' | 'aliased' | 'restructured' | 'too-complex';

/** Members and items of a document that is worth the slow path, and contexts that it may name in one place. */
const MAX_ALIASED_NODES = 1000;
const MAX_CONTEXTS = 32;

/** With these, parts of a document move to other places (Mastodon CVE-2026-46349, Fedify CVE-2026-42462). */
const movers = ['@graph', '@included', '@reverse', '@nest', '@import'];
const foreignKey = /^(?:_|as|ldp|toot|sec|schema|litepub|gts|misskey):|:\/\//;

/** True when `term` is another name for a term of ActivityStreams or for `@id` or `@type`. */
function isAlias(term: string, iri: string): boolean {
  if (iri === '@id') return term !== 'id';
  if (iri === '@type') return term !== 'type';
  const name = /^(?:as:|https:\/\/www\.w3\.org\/ns\/activitystreams#)(\w+)$/.exec(iri)?.[1];
  return name !== undefined && name !== term && CORE_TERMS.has(name);
}

function shapeOfContext(context: unknown): Shape {
  let shape: Shape = 'compact';
  for (const part of list(context, MAX_CONTEXTS)) {
    if (!isRecord(part)) continue;
    for (const [term, definition] of Object.entries(part)) {
      const iri = isRecord(definition) ? definition['@id'] : definition;
      const moves = isRecord(definition) && ('@reverse' in definition || '@nest' in definition);
      if (moves || movers.includes(term) || (typeof iri === 'string' && movers.includes(iri)))
        return 'restructured';
      if (typeof iri === 'string' && isAlias(term, iri)) shape = 'aliased';
    }
  }
  return shape;
}

function shapeOfKey(key: string, value: unknown): Shape {
  if (key === '@context') return shapeOfContext(value);
  if (movers.includes(key)) return 'restructured';
  return key.startsWith('@') || foreignKey.test(key) ? 'aliased' : 'compact';
}

/** Visits every value of a document, without recursion; `visit` says whether to go on, `enter` which members to enter. */
function walk(
  document: JsonObject,
  visit: (value: unknown) => boolean,
  enter: (key: string) => boolean,
): void {
  const pending: unknown[] = [document];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (!visit(value)) return;
    if (Array.isArray(value)) for (const item of value) pending.push(item ?? null);
    else if (isRecord(value)) {
      for (const [key, inner] of Object.entries(value)) if (enter(key)) pending.push(inner ?? null);
    }
  }
}

/** Members and items of a whole document with its contexts, counted no further than needed. */
function isSmall(document: JsonObject): boolean {
  let nodes = 0;
  walk(
    document,
    () => ++nodes <= MAX_ALIASED_NODES,
    () => true,
  );
  return nodes <= MAX_ALIASED_NODES;
}

/** Looks at every key of a document. */
export function shapeOf(document: JsonObject): Shape {
  const seen = new Set<Shape>();
  walk(
    document,
    (value) => {
      if (isRecord(value)) for (const [key, inner] of Object.entries(value)) seen.add(shapeOfKey(key, inner));
      return !seen.has('restructured');
    },
    (key) => key !== '@context',
  );
  if (seen.has('restructured')) return 'restructured';
  if (!seen.has('aliased')) return 'compact';
  return isSmall(document) ? 'aliased' : 'too-complex';
}

/** True when a context names ActivityStreams, in any of the spellings in use. */
export const namesActivityStreams = (context: unknown): boolean =>
  list(context, MAX_CONTEXTS).some(
    (part) =>
      typeof part === 'string' &&
      part.replace(/^http:/, 'https:').replace(/(?:#|\.jsonld)$/, '') === AS_NAMESPACE,
  );
