import { mkdtemp, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sweepOnce } from '../../src/jobs/sweep.js';
import { deleteAccount } from '../../src/domain/deletion.js';
import { sharp } from '../../src/media/decoder.js';
import { gifOfFrames, gradient, pngBomb, withPngText } from '../media/support/pictures.js';
import { createClient } from '../support/client.js';
import { createTestClock } from '../support/clock.js';
import { startInstance, type Instance, type InstanceOverrides, type TestUser } from '../support/instance.js';
import { raw, type Answer, type Status } from './kit.js';

/** What a decoder may do that runs into a fault: here, at a word in the file. */
const faults = `
  const on = process.on.bind(process);
  const eaten = [];
  process.on = (event, listener) => on(event, event !== 'message' ? listener : (message) => {
    const has = (word) => Buffer.from(message.job.data).includes(word);
    if (has('CRASH-NOW')) process.kill(process.pid, 'SIGSEGV');
    else if (has('HANG-NOW')) for (;;);
    else if (has('EAT-NOW')) setInterval(() => eaten.push(Buffer.alloc(64 << 20, 1)), 1);
    else listener(message);
  });`;
const execArgv = ['--import', `data:text/javascript,${encodeURIComponent(faults)}`];

const clock = createTestClock();
let us: Instance;
let bob: TestUser;
let carol: TestUser;
async function start(overrides: InstanceOverrides = {}): Promise<Instance> {
  const made = await startInstance({ clock, imageProcess: true, execArgv, ...overrides });
  // Whose half-done files are looked for: those of other tests come and go beside them.
  made.ctx.media.tempDir = await mkdtemp(join(made.settings.data, 'half-done-'));
  return made;
}
beforeAll(async () => {
  us = await start();
  [bob, carol] = [await us.createUser('bob'), await us.createUser('carol')];
});
afterAll(() => us?.close());

