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
/** How all but a few keys are written: nothing that a context could mean otherwise here. */
const plainKey = /^[A-Za-z]\w*$/;
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
  if (plainKey.test(key)) return 'compact';
  if (key === '@context') return shapeOfContext(value);
  if (movers.includes(key)) return 'restructured';
  return key.startsWith('@') || foreignKey.test(key) ? 'aliased' : 'compact';
}

/** Members and items of a whole document with its contexts, counted no further than needed. */
function isSmall(document: JsonObject): boolean {
  let nodes = 1;
  const pending: object[] = [document];
  for (let value = pending.pop(); value && nodes <= MAX_ALIASED_NODES; value = pending.pop()) {
    const inner: unknown[] = Object.values(value);
    nodes += inner.length;
    for (const part of inner) if (isContainer(part)) pending.push(part);
  }
  return nodes <= MAX_ALIASED_NODES;
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Looks at every key of a document, without recursion. */
export function shapeOf(document: JsonObject): Shape {
  let shape: Shape = 'compact';
  const pending: unknown[] = [document];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (Array.isArray(value)) for (const item of value) pending.push(item ?? null);
    if (!isRecord(value)) continue;
    for (const key of Object.keys(value)) {
      const inner = value[key];
      const found = shapeOfKey(key, inner);
      if (found === 'restructured') return found;
      if (found === 'aliased') shape = found;
      if (key !== '@context' && isContainer(inner)) pending.push(inner);
    }
  }
  return shape === 'compact' || isSmall(document) ? shape : 'too-complex';
}

/** True when a context names ActivityStreams, in any of the spellings in use. */
export const namesActivityStreams = (context: unknown): boolean =>
  list(context, MAX_CONTEXTS).some(
    (part) =>
      typeof part === 'string' &&
      part.replace(/^http:/, 'https:').replace(/(?:#|\.jsonld)$/, '') === AS_NAMESPACE,
  );
