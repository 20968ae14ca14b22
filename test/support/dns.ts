import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** What is known of a name; `code`: the answer is this error (RFC 1035 section 4.1.1) instead. */
export interface DnsRecords {
  [name: string]: { a?: string[]; aaaa?: string[]; mx?: string[]; code?: number };
}

const noSuchName = 3;

/** A name server on loopback. Whoever it does not know does not exist. */
export async function startDns(records: DnsRecords): Promise<{ address: string; close(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answerTo(query, records), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    close: () => void socket.close(),
  };
}

/** One answer (RFC 1035 section 4): the question as it came, and records that point back to it. */
function answerTo(query: Buffer, records: DnsRecords): Buffer {
  const labels: string[] = [];
  let at = 12;
  while (query[at]) {
    const length = query[at] ?? 0;
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const type = query.readUInt16BE(at + 1);
  const known = records[labels.join('.').toLowerCase()] ?? { code: noSuchName };
  const data = dataOf(known, type);
  const header = Buffer.from([0, 0, 0x81, 0x80 | (known.code ?? 0), 0, 1, 0, data.length, 0, 0, 0, 0]);
  query.copy(header, 0, 0, 2);
  const found = data.map((value) =>
    Buffer.concat([Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, value.length]), value]),
  );
  return Buffer.concat([header, query.subarray(12, at + 5), ...found]);
}

function dataOf(known: DnsRecords[string], type: number): Buffer[] {
  if (type === 1) return (known.a ?? []).map(toFour);
  if (type === 28) return (known.aaaa ?? []).map(toSix);
  return type === 15 ? (known.mx ?? []).map(toExchange) : [];
}

/** A preference of 10, and the name (RFC 1035 section 3.3.9). */
function toExchange(name: string): Buffer {
  const labels = name.split('.').filter(Boolean);
  const parts = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([Buffer.from([0, 10]), ...parts, Buffer.alloc(1)]);
}

const toFour = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

/** Of the form `a:b::c`, or whole. */
function toSix(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const groups = (text: string): number[] => (text ? text.split(':').map((g) => Number.parseInt(g, 16)) : []);
  const [front, back] = [groups(head), groups(tail ?? '')];
  const bytes = Buffer.alloc(16);
  front.forEach((group, i) => bytes.writeUInt16BE(group, 2 * i));
  back.forEach((group, i) => bytes.writeUInt16BE(group, 16 - 2 * (back.length - i)));
  return bytes;
}
