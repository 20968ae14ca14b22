import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJsonObject } from '../../../federation/vocabulary/json.js';

const parse = (text: string, limits = {}) => parseJsonObject(text, limits);
const reason = (text: string | Uint8Array, limits = {}) => {
  const parsed = parseJsonObject(text, limits);
  return parsed.outcome === 'invalid' ? parsed.reason : 'ok';
};

describe('parseJsonObject', () => {
  test('reads an object, and skips a byte order mark', () => {
    expect(parse('{"a":[1,{"b":"ü"}]}')).toEqual({ outcome: 'ok', value: { a: [1, { b: 'ü' }] } });
    expect(reason(Buffer.from('\ufeff{"a":1}'))).toBe('ok');
  });

  test.each([
    ['syntax', '{"a":'],
    ['syntax', ''],
    ['syntax', '{"a":NaN}'],
    ['not-an-object', '[]'],
    ['not-an-object', '"text"'],
    ['not-an-object', 'null'],
    ['not-an-object', '7'],
  ])('refuses with %s: %s', (expected, text) => {
    expect(reason(text)).toBe(expected);
  });

  test('refuses bytes that are no UTF-8, and UTF-16', () => {
    expect(reason(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBe('encoding');
    expect(reason(Buffer.from('{"a":1}', 'utf16le'))).not.toBe('ok');
  });

  test('IN_DEEP: a hundred thousand brackets are refused before anything is built', () => {
    expect(reason('['.repeat(100_000))).toBe('too-deep');
    expect(reason(`{"a":${'{"object":'.repeat(10_000)}1${'}'.repeat(10_001)}`)).toBe('too-deep');
    expect(reason('{"a":[[[]]]}', { maxDepth: 4 })).toBe('ok');
    expect(reason('{"a":[[[]]]}', { maxDepth: 3 })).toBe('too-deep');
  });

  test('brackets and commas inside of texts do not count', () => {
    expect(reason(`{"a":"${'[{,'.repeat(1000)}\\"${'['.repeat(100)}"}`, { maxNodes: 10 })).toBe('ok');
  });

  test('IN_WIDE: too many members, too many bytes', () => {
    expect(reason(`{"a":[${'1,'.repeat(50)}1]}`, { maxNodes: 20 })).toBe('too-wide');
    expect(reason('{"a":"12345678901"}', { maxBytes: 12 })).toBe('too-large');
    expect(reason(`{"a":"${'ü'.repeat(600_000)}"}`)).toBe('too-large');
  });

  test('LD_PROTO: no name reaches a prototype, however it is written', () => {
    const hostile = [
      '{"__proto__":{"isAdmin":true},"a":{"__proto__":{"isAdmin":true}}}',
      '{"\\u005f\\u005fproto__":{"isAdmin":true}}',
      '{"a":[{"constructor":{"prototype":{"isAdmin":true}}}]}',
    ];
    for (const text of hostile) {
      const parsed = parse(text);
      if (parsed.outcome !== 'ok') throw new Error(parsed.reason);
      const copy = Object.assign({}, parsed.value, structuredClone(parsed.value)) as Record<string, unknown>;
      expect(copy['isAdmin']).toBeUndefined();
      expect(JSON.stringify(parsed.value)).not.toContain('isAdmin');
    }
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  test('a text that only mentions such a name is kept', () => {
    expect(parse('{"content":"about __proto__"}')).toEqual({
      outcome: 'ok',
      value: { content: 'about __proto__' },
    });
  });

  test('SIG_DUP_KEYS: of a repeated name the last counts', () => {
    expect(parse('{"actor":"a","actor":"b"}')).toEqual({ outcome: 'ok', value: { actor: 'b' } });
  });

  test('agrees with JSON.parse on every object within the limits', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (value) => {
        const text = JSON.stringify(value);
        const parsed = parse(text);
        const plain = JSON.parse(text) as Record<string, unknown>;
        if (/__proto__|constructor|prototype/.test(text)) return parsed.outcome === 'ok';
        expect(parsed).toEqual({ outcome: 'ok', value: plain });
        return true;
      }),
    );
  });

  test('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        ['ok', 'invalid'].includes(parseJsonObject(bytes).outcome),
      ),
    );
  });
});
