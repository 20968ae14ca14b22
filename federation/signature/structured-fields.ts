/**
 * Structured fields (RFC 8941), as much as HTTP message signatures need: dictionaries of items and inner lists.
 * Stricter than the RFC in one point: a key that comes twice is refused instead of letting the last one win, because
 * two readers of one request must not see two different things.
 */

import { parseBase64 } from './base64.js';

export type BareItem =
  | { type: 'integer'; value: number }
  | { type: 'decimal'; value: number }
  | { type: 'string'; value: string }
  | { type: 'token'; value: string }
  | { type: 'bytes'; value: Buffer }
  | { type: 'boolean'; value: boolean };
export type Parameters = ReadonlyMap<string, BareItem>;
export interface Item {
  kind: 'item';
  value: BareItem;
  parameters: Parameters;
}
export interface InnerList {
  kind: 'list';
  items: readonly Item[];
  parameters: Parameters;
}
export type Dictionary = ReadonlyMap<string, Item | InnerList>;

/** Node caps all headers of a request at 16 KiB; these bounds keep the parser honest for other callers. */
const MAX_LENGTH = 16_384;
const MAX_MEMBERS = 32;
const MAX_ITEMS = 64;

interface Cursor {
  readonly text: string;
  at: number;
}

/** Thrown inside this file only; `parseDictionary` turns it into null. */
class Malformed extends Error {}

/** Reads a dictionary field; null when it is malformed or over the bounds. Runs in one pass without backtracking. */
export function parseDictionary(text: string): Dictionary | null {
  if (text.length > MAX_LENGTH) return null;
  try {
    return readDictionary({ text: text.trim(), at: 0 });
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

/** Writes an inner list with its parameters in canonical form (RFC 8941 section 4.1.1.1). */
export function serialiseInnerList(list: InnerList): string {
  const items = list.items.map((item) => serialiseItem(item.value) + serialiseParameters(item.parameters));
  return `(${items.join(' ')})${serialiseParameters(list.parameters)}`;
}

/** Writes a string item: quoted, with `"` and `\` escaped. */
export function serialiseString(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function serialiseParameters(parameters: Parameters): string {
  let text = '';
  for (const [key, value] of parameters) {
    text += value.type === 'boolean' && value.value ? `;${key}` : `;${key}=${serialiseItem(value)}`;
  }
  return text;
}

function serialiseItem(item: BareItem): string {
  switch (item.type) {
    case 'string':
      return serialiseString(item.value);
    case 'bytes':
      return `:${item.value.toString('base64')}:`;
    case 'boolean':
      return item.value ? '?1' : '?0';
    case 'decimal':
      return Number.isInteger(item.value) ? `${item.value}.0` : String(item.value);
    default:
      return String(item.value);
  }
}

function readDictionary(cursor: Cursor): Dictionary {
  const members = new Map<string, Item | InnerList>();
  while (cursor.at < cursor.text.length) {
    const key = readKey(cursor);
    if (members.has(key) || members.size >= MAX_MEMBERS) throw new Malformed();
    members.set(key, take(cursor, '=') ? readMember(cursor) : flag(cursor));
    skip(cursor, ' \t');
    if (cursor.at === cursor.text.length) return members;
    if (!take(cursor, ',')) throw new Malformed();
    skip(cursor, ' \t');
    if (cursor.at === cursor.text.length) throw new Malformed();
  }
  return members;
}

function flag(cursor: Cursor): Item {
  return { kind: 'item', value: { type: 'boolean', value: true }, parameters: readParameters(cursor) };
}

function readMember(cursor: Cursor): Item | InnerList {
  if (!take(cursor, '(')) return readItem(cursor);
  const items: Item[] = [];
  for (;;) {
    skip(cursor, ' ');
    if (take(cursor, ')')) return { kind: 'list', items, parameters: readParameters(cursor) };
    if (items.length >= MAX_ITEMS) throw new Malformed();
    items.push(readItem(cursor));
    const next = cursor.text[cursor.at];
    if (next !== ' ' && next !== ')') throw new Malformed();
  }
}

function readItem(cursor: Cursor): Item {
  const value = readBareItem(cursor);
  return { kind: 'item', value, parameters: readParameters(cursor) };
}

function readParameters(cursor: Cursor): Parameters {
  const parameters = new Map<string, BareItem>();
  while (take(cursor, ';')) {
    skip(cursor, ' ');
    const key = readKey(cursor);
    if (parameters.has(key) || parameters.size >= MAX_MEMBERS) throw new Malformed();
    parameters.set(key, take(cursor, '=') ? readBareItem(cursor) : { type: 'boolean', value: true });
  }
  return parameters;
}

function readKey(cursor: Cursor): string {
  return match(cursor, /[a-z*][a-z0-9_\-.*]*/y);
}

function readBareItem(cursor: Cursor): BareItem {
  const first = cursor.text[cursor.at] ?? '';
  if (first === '"') return { type: 'string', value: readString(cursor) };
  if (first === ':') return { type: 'bytes', value: readBytes(cursor) };
  if (first === '?') return { type: 'boolean', value: match(cursor, /\?[01]/y) === '?1' };
  if (first === '-' || (first >= '0' && first <= '9')) return readNumber(cursor);
  return { type: 'token', value: match(cursor, /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y) };
}

function readNumber(cursor: Cursor): BareItem {
  const text = match(cursor, /-?\d{1,15}(?:\.\d{1,3})?/y);
  if (!text.includes('.')) return { type: 'integer', value: Number(text) };
  if (text.replace('-', '').indexOf('.') > 12) throw new Malformed();
  return { type: 'decimal', value: Number(text) };
}

function readString(cursor: Cursor): string {
  const quoted = match(cursor, /"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y);
  return quoted.slice(1, -1).replace(/\\(["\\])/g, '$1');
}

function readBytes(cursor: Cursor): Buffer {
  const close = cursor.text.indexOf(':', cursor.at + 1);
  const bytes = close < 0 ? null : parseBase64(cursor.text.slice(cursor.at + 1, close));
  if (!bytes) throw new Malformed();
  cursor.at = close + 1;
  return bytes;
}

/** Matches a sticky pattern at the cursor and moves behind it. Patterns have no nested or adjacent repetition. */
function match(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0];
  if (found === undefined) throw new Malformed();
  cursor.at += found.length;
  return found;
}

function take(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at++;
  return true;
}

function skip(cursor: Cursor, characters: string): void {
  while (cursor.at < cursor.text.length && characters.includes(cursor.text[cursor.at] ?? '')) cursor.at++;
}
