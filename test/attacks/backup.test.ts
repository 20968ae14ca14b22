import { chmod, cp, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { runCli } from '../../src/cli/program.js';
import { createClient } from '../support/client.js';
import { freePort, startInstance, type Instance } from '../support/instance.js';
import { startPeer, type Peer } from '../support/peer.js';
import { Public } from './kit.js';

/** What an operator saves, loses, restores and gets wrong. */

let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'landfall-backup-'));
  closers.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function start(data: string, port: number): Promise<Instance> {
  const us = await startInstance({ data, port, databaseUrl: 'embedded:' });
  closers.push(() => us.close());
  return us;
}

async function peer(): Promise<Peer> {
  const made = await startPeer();
  closers.push(() => made.close());
  return made;
}

interface Said {
  code: number;
  text: string;
}

async function landfall(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Said> {
  const lines: string[] = [];
  const print = (text: string): void => void lines.push(text);
  const code = await runCli(args, { env, out: print, err: print, stdin: async () => '' });
  return { code, text: lines.join('\n') };
}

const envOf = (data: string, port: number): NodeJS.ProcessEnv => ({
  LANDFALL_DATA: data,
  LANDFALL_URL: `http://localhost:${port}`,
  LANDFALL_PORT: String(port),
  LANDFALL_FEDERATE_LOOPBACK: 'true',
  LANDFALL_TEST_MODE: 'true',
  LANDFALL_LOG_LEVEL: 'silent',
});

/** A picture that no other is like. */
const picture = async (n: number): Promise<Blob> => {
  const { sharp } = await import('../../src/media/decoder.js');
  const background = { r: n % 256, g: (n * 7) % 256, b: 99 };
  const png = await sharp({ create: { width: 8 + n, height: 8, channels: 3, background } })
    .png()
    .toBuffer();
  return new Blob([new Uint8Array(png)], { type: 'image/png' });
};

test('#372 S_BACKUP', async () => {
  const [data, kept, fresh] = [await folder(), await folder(), await folder()];
  const port = await freePort();
  const us = await start(data, port);
  const bob = await us.createUser('bob');
  const client = createClient(us.url, bob.token);
  const post = async (n: number): Promise<string> => {
    const form = new FormData();
    form.append('file', await picture(n), 'a.png');
    const { id } = await client.post<{ id: string }>('/api/v2/media', form);
    return (
      await client.post<{ id: string }>('/api/v1/statuses', { status: `Picture ${n}`, media_ids: [id] })
    ).id;
  };
  const before = [await post(1), await post(2), await post(3)];
  // Saved while people write and delete.
  let running = true;
  const load = (async () => {
    for (let n = 4; running && n < 200; n++) {
      const id = await post(n);
      if (n % 2) await client.delete(`/api/v1/statuses/${id}`);
    }
  })();
  const saved = await landfall(envOf(data, port), 'backup', join(kept, 'one'), '--json');
  running = false;
  await load;
  expect(saved.code).toBe(0);
  const manifest = JSON.parse(saved.text) as {
    media: { files: number; missing: string[] };
    secrets: boolean;
  };
  expect(manifest.media.files).toBeGreaterThanOrEqual(3);
  expect((await stat(join(kept, 'one', 'secrets.json'))).mode & 0o077).toBe(0);
  // Never over something.
  expect((await landfall(envOf(data, port), 'backup', join(kept, 'one'))).code).toBe(1);
  expect((await landfall(envOf(data, port), 'restore', join(kept, 'one'))).text).toContain(
    'holds a database already',
  );
  await us.close();
  const restored = await landfall(envOf(fresh, port), 'restore', '--keep-queue', join(kept, 'one'));
  expect([restored.code, restored.text]).toEqual([
    0,
    expect.stringContaining('Never start the old server again'),
  ]);
  const again = await start(fresh, port);
  const { db, files, keys } = again.ctx;
  expect(await db.statuses.countDocuments({ _id: { $in: before } })).toBe(3);
  const missing = new Set(manifest.media.missing);
  for (const { path } of await db.media.find({}).toArray())
    if (path !== null && !missing.has(path)) expect([path, await files.exists(path)]).toEqual([path, true]);
  expect((await keys.signingKey(bob.account._id, 'rsa'))?.keyId).toBe(`${bob.account.uri}#main-key`);
  await again.idle();
  const next = await createClient(again.url, bob.token).post<{ id: string }>('/api/v1/statuses', {
    status: 'Here again',
  });
  const ids = (await db.statuses.find({ _id: { $ne: next.id } }).toArray()).map((status) => status._id);
  expect(ids.every((id) => id < next.id)).toBe(true);
  // Damaged on its way, or unfinished: told, and nothing is put in place.
  await truncate(join(kept, 'one', 'landfall.sqlite'), 8192);
  const empty = await folder();
  const damaged = await landfall(envOf(empty, port), 'restore', join(kept, 'one'));
  expect([damaged.code, damaged.text]).toEqual([1, expect.stringContaining('damaged')]);
  await rm(join(kept, 'one', 'manifest.json'));
  expect((await landfall(envOf(empty, port), 'restore', join(kept, 'one'))).text).toContain(
    'no finished backup',
  );
  await expect(stat(join(empty, 'landfall.sqlite'))).rejects.toThrow();
});

test('#373 S_RESTORE_OLD', async () => {
  const [data, kept, fresh] = [await folder(), await folder(), await folder()];
  const port = await freePort();
  const us = await start(data, port);
  const bob = await us.createUser('bob');
  const client = createClient(us.url, bob.token);
  const there = await peer();
  const alice = there.actor('alice');
  const inbox = `${us.url}/inbox`;
  const follow = { id: `${alice.uri}/follow`, type: 'Follow', actor: alice.uri, object: bob.account.uri };
  expect(await there.send(inbox, follow, alice)).toBe(202);
  await us.idle();
  // One that waits to be sent when the backup is made.
  there.answerInbox(() => 500);
  const doomed = await client.post<{ id: string; uri: string }>('/api/v1/statuses', {
    status: 'Deleted since',
  });
  await us.idle();
  expect((await landfall(envOf(data, port), 'backup', join(kept, 'old'))).code).toBe(0);
  // The day after it.
  there.answerInbox(() => 202);
  await client.delete(`/api/v1/statuses/${doomed.id}`);
  const later = await client.post<{ id: string }>('/api/v1/statuses', { status: 'Lost with the disk' });
  const note = {
    id: `${there.origin}/notes/1`,
    type: 'Note',
    attributedTo: alice.uri,
    content: '<p>Known twice</p>',
    to: [Public],
    cc: [bob.account.uri],
    tag: [{ type: 'Mention', href: bob.account.uri }],
  };
  const create = {
    id: `${note.id}/create`,
    type: 'Create',
    actor: alice.uri,
    object: note,
    to: note.to,
    cc: note.cc,
  };
  expect(await there.send(inbox, create, alice)).toBe(202);
  await us.idle();
  await us.close();

  expect((await landfall(envOf(fresh, port), 'restore', join(kept, 'old'))).code).toBe(0);
  const again = await start(fresh, port);
  const { db } = again.ctx;
  expect((await db.instance.findOne({}))?.generation).toBe(2);
  const sent = there.delivered.length;
  // Long after every retry: what waited then is not sent now.
  await db.deliveries.updateMany({}, { $set: { dueAt: new Date(0).toISOString() } });
  await again.idle();
  expect(there.delivered.slice(sent)).toEqual([]);
  expect(await db.deliveries.countDocuments({})).toBe(0);
  // No id comes twice, though the copy knows nothing of the newest.
  const client2 = createClient(again.url, bob.token);
  const next = await client2.post<{ id: string; uri: string }>('/api/v1/statuses', {
    status: 'After the flood',
  });
  expect(next.id > later.id).toBe(true);
  await again.idle();
  expect(there.delivered.at(-1)?.raw).toContain(next.uri);
  // What others send once more is taken once; who asks to follow again is answered.
  for (let i = 0; i < 2; i++) expect(await there.send(inbox, create, alice)).toBe(202);
  expect(await there.send(inbox, { ...follow, id: `${follow.id}2` }, alice)).toBe(202);
  await again.idle();
  expect(await db.statuses.countDocuments({ uri: note.id })).toBe(1);
  expect(await db.notifications.countDocuments({ type: 'mention' })).toBe(1);
  expect(there.delivered.at(-1)?.activity.type).toBe('Accept');
  // Over one database: once a copy has taken over, the server before it sends nothing.
  await db.instance.updateMany({}, { $inc: { generation: 1 } });
  const quiet = there.delivered.length;
  await client2.post('/api/v1/statuses', { status: 'Nobody is told' });
  await again.idle();
  expect(there.delivered.length).toBe(quiet);
});

test('#374 S_KEY_LOSS', async () => {
  const data = await folder();
  const port = await freePort();
  const us = await start(data, port);
  const bob = await us.createUser('bob');
  const before = (await us.ctx.keys.publicKeys(bob.account._id))?.rsa.publicPem;
  await us.close();
  const env = envOf(data, port);
  const file = join(data, 'secrets.json');
  const secrets = await readFile(file);
  const refused = async (text: RegExp): Promise<void> => {
    const { code, text: said } = await landfall(env, 'serve');
    expect([code, said]).toEqual([1, expect.stringMatching(text)]);
  };
  // Lost: no new one is made in silence.
  await rm(file);
  await refused(/secrets\.json is missing, although there is a database.*--secret-lost/);
  await expect(stat(file)).rejects.toThrow();
  // Another instance's, or unreadable.
  await writeFile(file, JSON.stringify({ instanceKey: Buffer.alloc(32, 7).toString('base64url') }), {
    mode: 0o600,
  });
  await refused(/cannot be unsealed.*keys renew --all/);
  await writeFile(file, '{"instanceKey":');
  await refused(/secrets\.json cannot be read/);
  // The right one is all that is needed.
  await writeFile(file, secrets, { mode: 0o600 });
  const well = await start(data, port);
  expect((await well.ctx.keys.publicKeys(bob.account._id))?.rsa.publicPem).toBe(before);
  await well.close();
  // Lost for good: new keys, as documented.
  await rm(file);
  expect((await landfall(env, 'keys', 'renew', '--all', '--secret-lost')).code).toBe(0);
  const anew = await start(data, port);
  expect((await anew.ctx.keys.publicKeys(bob.account._id))?.rsa.publicPem).not.toBe(before);
  expect(await anew.ctx.keys.signingKey(bob.account._id, 'rsa')).not.toBeNull();
});

test('#380 S_CONFIG', async () => {
  const data = await folder();
  const port = await freePort();
  const env = envOf(data, port);
  const wrong: [NodeJS.ProcessEnv, RegExp][] = [
    [{ LANDFALL_URL: 'social.example' }, /LANDFALL_URL/],
    [{ LANDFALL_URL: 'ftp://social.example' }, /LANDFALL_URL: must begin with https/],
    [{ LANDFALL_URL: 'http://social.example' }, /LANDFALL_URL.*https/],
    [{ LANDFALL_URL: 'https://social.example/app' }, /LANDFALL_URL.*without a path/],
    [{ LANDFALL_URL: 'https://social.example' }, /LANDFALL_TEST_MODE.*refused/],
    [{ LANDFALL_PORT: 'http' }, /LANDFALL_PORT/],
    [{ LANDFALL_REGISTRATIONS: 'maybe' }, /LANDFALL_REGISTRATIONS/],
    [{ LANDFALL_SECRET: 'short' }, /LANDFALL_SECRET must hold 32 bytes/],
    [{ LANDFALL_DATABASE_URL: 'postgres://x' }, /LANDFALL_DATABASE_URL/],
    [{ LANDFALL_ROLE: 'web' }, /LANDFALL_ROLE/],
  ];
  for (const [change, text] of wrong) {
    const { code, text: said } = await landfall({ ...env, ...change }, 'serve');
    expect([change, code, said]).toEqual([change, 1, expect.stringMatching(text)]);
    expect(said).not.toMatch(/\n\s+at /);
  }
  // Before the settings were found good nothing was made.
  await expect(stat(join(data, 'landfall.sqlite'))).rejects.toThrow();
  // A slash at the end is no mistake.
  const us = await startInstance({ data, port, databaseUrl: 'embedded:', url: `http://localhost:${port}/` });
  expect(us.ctx.names.origin).toBe(`http://localhost:${port}`);
  await us.close();
  // A secret that everybody may read is closed up.
  const file = join(data, 'secrets.json');
  await chmod(file, 0o644);
  await (await start(data, port)).close();
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  // A name that is no setting is told, and so is the name of somebody else's data.
  const doctor = await landfall({ ...env, LANDFALL_REGISTRATION: 'open' }, 'doctor');
  expect(doctor.text).toContain('LANDFALL_REGISTRATION');
  const elsewhere = await landfall(
    { ...env, LANDFALL_URL: `http://localhost:${port + 1}` },
    'account',
    'list',
  );
  expect([elsewhere.code, elsewhere.text]).toEqual([
    1,
    expect.stringMatching(/The data belong to localhost/),
  ]);
});

test('a database file that is damaged, or is none, is refused and left as it is', async () => {
  const data = await folder();
  const port = await freePort();
  await (await start(data, port)).close();
  const file = join(data, 'landfall.sqlite');
  const good = await readFile(file);
  const copy = join(await folder(), 'copy');
  const header = Buffer.from(good);
  header.fill(0x41, 0, 16);
  const schema = Buffer.from(good);
  schema.fill(0x41, 100, 4096);
  for (const bytes of [good.subarray(0, 5000), header, schema, Buffer.from('not a database at all')]) {
    await writeFile(file, bytes);
    await cp(file, copy);
    const { code, text } = await landfall(envOf(data, port), 'serve');
    expect([code, text]).toEqual([
      1,
      expect.stringMatching(/is damaged\. Nothing was changed\. Restore it from a backup/),
    ]);
    expect((await readFile(file)).equals(await readFile(copy))).toBe(true);
  }
});