const boundary = 'xxBOUNDARYxx';
const part = (name: string, file: string | null, content: Buffer | string): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file === null ? '' : `; filename="${file}"`}\r\n\r\n`,
    ),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
const end = Buffer.from(`--${boundary}--\r\n`);
const headers = (who: TestUser): [string, string][] => [
  ['Content-Type', `multipart/form-data; boundary=${boundary}`],
  ['Authorization', `Bearer ${who.token}`],
];

interface To {
  who?: TestUser;
  at?: Instance;
  path?: string;
  method?: string;
  field?: string;
  lines?: [string, string][];
}

function upload(file: Buffer, to: To = {}): Promise<Answer> {
  const { who = bob, at = us, path = '/api/v2/media', method = 'POST', field = 'file', lines = [] } = to;
  const body = Buffer.concat([part(field, 'a.png', file), end]);
  return raw({ us: at }, { method, path, lines: [...headers(who), ...lines], body });
}
const png = (): Promise<Buffer> => gradient(24, 24).png().toBuffer();

/** Everything on the disk: stored files, and what is half done. */
async function onDisk(at: Instance = us): Promise<string[]> {
  const stored = await readdir(join(at.settings.data, 'media'), { recursive: true, withFileTypes: true });
  const files = stored.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return [...files, ...(await readdir(at.ctx.media.tempDir))].sort();
}

/** A refused upload leaves nothing: no document, no file, no process that hangs. */
async function leavesNothing(act: () => Promise<unknown>): Promise<void> {
  const before = [await onDisk(), await us.ctx.db.media.countDocuments({})];
  await act();
  expect([await onDisk(), await us.ctx.db.media.countDocuments({})]).toEqual(before);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type, 'latin1'), data, Buffer.alloc(4)]);
}

/** An animated WebP: a canvas of this size, frames of one pixel. */
async function webpOfFrames(frames: number, width: number, height: number): Promise<Buffer> {
  const still = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#f00' } })
    .webp({ lossless: true })
    .toBuffer();
  const riff = (type: string, data: Buffer): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(data.length);
    return Buffer.concat([Buffer.from(type, 'latin1'), size, data, Buffer.alloc(data.length % 2)]);
  };
  const header = Buffer.alloc(10);
  header[0] = 2;
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  const frame = riff('ANMF', Buffer.concat([Buffer.alloc(16), still.subarray(12)]));
  const body = [riff('VP8X', header), riff('ANIM', Buffer.alloc(6)), ...Array<Buffer>(frames).fill(frame)];
  return riff('RIFF', Buffer.concat([Buffer.from('WEBP'), ...body]));
}

test('#221 MED_FRAMES', async () => {
  await leavesNothing(async () => {
    for (const [name, file] of [
      ['50,000 frames', gifOfFrames(50_000, 100, 100)],
      ['large frames', gifOfFrames(3, 1000, 1000)],
      ['large canvas', gifOfFrames(2, 2000, 2000)],
      ['large WebP', await webpOfFrames(1000, 4096, 4096)],
      ['many WebP', await webpOfFrames(5000, 64, 64)],
      ['still bomb', pngBomb(60_000, 60_000)],
    ] as const)
      expect([name, (await upload(file)).status]).toEqual([name, 422]);
  });
  // The frames of an animated PNG beyond the first are not even looked at.
  const still = await gradient(40, 30).png().toBuffer();
  const control = Buffer.alloc(8);
  control.writeUInt32BE(50_000);
  const apng = Buffer.concat([still.subarray(0, 33), pngChunk('acTL', control), still.subarray(33)]);
  const { status, body } = await upload(apng);
  const media = status === 200 ? (JSON.parse(body) as { type: string; url: string }) : null;
  if (media) {
    const kept = Buffer.from(await (await fetch(media.url)).arrayBuffer());
    expect([media.type, kept.includes('acTL')]).toEqual(['image', false]);
  } else expect(status).toBe(422);

  // A decoder that does not come to an end is ended.
  const impatient = await start({ mediaSeconds: 5 });
  const dave = await impatient.createUser('dave');
  const hanging = withPngText(await png(), 'HANG-NOW');
  expect((await upload(hanging, { at: impatient, who: dave })).status).toBe(422);
  expect((await upload(await png(), { at: impatient, who: dave })).status).toBe(200);
  await impatient.close();
});

/** Numbers that are the same in every run (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const atLeast = (version: string, wanted: string): boolean =>
  version.localeCompare(wanted, 'en', { numeric: true }) >= 0;

test('#222 MED_CVE', async () => {
  // Older ones have known holes: GHSA-54xq-cgqr-rpm3, GHSA-f88m-g3jw-g9cj, GHSA-rgj7.
  const { sharp: own, vips, heif, webp } = sharp.versions as Record<string, string>;
  expect(atLeast(own ?? '', '0.35.5')).toBe(true);
  expect(atLeast(vips ?? '', '8.17.0')).toBe(true);
  expect(heif === undefined || atLeast(heif, '1.19.0')).toBe(true);
  expect(webp === undefined || atLeast(webp, '1.3.2')).toBe(true);

  const roomy = await start({ unattachedUploads: 10_000 });
  const dave = await roomy.createUser('dave');
  const pictures = await Promise.all([
    gradient(40, 30).png().toBuffer(),
    gradient(40, 30).jpeg().toBuffer(),
    gradient(40, 30).webp().toBuffer(),
    gradient(40, 30).gif().toBuffer(),
    gradient(40, 30).avif({ effort: 0 }).toBuffer(),
    gifOfFrames(5, 20, 20),
  ]);
  const random = randomOf(20_261_128);
  const pick = (length: number): number => Math.floor(random() * length);
  const broken = Array.from({ length: 1000 }, (_, i) => {
    const file = Buffer.from(pictures[i % pictures.length] ?? '');
    if (i % 10 === 0) return file.subarray(0, pick(file.length));
    for (let n = 0; n <= i % 7; n++) file[pick(file.length)] = pick(256);
    return file;
  });
  broken.push(Buffer.alloc(0), Buffer.alloc(1), Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
  const seen = new Set<number>();
  for (let at = 0; at < broken.length; at += 8) {
    const answers = broken.slice(at, at + 8).map((file) => upload(file, { at: roomy, who: dave }));
    for (const { status } of await Promise.all(answers)) seen.add(status);
  }
  expect([...seen].filter((status) => ![200, 400, 422].includes(status))).toEqual([]);
  await roomy.close();

  // What ends a decoder, or has it take all memory, ends no more than the decoder.
  const pid = process.pid;
  const greedy = await start({ imageProcessBytes: 400 << 20 });
  const erin = await greedy.createUser('erin');
  for (const word of ['CRASH-NOW', 'EAT-NOW', 'CRASH-NOW']) {
    const [bad, good] = await Promise.all([
      upload(withPngText(await png(), word), { at: greedy, who: erin }),
      upload(await png(), { at: greedy, who: erin }),
    ]);
    expect([word, bad?.status, good?.status]).toEqual([word, 422, 200]);
  }
  expect([process.pid, (await fetch(`${greedy.url}/health`)).status]).toEqual([pid, 200]);
  await greedy.close();
});

/** Sends until the other side has had enough. @returns the status line, and how many bytes went out */
function pour(head: string, chunk: Buffer, most: number): Promise<{ status: number; sent: number }> {
  const { port } = new URL(us.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1');
    let got = '';
    let sent = 0;
    const more = (): void => {
      while (!socket.destroyed && sent < most) {
        sent += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on('data', (data) => (got += data.toString('latin1')));
    socket.on('drain', more);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1] ?? 0), sent }));
    socket.write(head);
    more();
  });
}

test('#225 MED_SIZE', async () => {
  const { imageBytes, videoBytes } = us.settings;
  const film = Buffer.concat([
    Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42', 'latin1'),
    Buffer.alloc(videoBytes),
  ]);
  await leavesNothing(async () => {
    const large = Buffer.concat([await png(), Buffer.alloc(imageBytes + 1)]);
    for (const path of ['/api/v2/media', '/api/v1/media']) {
      expect((await upload(large, { path })).status).toBe(413);
      const chunked: [string, string] = ['Transfer-Encoding', 'chunked'];
      expect((await upload(large, { path, lines: [chunked] })).status).toBe(413);
    }
    const lines = headers(bob);
    expect([413, 0]).toContain((await upload(film).catch(() => ({ status: 0 }))).status);
    const files = Array.from({ length: 1000 }, (_, i) => part(`file${i}`, 'a.png', 'x'));
    const many = await raw({ us }, { path: '/api/v2/media', lines, body: Buffer.concat([...files, end]) });
    expect(many.status).toBe(413);
    for (const field of ['avatar', 'header']) {
      const to = { method: 'PATCH', path: '/api/v1/accounts/update_credentials', field };
      expect((await upload(large, to)).status).toBe(413);
    }
    // A gigabyte in a text field: answered, and cut off long before its end.
    const told = [['Host', new URL(us.url).host], ...lines].map((line) => line.join(': ')).join('\r\n');
    const field = `--${boundary}\r\nContent-Disposition: form-data; name="description"\r\n\r\n`;
    const text = Buffer.alloc(65_536, 97);
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), text, Buffer.from('\r\n')]);
    for (const [length, body] of [
      [`Content-Length: ${2 ** 30}\r\n\r\n${field}`, text],
      [`Transfer-Encoding: chunked\r\n\r\n${field.length.toString(16)}\r\n${field}\r\n`, chunk],
    ] as const) {
      const head = `POST /api/v2/media HTTP/1.1\r\n${told}\r\n${length}`;
      const { status, sent } = await pour(head, body, 2 ** 30);
      expect([413, 0]).toContain(status);
      expect(sent).toBeLessThan(300_000_000);
    }
  });
  // What was held in memory for all that is free again.
  expect((await upload(await png())).status).toBe(200);
});

test('#233 MED_CONC', async () => {
  const busy = await start({ rateLimits: true, testMode: false, registrations: 'open', mediaConcurrency: 2 });
  const people = await Promise.all(['ann', 'ben', 'cat', 'dan'].map((name) => busy.createUser(name)));
  const { pictures } = busy.ctx.media;
  const make = pictures.make.bind(pictures);
  let [running, most] = [0, 0];
  pictures.make = async (...given) => {
    most = Math.max(most, (running += 1));
    return make(...given).finally(() => (running -= 1));
  };
  const side = Math.floor(Math.sqrt(busy.settings.imagePixels));
  const largest = await sharp({ create: { width: side, height: side, channels: 3, background: '#456' } })
    .jpeg()
    .toBuffer();
  let done = 0;
  const uploads = people.flatMap((who) =>
    [1, 2].map(() =>
      upload(largest, { at: busy, who }).then((answer) => {
        done += 1;
        return answer.status;
      }),
    ),
  );
  // Everybody else is served meanwhile.
  const client = createClient(busy.url, people[0]?.token ?? '');
  for (let i = 0; i < 5; i++) await client.get('/api/v1/timelines/home');
  expect(done).toBeLessThan(uploads.length);
  expect(new Set(await Promise.all(uploads))).toEqual(new Set([200]));
  expect(most).toBe(2);

  // Thirty in half an hour, whatever became of them; others are not counted in.
  const [greedy, other] = [await busy.createUser('eve'), await busy.createUser('fay')];
  for (let i = 0; i < 30; i++)
    expect((await upload(Buffer.from('nothing'), { at: busy, who: greedy })).status).toBe(422);
  const refused = await upload(await png(), { at: busy, who: greedy, path: '/api/v1/media' });
  expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([429, true]);
  expect((await upload(await png(), { at: busy, who: other })).status).toBe(200);
  await busy.close();
});

interface Uploaded {
  id: string;
  url: string;
  preview_url: string;
}
const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;
const stillThere = (...urls: string[]): Promise<number[]> => Promise.all(urls.map(statusOf));

test('#234 MED_DELETE', async () => {
  // One of a kind each time: files are named by their content, and the same one may be somebody else's as well.
  let shade = 0;
  const picture = (): Promise<Buffer> =>
    sharp({ create: { width: 600, height: 500, channels: 3, background: { r: (shade += 9), g: 7, b: 7 } } })
      .png()
      .toBuffer();
  const put = async (file: Buffer, who = bob): Promise<Uploaded> =>
    JSON.parse((await upload(file, { who })).body) as Uploaded;
  const client = createClient(us.url, bob.token);
  const sweep = async (): Promise<void> => {
    await us.idle();
    await sweepOnce(us.ctx);
  };

  const served = await fetch((await put(await picture())).url);
  const maxAge = Number(/max-age=(\d+)/.exec(served.headers.get('cache-control') ?? '')?.[1]);
  expect(maxAge).toBeLessThanOrEqual(86_400);

  // An upload, a post with its files, a post whose files may go into a new draft.
  const lone = await put(await picture());
  await client.delete(`/api/v1/media/${lone.id}`);
  expect(await stillThere(lone.url, lone.preview_url)).toEqual([404, 404]);
  for (const query of ['?delete_media=true', '']) {
    const media = await put(await picture());
    const { id } = await client.post<Status>('/api/v1/statuses', {
      status: 'With it',
      media_ids: [media.id],
    });
    expect(await stillThere(media.url, media.preview_url)).toEqual([200, 200]);
    await client.delete(`/api/v1/statuses/${id}${query}`);
    if (query === '') clock.advance({ days: 1, minutes: 1 });
    await sweep();
    expect([query, await stillThere(media.url, media.preview_url)]).toEqual([query, [404, 404]]);
  }

  // What two people have stays with the other.
  const shared = await picture();
  const [mine, hers] = [await put(shared), await put(shared, carol)];
  expect(mine.url).toBe(hers.url);
  await client.delete(`/api/v1/media/${mine.id}`);
  expect(await stillThere(hers.url)).toEqual([200]);

  // Pictures of a profile: replaced, taken away, and gone with the account.
  interface Profile {
    avatar: string;
    header: string;
  }
  const change = async (who: TestUser, field: 'avatar' | 'header'): Promise<string> => {
    const to = { who, method: 'PATCH', path: '/api/v1/accounts/update_credentials', field };
    return (JSON.parse((await upload(await picture(), to)).body) as Profile)[field];
  };
  const [first, second] = [await change(bob, 'avatar'), await change(bob, 'avatar')];
  expect(await stillThere(first, second)).toEqual([404, 200]);
  await client.delete('/api/v1/profile/avatar');
  expect(await stillThere(second)).toEqual([404]);

  const leaver = await us.createUser('leaver');
  const gone = [await change(leaver, 'avatar'), await change(leaver, 'header')];
  const attached = await put(await picture(), leaver);
  const loose = await put(await picture(), leaver);
  gone.push(attached.url, attached.preview_url, loose.url);
  const theirs = createClient(us.url, leaver.token);
  await theirs.post<Status>('/api/v1/statuses', { status: 'x', media_ids: [attached.id] });
  await us.idle();
  expect(new Set(await stillThere(...gone))).toEqual(new Set([200]));
  await deleteAccount(us.ctx, leaver.account);
  await sweep();
  expect(new Set(await stillThere(...gone))).toEqual(new Set([404]));
  expect(await us.ctx.db.media.countDocuments({ accountId: leaver.account._id })).toBe(0);
});

test('#235 MED_UNATTACHED', async () => {
  const small = await start({ unattachedUploads: 5 });
  const [dave, erin] = [await small.createUser('dave'), await small.createUser('erin')];
  const empty = await onDisk(small);
  const file = (i: number): Promise<Buffer> =>
    gradient(20 + i, 20)
      .png()
      .toBuffer();
  const answers: Answer[] = [];
  for (let i = 0; i < 12; i++) answers.push(await upload(await file(i), { at: small, who: dave }));
  expect(answers.map((a) => a.status)).toEqual([...Array(5).fill(200), ...Array(7).fill(422)]);
  // A film is stored as it comes, before anybody looks into it: the rule holds for it as well.
  const film = Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42', 'latin1');
  expect((await upload(film, { at: small, who: dave })).status).toBe(422);
  expect((await upload(await file(99), { at: small, who: erin })).status).toBe(200);
  // What is attached does not count any more.
  const { id } = JSON.parse(answers[0]?.body ?? '{}') as Uploaded;
  await createClient(small.url, dave.token).post('/api/v1/statuses', { status: 'x', media_ids: [id] });
  expect((await upload(await file(50), { at: small, who: dave })).status).toBe(200);
  expect((await upload(await file(51), { at: small, who: dave })).status).toBe(422);

  clock.advance({ days: 1, minutes: 1 });
  await small.idle();
  await sweepOnce(small.ctx);
  expect(await small.ctx.db.media.countDocuments({})).toBe(1);
  expect((await onDisk(small)).length - empty.length).toBeLessThanOrEqual(2);
  expect((await upload(await file(52), { at: small, who: dave })).status).toBe(200);
  await small.close();
});
