import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { startInstance, type Instance, type TestUser } from '../support/instance.js';
import { expectEntity } from './contract.js';
import { clientOf, ok, post, refused, type Client } from './support.js';

let instance: Instance;
let alice: TestUser, bob: TestUser;
let asAlice: Client, asBob: Client;
let png: Buffer;

interface MediaJson {
  id: string;
  url: string;
  preview_url: string;
  [member: string]: unknown;
}

beforeAll(async () => {
  instance = await startInstance();
  [alice, bob] = [await instance.createUser('alice'), await instance.createUser('bob')];
  [asAlice, asBob] = [clientOf(instance, alice), clientOf(instance, bob)];
  png = await sharp({ create: { width: 64, height: 32, channels: 3, background: '#0b6b57' } })
    .png()
    .toBuffer();
});
afterAll(() => instance.close());

function upload(path = '/api/v2/media'): Promise<MediaJson> {
  return ok(
    asAlice
      .post(path)
      .field('description', 'Green')
      .field('focus', '0.5,-0.25')
      .attach('file', png, { filename: 'a.png', contentType: 'image/png' }),
  );
}

/** A tenth of a second of sound: 8 kHz, 8 bit, mono. */
function beep(): Buffer {
  const samples = Buffer.from(Array.from({ length: 800 }, (_, i) => 128 + Math.round(100 * Math.sin(i / 3))));
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

describe('uploads', () => {
  test.each(['/api/v1/media', '/api/v2/media'])('%s stores, measures and describes', async (path) => {
    const media = await upload(path);
    expectEntity(media, 'MediaAttachment');
    expect(media).toMatchObject({
      type: 'image',
      description: 'Green',
      remote_url: null,
      meta: {
        focus: { x: 0.5, y: -0.25 },
        original: { width: 64, height: 32, size: '64x32', aspect: 2 },
      },
    });
    expect(media['blurhash']).toEqual(expect.stringMatching(/^.{6,}$/));
    expect(await ok(asAlice.get(`/api/v1/media/${media.id}`))).toEqual(media);
    await refused(asBob.get(`/api/v1/media/${media.id}`), 404);
  });

  test('become part of a status, once, and can be described again', async () => {
    const media = await upload();
    const status = await post(asAlice, { media_ids: [media.id] });
    expectEntity(status, 'Status');
    expect(status['media_attachments']).toMatchObject([{ id: media.id, description: 'Green' }]);
    await refused(asAlice.post('/api/v1/statuses', { media_ids: [media.id] }), 422);
    await ok(asAlice.put(`/api/v1/media/${media.id}`, { description: 'Emerald', focus: '9,0' }));
    expect(await ok(asBob.get(`/api/v1/statuses/${status.id}`))).toMatchObject({
      media_attachments: [{ description: 'Emerald', meta: { focus: { x: 1, y: 0 } } }],
    });
    const ids = (
      await ok<{ id: string }[]>(
        asBob.get(`/api/v1/accounts/${alice.account._id}/statuses`, { only_media: true }),
      )
    ).map((s) => s.id);
    expect(ids).toContain(status.id);
  });

  test('an edit may describe attachments, and one without media_ids drops them', async () => {
    const media = await upload();
    const status = await post(asAlice, { status: 'With', media_ids: [media.id] });
    const edited = await ok(
      asAlice.put(`/api/v1/statuses/${status.id}`, {
        status: 'With',
        media_ids: [media.id],
        media_attributes: [{ id: media.id, description: 'Sea', focus: '0,1' }],
      }),
    );
    expect(edited).toMatchObject({
      media_attachments: [{ description: 'Sea', meta: { focus: { x: 0, y: 1 } } }],
    });
    expect(await ok(asAlice.put(`/api/v1/statuses/${status.id}`, { status: 'Without' }))).toMatchObject({
      media_attachments: [],
    });
    const history = await ok<{ media_attachments: { description: string }[] }[]>(
      asAlice.get(`/api/v1/statuses/${status.id}/history`),
    );
    expect(history.map((e) => e.media_attachments[0]?.description)).toEqual(['Green', 'Sea', undefined]);
  });

  test('can be taken back with their files while they are not attached', async () => {
    const media = await upload();
    const attached = await upload();
    await post(asAlice, { media_ids: [attached.id] });
    await refused(asAlice.delete(`/api/v1/media/${attached.id}`), 422, /used by a status/);
    await refused(asBob.delete(`/api/v1/media/${media.id}`), 404);
    expect(await ok(asAlice.delete(`/api/v1/media/${media.id}`))).toEqual({});
    await refused(asAlice.get(`/api/v1/media/${media.id}`), 404);
    const stored = await instance.ctx.db.media.findOne({ _id: attached.id });
    // The same bytes are in use by the attached one, so the file stays.
    expect(await instance.ctx.files.exists(stored?.path ?? '')).toBe(true);
  });

  test('stay for a new draft when their status is deleted, unless asked otherwise', async () => {
    const [kept, dropped] = [await upload(), await upload()];
    const first = await post(asAlice, { media_ids: [kept.id] });
    await ok(asAlice.delete(`/api/v1/statuses/${first.id}`));
    await instance.idle();
    await post(asAlice, { media_ids: [kept.id] });
    const second = await post(asAlice, { media_ids: [dropped.id] });
    await ok(asAlice.delete(`/api/v1/statuses/${second.id}?delete_media=true`));
    await refused(asAlice.get(`/api/v1/media/${dropped.id}`), 404);
  });

  test('what nobody else uses is removed from disk', async () => {
    const lone = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const media = await ok<MediaJson>(asAlice.post('/api/v2/media').attach('file', lone, 'b.png'));
    const { path } = (await instance.ctx.db.media.findOne({ _id: media.id })) ?? {};
    expect(await instance.ctx.files.exists(path ?? '')).toBe(true);
    await ok(asAlice.delete(`/api/v1/media/${media.id}`));
    expect(await instance.ctx.files.exists(path ?? '')).toBe(false);
  });

  test('sound is processed later, and then it is there', async () => {
    const sent = asAlice
      .post('/api/v2/media')
      .field('description', 'Beep')
      .attach('thumbnail', png, 'cover.png')
      .attach('file', beep(), { filename: 'a.wav', contentType: 'audio/wav' });
    const res = await sent;
    expect(res.status).toBe(202);
    expectEntity(res.body, 'MediaAttachment');
    expect(res.body).toMatchObject({ type: 'audio', url: null, description: 'Beep' });
    const { id } = res.body as MediaJson;
    await instance.idle();
    const ready = await ok<MediaJson>(asAlice.get(`/api/v1/media/${id}`));
    expectEntity(ready, 'MediaAttachment');
    expect(ready).toMatchObject({
      type: 'audio',
      url: expect.stringContaining('/media/'),
      description: 'Beep',
    });
    expect(ready.preview_url).toContain('/media/');
    expect(await post(asAlice, { media_ids: [id] })).toMatchObject({
      media_attachments: [{ type: 'audio' }],
    });
  });

  test('while it is processed it cannot be posted; when it is no good, never', async () => {
    const { db, ids } = instance.ctx;
    const media = await upload();
    await db.media.updateOne({ _id: media.id }, { $set: { state: 'processing' } });
    expect((await asAlice.get(`/api/v1/media/${media.id}`)).status).toBe(206);
    await refused(
      asAlice.post('/api/v1/statuses', { media_ids: [media.id] }),
      422,
      /not finished processing/,
    );
    await db.media.updateOne({ _id: media.id }, { $set: { state: 'failed' } });
    await refused(asAlice.get(`/api/v1/media/${media.id}`), 422);
    await refused(asAlice.post('/api/v1/statuses', { media_ids: [media.id] }), 422, /could not be processed/);
    const broken = Buffer.concat([beep().subarray(0, 60), Buffer.from(ids.next())]);
    const sent = await asAlice
      .post('/api/v2/media')
      .attach('file', broken, { filename: 'b.wav', contentType: 'audio/wav' });
    await instance.idle();
    expect([200, 422]).toContain((await asAlice.get(`/api/v1/media/${(sent.body as MediaJson).id}`)).status);
  });

  test.each([
    ['nothing', {}, 422],
    ['a text', { file: 'not a file' }, 422],
  ])('%s is no upload', async (_name, body, status) => {
    await refused(asAlice.post('/api/v2/media', body), status, /File can't be blank/);
  });

  test('lies about the type are found out', async () => {
    const html = Buffer.from('<html><script>alert(1)</script></html>');
    const sent = asAlice
      .post('/api/v2/media')
      .attach('file', html, { filename: 'a.png', contentType: 'image/png' });
    await refused(sent, 422, /not supported/);
  });

  test('a description too long is refused, and nothing is kept', async () => {
    const before = await instance.ctx.db.media.countDocuments({});
    const sent = asAlice
      .post('/api/v2/media')
      .field('description', 'x'.repeat(1501))
      .attach('file', png, 'a.png');
    await refused(sent, 422, /Description is too long/);
    expect(await instance.ctx.db.media.countDocuments({})).toBe(before);
  });
});
