import { isUtf8 } from 'node:buffer';
import type { Json, JsonObject } from '../ports.js';

export interface JsonLimits {
  /** How deep containers may nest. Real activities stay below 10. */
  depth: number;
  /** How many entries (keys of objects and elements of lists) there may be in all. Real activities stay below 1,000. */
  entries: number;
}

export type ParsedObject =
  | { outcome: 'ok'; value: JsonObject }
  | {
      outcome: 'malformed';
      reason: 'not-utf8' | 'not-json' | 'not-an-object' | 'too-deep' | 'too-many-entries';
    };

/** Keys that can reach a prototype when an object is copied key by key. ActivityStreams has none of them. */
const POISON = ['__proto__', 'constructor', 'prototype'];

/**
 * Parses untrusted bytes to a JSON object. Depth and number of entries are counted over the bytes before anything is
 * built, so that a megabyte of brackets costs one cheap pass; the poisonous keys are taken out of the result.
 */
export function parseJsonObject(bytes: Buffer, limits: JsonLimits): ParsedObject {
  const excess = findExcess(bytes, limits);
  if (excess) return { outcome: 'malformed', reason: excess };
  if (!isUtf8(bytes)) return { outcome: 'malformed', reason: 'not-utf8' };
  let value: Json;
  try {
    value = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')) as Json;
  } catch {
    return { outcome: 'malformed', reason: 'not-json' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { outcome: 'malformed', reason: 'not-an-object' };
  removePoison(value);
  return { outcome: 'ok', value };
}

/** Walks over the bytes once; text in quotes does not count. Works on damaged JSON too, which fails later. */
function findExcess(bytes: Buffer, limits: JsonLimits): 'too-deep' | 'too-many-entries' | null {
  let depth = 0;
  let entries = 0;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE:
        i = endOfString(bytes, i + 1);
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > limits.depth) return 'too-deep';
        if (++entries > limits.entries) return 'too-many-entries';
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
        break;
      case COMMA:
        if (++entries > limits.entries) return 'too-many-entries';
        break;
    }
  }
  return null;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

function endOfString(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

function removePoison(root: JsonObject): void {
  const open: Json[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) for (const key of POISON) if (Object.hasOwn(value, key)) delete value[key];
    for (const inner of Object.values(value))
      if (typeof inner === 'object' && inner !== null) open.push(inner);
  }
}
