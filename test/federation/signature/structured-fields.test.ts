import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  parseDictionary,
  serialiseInnerList,
  serialiseString,
} from '../../../federation/signature/structured-fields.js';
import { cpuTime } from '../../support/cpu.js';

/** The first member as an inner list, written back. */
function rewrite(text: string): string | null {
  const member = [...(parseDictionary(text) ?? [])][0]?.[1];
  return member?.kind === 'list' ? serialiseInnerList(member) : null;
}

describe('dictionaries (RFC 8941)', () => {
  test.each([
    [
      'sig1=("@method" "content-digest");created=1;keyid="a"',
      '("@method" "content-digest");created=1;keyid="a"',
    ],
    ['sig1=( "a"   "b" ); created=1 ', '("a" "b");created=1'],
    ['sig1=()', '()'],
    ['sig1=("a";sf "b";key="c");x=?1;y=?0', '("a";sf "b";key="c");x;y=?0'],
    [
      'sig1=("a\\"b\\\\");n=-12;d=1.50;d2=2.0;t=to/ken;b=:AAEC:',
      '("a\\"b\\\\");n=-12;d=1.5;d2=2.0;t=to/ken;b=:AAEC:',
    ],
    ['a=("x"), b=1', '("x")'],
  ])('%s', (text, written) => {
    expect(rewrite(text)).toBe(written);
  });

  test('items, flags and several members', () => {
    const members = parseDictionary('a, b=?0;x ,\tc=:AQ==:, d="e"');
    expect([...(members ?? [])].map(([key, m]) => [key, m.kind === 'item' ? m.value.value : m.kind])).toEqual(
      [
        ['a', true],
        ['b', false],
        ['c', Buffer.from([1])],
        ['d', 'e'],
      ],
    );
  });

  test.each([
    'A=1',
    '=1',
    'a=',
    'a=1,',
    'a=1 b=2',
    'a=1,,b=2',
    'a=1, a=2',
    'a=();x=1;x=2',
    'a=("b',
    'a=("b"',
    'a=("b""c")',
    'a="b',
    'a="\\n"',
    'a="é"',
    'a=:AA:',
    'a=:A===:',
    'a=:AQ==',
    'a=?2',
    'a=1234567890123456',
    'a=1.2345',
    'a=1.',
    'a=-',
    'a=1234567890123.1',
    'a=(b c;)',
    'a=@1659578233',
    `a=("${'x" "'.repeat(70)}")`,
    Array.from({ length: 40 }, (_, i) => `k${i}`).join(','),
    'a'.repeat(20_000),
  ])('refuses %#', (text) => {
    expect(parseDictionary(text)).toBeNull();
  });

  test('never throws, and what it reads of a list it writes so that it reads it again', () => {
    const pieces = fc.constantFrom(
      'a',
      'b1',
      '=',
      '(',
      ')',
      '"',
      '\\',
      ';',
      ',',
      ' ',
      ':AQ==:',
      '?1',
      '1',
      '.5',
      '-',
      'x="y"',
      '("a" "b");c=1',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 20 }).map((p) => p.join('')),
    );
    fc.assert(
      fc.property(text, (t) => {
        const written = rewrite(t);
        if (written !== null) expect(rewrite(`x=${written}`)).toBe(written);
      }),
      { numRuns: 1000 },
    );
  });

  test('any printable string comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (s) => {
        const member = parseDictionary(`k=${serialiseString(s)}`)?.get('k');
        expect(member?.kind === 'item' ? member.value.value : null).toBe(s);
      }),
    );
  });

  test('long hostile text takes no time', () => {
    const spent = cpuTime();
    for (const unit of ['"', '\\"', 'a="', '(', ';a', 'a,', ' ', '0', ':'])
      parseDictionary(unit.repeat(16_000 / unit.length));
    parseDictionary(`a="${'\\"'.repeat(8000)}`);
    expect(spent()).toBeLessThan(2000);
  });
});
