import { describe, expect, test } from '@jest/globals';
import { BlockList } from 'node:net';
import fc from 'fast-check';
import { addressKey, addressText, networksAround, parseNetwork } from '../../src/policy/networks.js';

describe('networks', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9/32'],
    ['203.0.113.9/24', '203.0.113.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::1', '2001:db8::1/128'],
    ['2001:db8:1:2:3:4:5:6/64', '2001:db8:1:2::/64'],
    ['::ffff:203.0.113.9', '203.0.113.9/32'],
    ['::/0', '::/0'],
    [' 10.0.0.1 ', '10.0.0.1/32'],
  ])('%j is %j', (input, text) => {
    expect(parseNetwork(input)?.text).toBe(text);
  });

  test.each(['', 'x', '1.2.3', '1.2.3.4/33', '::1/129', '1.2.3.4/', '1.2.3.4/8/8', '1.2.3.4/-1', '::1::2'])(
    '%j is none',
    (input) => {
      expect(parseNetwork(input)).toBeNull();
      expect(networksAround(input)).toEqual([]);
    },
  );

  test('an IPv4 address is the same however it is mapped', () => {
    expect(addressKey('::ffff:1.2.3.4')).toBe(addressKey('1.2.3.4'));
    expect(addressText('::ffff:1.2.3.4')).toBe('1.2.3.4');
  });

  test.each([
    ['ipv4', fc.ipV4(), 32],
    ['ipv6', fc.ipV6(), 128],
  ] as const)('%s addresses lie in a network exactly where Node says so', (family, addresses, most) => {
    fc.assert(
      fc.property(addresses, addresses, fc.integer({ min: 0, max: most }), (base, address, bits) => {
        const list = new BlockList();
        list.addSubnet(base, bits, family);
        const network = parseNetwork(`${base}/${bits}`);
        const key = addressKey(address) ?? '';
        const isMapped = family === 'ipv6' && key.startsWith(`${'0'.repeat(20)}ffff`);
        fc.pre(!isMapped);
        const inside = list.check(address, family);
        expect(networksAround(address).includes(network?.key ?? '')).toBe(inside);
        expect(network !== null && network.first <= key && key <= network.last).toBe(inside);
      }),
    );
  });
});
