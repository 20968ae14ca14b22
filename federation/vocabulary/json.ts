import { LIMITS } from './limits.js';
import type { Json, JsonObject } from '../ports.js';

export interface JsonLimits {
  maxBytes: number;
  maxDepth: number;
  /** Members and items, all levels together. */
  maxNodes: number;
}

export type ParsedJson =
  | { outcome: 'ok'; value: JsonObject }
  | {
      outcome: 'invalid';
      reason: 'too-large' | 'too-deep' | 'too-wide' | 'encoding' | 'syntax' | 'not-an-object';
    };

const defaults: JsonLimits = {
  maxBytes: LIMITS.documentBytes,
  maxDepth: LIMITS.documentDepth,
  maxNodes: LIMITS.documentNodes,
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const [OPEN_BRACE, CLOSE_BRACE] = [0x7b, 0x7d];
const [OPEN_BRACKET, CLOSE_BRACKET] = [0x5b, 0x5d];

/** Counts depth and separators before anything is built, so that a hostile document costs one pass over its bytes. */
function measure(bytes: Uint8Array, { maxDepth, maxNodes }: JsonLimits): 'ok' | 'too-deep' | 'too-wide' {
  let depth = 0;
  let nodes = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) i = endOfText(bytes, i + 1);
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > maxDepth) return 'too-deep';
      if (++nodes > maxNodes) return 'too-wide';
    } else if (byte === COMMA && ++nodes > maxNodes) return 'too-wide';
  }
  return 'ok';
}

/** Where the quote is that ends the text which begins at `from`. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** Names with which a later merge or a careless lookup could reach a prototype. No vocabulary uses them. */
const forbiddenKeys = ['__proto__', 'constructor', 'prototype'];
/** A forbidden name can hide behind escapes of ASCII characters only. */
const mayHoldForbidden = /__proto__|constructor|prototype|\\u00/;
const decoder = new TextDecoder('utf-8', { fatal: true });

function dropForbiddenKeys(root: Json): void {
  const pending: Json[] = [root];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (value === null || typeof value !== 'object') continue;
    if (Array.isArray(value)) {
      for (const item of value) pending.push(item);
      continue;
    }
    for (const key of forbiddenKeys) if (Object.hasOwn(value, key)) delete value[key];
    for (const key of Object.keys(value)) pending.push(value[key] ?? null);
  }
}

/**
 * Parses untrusted bytes (or text) into a JSON object. Strict UTF-8 (a leading BOM is skipped), bounded in size, depth
 * and number of members; never recurses over the input and never throws. `__proto__`, `constructor` and `prototype`
 * members are dropped. Where a name occurs twice the last one counts, for every reader alike (RFC 8259 section 4).
 */
export function parseJsonObject(input: Uint8Array | string, limits: Partial<JsonLimits> = {}): ParsedJson {
  const bounds = { ...defaults, ...limits };
  const bytes = typeof input === 'string' ? Buffer.from(input, 'utf8') : input;
  if (bytes.byteLength > bounds.maxBytes) return { outcome: 'invalid', reason: 'too-large' };
  const size = measure(bytes, bounds);
  if (size !== 'ok') return { outcome: 'invalid', reason: size };
  let source: string;
  try {
    source = decoder.decode(bytes);
  } catch {
    return { outcome: 'invalid', reason: 'encoding' };
  }
  let value: Json;
  try {
    value = JSON.parse(source) as Json;
  } catch {
    return { outcome: 'invalid', reason: 'syntax' };
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { outcome: 'invalid', reason: 'not-an-object' };
  }
  if (mayHoldForbidden.test(source)) dropForbiddenKeys(value);
  return { outcome: 'ok', value };
}
