import { afterEach, describe, expect, test } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createMailExchangers, createResolver } from '../../../federation/fetch/resolver.js';
import { startDns, type DnsRecords } from '../../support/dns.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function nameServer(records: DnsRecords): Promise<string> {
  const { address, close } = await startDns(records);
  closers.push(close);
  return address;
}

const six = '2001:db8::1';

describe('createResolver', () => {
  test('asks for both families, IPv6 first, at most two of each', async () => {
    const servers = [
      await nameServer({ 'peer.example': { a: ['192.0.2.1', '192.0.2.2', '192.0.2.3'], aaaa: [six] } }),
    ];
    const found = await createResolver({ servers })('peer.example');
    expect(found[0]).toBe('2001:db8::1');
    expect(found).toHaveLength(3);
    expect(found.slice(1).every((address) => address.startsWith('192.0.2.'))).toBe(true);
  });

  test('one family is enough', async () => {
    const servers = [
      await nameServer({ 'four.example': { a: ['192.0.2.1'] }, 'six.example': { aaaa: [six] } }),
    ];
    const resolve = createResolver({ servers });
    expect(await resolve('four.example')).toEqual(['192.0.2.1']);
    expect(await resolve('six.example')).toEqual(['2001:db8::1']);
  });

  test('no such name, a server in trouble, no server at all', async () => {
    const resolve = createResolver({ servers: [await nameServer({ 'broken.example': { code: 2 } })] });
    await expect(resolve('nobody.example')).rejects.toMatchObject({ code: 'DNS_ENOTFOUND' });
    await expect(resolve('broken.example')).rejects.toMatchObject({ code: expect.stringMatching(/^DNS_E/) });
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    closers.push(() => void silent.close());
    await once(silent, 'listening');
    const servers = [`127.0.0.1:${(silent.address() as AddressInfo).port}`];
    await expect(createResolver({ servers, timeoutMs: 50, tries: 1 })('peer.example')).rejects.toMatchObject({
      code: expect.stringMatching(/^DNS_E/),
    });
  });

  test('names of this machine are never asked', async () => {
    const servers = ['127.0.0.1:9'];
    for (const name of ['localhost', 'LOCALHOST', 'a.localhost']) {
      expect(await createResolver({ servers })(name)).toEqual(['127.0.0.1', '::1']);
    }
  });
});

describe('createMailExchangers', () => {
  test('names of servers in lower case, at most twenty; none for who names none or is not there', async () => {
    const many = Array.from({ length: 30 }, (_, i) => `mx${i}.example`);
    const servers = [
      await nameServer({
        'a.example': { mx: ['MX1.Provider.example', 'mx2.provider.example.'] },
        'many.example': { mx: many },
        'bare.example': { a: ['192.0.2.1'] },
        'null.example': { mx: ['.'] },
      }),
    ];
    const exchangers = createMailExchangers({ servers });
    expect([...(await exchangers('a.example'))].sort()).toEqual([
      'mx1.provider.example',
      'mx2.provider.example',
    ]);
    expect(await exchangers('many.example')).toHaveLength(20);
    for (const domain of ['bare.example', 'null.example', 'nobody.example'])
      expect([domain, await exchangers(domain)]).toEqual([domain, []]);
  });

  test('a name server in trouble, or none, is an error in time', async () => {
    const broken = createMailExchangers({ servers: [await nameServer({ 'broken.example': { code: 2 } })] });
    await expect(broken('broken.example')).rejects.toMatchObject({ code: expect.stringMatching(/^DNS_E/) });
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    closers.push(() => void silent.close());
    await once(silent, 'listening');
    const servers = [`127.0.0.1:${(silent.address() as AddressInfo).port}`];
    const exchangers = createMailExchangers({ servers, timeoutMs: 50, tries: 1 });
    await expect(exchangers('peer.example')).rejects.toMatchObject({ code: expect.stringMatching(/^DNS_E/) });
  });
});
