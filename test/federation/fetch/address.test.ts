import { describe, expect, test } from '@jest/globals';
import { classifyAddress, isLoopbackHost, isLoopbackName } from '../../../federation/fetch/address.js';
import { checkUrl, type UrlRules } from '../../../federation/fetch/url-rules.js';

describe('classifyAddress', () => {
  test.each([
    // SSRF_V4
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['10.0.0.1', 'private'],
    ['100.64.0.1', 'shared'],
    ['100.127.255.255', 'shared'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.1', 'reserved'],
    ['192.0.2.1', 'documentation'],
    ['192.31.196.1', 'reserved'],
    ['192.52.193.1', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['192.168.0.1', 'private'],
    ['192.175.48.1', 'reserved'],
    ['198.18.0.1', 'benchmarking'],
    ['198.19.255.255', 'benchmarking'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    // SSRF_V6
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['[::1]', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'reserved'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
    ['ff02::1', 'multicast'],
    ['100::1', 'reserved'],
    ['2001::1', 'translated'],
    ['2001:10::1', 'reserved'],
    ['2001:20::1', 'reserved'],
    ['2001:1ff::1', 'reserved'],
    ['2001:db8::1', 'documentation'],
    ['2002:7f00:1::', 'translated'],
    ['3fff::1', 'documentation'],
    ['3fff:fff::1', 'documentation'],
    ['64:ff9b:1::1', 'reserved'],
    ['2620:4f:8000::1', 'reserved'],
    ['4000::1', 'reserved'],
    // SSRF_MAPPED
    ['::ffff:127.0.0.1', 'translated'],
    ['::ffff:7f00:1', 'translated'],
    ['::ffff:0.0.0.1', 'translated'],
    ['::ffff:a9fe:a9fe', 'translated'],
    ['::ffff:8.8.8.8', 'translated'],
    ['::127.0.0.1', 'reserved'],
    ['64:ff9b::169.254.169.254', 'translated'],
    ['64:ff9b::7f00:1', 'translated'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['2002:a9fe:a9fe::', 'translated'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'translated'],
    // SSRF_LITERALS
    ['2130706433', 'loopback'],
    ['0177.0.0.1', 'loopback'],
    ['0x7f.1', 'loopback'],
    ['0x7f000001', 'loopback'],
    ['017700000001', 'loopback'],
    ['127.1', 'loopback'],
    ['127.0.1', 'loopback'],
    ['0', 'unspecified'],
    ['①②⑦.⓪.⓪.①', 'loopback'],
    ['１２７.0.0.1', 'loopback'],
    ['127。0。0。1', 'loopback'],
    ['2852039166', 'link-local'],
    ['0xA9.0xFE.0xA9.0xFE', 'link-local'],
    ['[::ffff:7f00:1]', 'translated'],
    // Not addresses.
    ['127.0.0.1.nip.io', 'name'],
    ['localhost', 'name'],
    ['a.example', 'name'],
    ['fe80::1%eth0', 'invalid'],
    ['256.0.0.1', 'invalid'],
    ['1.2.3.4.5', 'invalid'],
    ['', 'invalid'],
    ['user@127.0.0.1', 'invalid'],
    ['127.0.0.1/x', 'invalid'],
    ['a b', 'invalid'],
    [':::', 'invalid'],
    // Public.
    ['8.8.8.8', 'public'],
    ['1.1.1.1', 'public'],
    ['100.63.255.255', 'public'],
    ['100.128.0.0', 'public'],
    ['172.15.0.1', 'public'],
    ['172.32.0.1', 'public'],
    ['192.0.1.1', 'public'],
    ['198.17.255.255', 'public'],
    ['223.255.255.255', 'public'],
    ['2606:4700:4700::1111', 'public'],
    ['2a01:4f8::1', 'public'],
    ['2001:200::1', 'public'],
    ['3ffe:ffff::1', 'public'],
  ])('%s is %s', (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });

  test('names of this machine', () => {
    expect(['localhost', 'LOCALHOST', 'localhost.', 'a.localhost'].map(isLoopbackName)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['notlocalhost', 'localhost.example', ''].map(isLoopbackName)).toEqual([false, false, false]);
    expect(['localhost:3000', '127.0.0.1:80', '[::1]:3000', '[::1]', '::1'].map(isLoopbackHost)).toEqual(
      Array(5).fill(true),
    );
    expect(['a.example:3000', '10.0.0.1', '[::ffff:127.0.0.1]:80'].map(isLoopbackHost)).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('checkUrl', () => {
  const production: UrlRules = { allowLoopback: false, isRefusedHost: (host) => host === 'us.example' };
  const development: UrlRules = { allowLoopback: true, isRefusedHost: () => false };
  const verdict = (url: string, rules = production) => {
    const checked = checkUrl(url, rules);
    return 'reason' in checked ? checked.reason : checked.url.href;
  };

  test.each([
    ['https://a.example/x?y=1', 'https://a.example/x?y=1'],
    ['https://a.example:8443/', 'https://a.example:8443/'],
    ['https://a.example:443/', 'https://a.example/'],
    ['https://8.8.8.8/', 'https://8.8.8.8/'],
    // REDIR_DOWNGRADE, HTTP_PLAIN, SSRF_SCHEME
    ['http://a.example/', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['ftp://a.example/', 'scheme'],
    ['gopher://a.example/', 'scheme'],
    ['data:application/json,{}', 'scheme'],
    ['blob:https://a.example/x', 'scheme'],
    ['ws://a.example/', 'scheme'],
    ['unix:/run/x.sock', 'scheme'],
    ['//a.example/', 'bad-url'],
    ['https://:', 'bad-url'],
    ['https://xn--/', 'bad-url'],
    ['https://[::', 'bad-url'],
    ['mailto:a@a.example', 'scheme'],
    ['', 'bad-url'],
    // URL_CRLF
    ['https://a.example/in\r\nX: y', 'bad-url'],
    ['https://a.example/a b', 'bad-url'],
    ['https://a.example/\u0000', 'bad-url'],
    [`https://a.example/${'x'.repeat(5000)}`, 'bad-url'],
    ['https://localhost./', 'bad-url'],
    ['https://a.example./', 'bad-url'],
    ['https://user@a.example/', 'credentials'],
    ['https://user:pw@a.example/', 'credentials'],
    ['https://a.example:22/', 'port'],
    ['https://a.example:25/', 'port'],
    ['https://a.example:80/', 'port'],
    ['https://a.example:0/', 'port'],
    ['https://us.example/x', 'host'],
    ['https://US.example/x', 'host'],
    ['https://localhost/', 'address'],
    ['https://127.1/', 'address'],
    ['https://2130706433/', 'address'],
    ['https://[::1]/', 'address'],
    ['https://[::ffff:8.8.8.8]/', 'address'],
    ['https://10.0.0.1/', 'address'],
    ['https://169.254.169.254/latest/meta-data/', 'address'],
  ])('production: %j gives %s', (url, expected) => {
    expect(verdict(url)).toBe(expected);
  });

  test.each([
    ['http://localhost:3000/', 'http://localhost:3000/'],
    ['http://127.0.0.1/', 'http://127.0.0.1/'],
    ['http://127.5.0.1:81/', 'http://127.5.0.1:81/'],
    ['https://[::1]:3000/', 'https://[::1]:3000/'],
    ['https://a.example/', 'https://a.example/'],
    // A name over http may pass here; the connector then dials it only on this machine.
    ['http://a.localhost:3000/', 'http://a.localhost:3000/'],
    ['http://10.0.0.1/', 'address'],
    ['http://192.168.0.1:3000/', 'address'],
    ['http://169.254.169.254/', 'address'],
    ['http://[::ffff:127.0.0.1]/', 'address'],
    ['http://8.8.8.8/', 'address'],
    ['https://a.example:22/', 'port'],
    ['file:///etc/passwd', 'scheme'],
  ])('development: %j gives %s', (url, expected) => {
    expect(verdict(url, development)).toBe(expected);
  });
});
