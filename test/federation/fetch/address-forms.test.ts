import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkUrl } from '../../../federation/fetch/url-rules.js';

const rules = { allowLoopback: false, isRefusedHost: () => false };
const isRefused = (host: string): boolean => 'reason' in checkUrl(`https://${host}/`, rules);

type Four = [number, number, number, number];
const byte = fc.nat(255);
/** An address of each range that nobody outside of a network may reach. */
const closed: fc.Arbitrary<Four> = fc.oneof(
  fc.tuple(fc.constantFrom(0, 10, 127), byte, byte, byte),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
  fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
  fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
  fc.tuple(fc.constant(198), fc.constantFrom(18, 19), byte, byte),
  fc.tuple(fc.integer({ min: 224, max: 255 }), byte, byte, byte),
);
const open: fc.Arbitrary<Four> = fc.tuple(fc.constantFrom(8, 23, 93, 151), byte, byte, byte);

/** How one number of an address may be written. */
const spellings: ((n: number) => string)[] = [
  (n) => String(n),
  (n) => `0${n.toString(8)}`,
  (n) => `000${n.toString(8)}`,
  (n) => `0x${n.toString(16)}`,
  (n) => `0X00${n.toString(16).toUpperCase()}`,
];
const spelling = fc.constantFrom(...spellings);
const wide = (text: string): string =>
  text.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
const circled = (text: string): string =>
  text.replaceAll(/[1-9]/g, (digit) => String.fromCodePoint(0x245f + Number(digit))).replaceAll('0', '⓪');
const dot = fc.constantFrom('.', '。', '．', '｡');
const script = fc.constantFrom((text: string) => text, wide, circled);

interface Style {
  /** Of how many numbers it consists: the last takes the bytes that are left. */
  parts: number;
  spell: ((n: number) => string)[];
  dot: string;
  script: (text: string) => string;
}
const style: fc.Arbitrary<Style> = fc.record({
  parts: fc.integer({ min: 1, max: 4 }),
  spell: fc.array(spelling, { minLength: 4, maxLength: 4 }),
  dot,
  script,
});

function written([a, b, c, d]: Four, { parts, spell, dot: point, script: as }: Style): string {
  const numbers = [
    [((a * 256 + b) * 256 + c) * 256 + d],
    [a, (b * 256 + c) * 256 + d],
    [a, b, c * 256 + d],
    [a, b, c, d],
  ][parts - 1] as number[];
  return as(numbers.map((n, i) => (spell[i] ?? String)(n)).join(point));
}

test('an address that is closed is closed in every spelling', () => {
  fc.assert(
    fc.property(closed, style, (address, how) => expect(isRefused(written(address, how))).toBe(true)),
    { numRuns: 3000 },
  );
});

test('and one that is open is open in every spelling', () => {
  fc.assert(
    fc.property(open, style, (address, how) => expect(isRefused(written(address, how))).toBe(false)),
    { numRuns: 1000 },
  );
});

const hex = (n: number): string => n.toString(16);
const carriers: ((address: Four) => string)[] = [
  ([a, b, c, d]) => `::ffff:${a}.${b}.${c}.${d}`,
  ([a, b, c, d]) => `::FFFF:${hex(a * 256 + b)}:${hex(c * 256 + d)}`,
  ([a, b, c, d]) => `0:0:0:0:0:ffff:${a}.${b}.${c}.${d}`,
  ([a, b, c, d]) => `::${a}.${b}.${c}.${d}`,
  ([a, b, c, d]) => `64:ff9b::${hex(a * 256 + b)}:${hex(c * 256 + d)}`,
  ([a, b, c, d]) => `2002:${hex(a * 256 + b)}:${hex(c * 256 + d)}::1`,
  ([a, b, c, d]) => `2001:0:1:2:3:4:${hex((a * 256 + b) ^ 0xffff)}:${hex((c * 256 + d) ^ 0xffff)}`,
];

test('nor does it help to carry it in IPv6', () => {
  fc.assert(
    fc.property(closed, fc.constantFrom(...carriers), (address, carry) =>
      expect(isRefused(`[${carry(address)}]`)).toBe(true),
    ),
    { numRuns: 1000 },
  );
});

test('whatever the text, it is judged and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      checkUrl(text, rules);
      checkUrl(`https://${text}`, rules);
    }),
    { numRuns: 2000 },
  );
});
