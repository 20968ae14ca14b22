import { afterEach, describe, expect, test } from '@jest/globals';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createResolver } from '../../../federation/fetch/resolver.js';

type Records = Record<string, { a?: string[]; aaaa?: Buffer[]; code?: number }>;

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** One answer of a name server (RFC 1035 section 4): the question as it came, and records that point back to it. */
function answerTo(query: Buffer, records: Records): Buffer {
  const labels: string[] = [];
  let at = 12;
  while (query[at]) {
    const length = query[at] ?? 0;
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const type = query.readUInt16BE(at + 1);
  const known = records[labels.join('.').toLowerCase()] ?? { code: 3 };
  const a = (known.a ?? []).map((address) => Buffer.from(address.split('.').map(Number)));
  const data = type === 1 ? a : type === 28 ? (known.aaaa ?? []) : [];
  const header = Buffer.from([0, 0, 0x81, 0x80 | (known.code ?? 0), 0, 1, 0, data.length, 0, 0, 0, 0]);
  query.copy(header, 0, 0, 2);
  const found = data.map((value) =>
    Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, value.length]), value]),
  );
  return Buffer.concat([header, query.subarray(12, at + 5), ...found]);
}

async function nameServer(records: Records): Promise<string> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (query, from) => socket.send(answerTo(query, records), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${(socket.address() as AddressInfo).port}`;
}

const six = Buffer.from('20010db8000000000000000000000001', 'hex');

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
    sockets.push(silent);
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
