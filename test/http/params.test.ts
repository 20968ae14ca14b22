import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import fc from 'fast-check';
import { z } from 'zod';
import { authenticate } from '../../src/http/auth.js';
import { bool, idList, idParam, int, listOf, oneOf, stringList, text } from '../../src/http/coerce.js';
import { apiBody, filesOf, paramsOf, parseParams } from '../../src/http/params.js';
import { appWith, personOf, request, startBase, tokenOf, type Base } from './support.js';

let base: Base;
let app: Express;
let token: string;

const shape = z.object({
  status: text(20).optional(),
  sensitive: bool().optional(),
  limit: int({ min: 1, max: 80 }).optional(),
  visibility: oneOf(['public', 'private']).optional(),
  in_reply_to_id: idParam.optional(),
  media_ids: idList(4).optional(),
  languages: stringList(3).optional(),
  needed: text().optional(),
  fields: listOf(z.object({ name: text(), value: text() }), 4).optional(),
});

beforeAll(async () => {
  base = await startBase({ imageBytes: 2048, videoBytes: 4096 });
  const { user } = await personOf(base.ctx, { username: 'alice' });
  token = await tokenOf(base.ctx, user, ['read', 'write']);
  app = appWith(base.ctx, (router) => {
    router.all('/api/v1/echo', (req, res) => void res.json(paramsOf(req)));
    router.all('/api/v1/shape', (req, res) => void res.json(parseParams(shape, req)));
    router.all('/api/v1/needs', (req, res) => void res.json(parseParams(z.object({ uri: text() }), req)));
    router.post('/api/v1/files', (req, res) => {
      const files = [...filesOf(req)].map(([field, f]) => [
        field,
        {
          filename: f.filename,
          declaredType: f.declaredType,
          text: f.data.toString('latin1'),
          field: f.field,
        },
      ]);
      res.json({ params: paramsOf(req), files: Object.fromEntries(files) });
    });
    router.post('/raw', (req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => void res.json({ bytes: Buffer.concat(chunks).toString() }));
    });
    router.post(
      '/elsewhere',
      apiBody(base.ctx),
      authenticate(base.ctx),
      (req, res) => void res.json(paramsOf(req)),
    );
  });
});
afterAll(() => base.close());

describe('bodies', () => {
  const nested = {
    fields: [
      { name: 'a', value: '1' },
      { name: 'b', value: '2' },
    ],
    ids: ['7', '8'],
    x: { y: 'z' },
  };
  const form =
    'fields[0][name]=a&fields[0][value]=1&fields[1][name]=b&fields[1][value]=2&ids[]=7&ids[]=8&x[y]=z';

  test.each(['post', 'put', 'patch', 'delete'] as const)(
    '%s: JSON, form and multipart mean the same',
    async (method) => {
      const json = await request(app)[method]('/api/v1/echo').send(nested).expect(200);
      expect(json.body).toEqual(nested);
      const urlencoded = await request(app)[method]('/api/v1/echo').type('form').send(form).expect(200);
      expect(urlencoded.body).toEqual(nested);
      let multipart = request(app)[method]('/api/v1/echo');
      for (const [name, value] of new URLSearchParams(form)) multipart = multipart.field(name, value);
      expect((await multipart.expect(200)).body).toEqual(nested);
      const query = await request(app)[method](`/api/v1/echo?${form}`).expect(200);
      expect(query.body).toEqual(nested);
    },
  );

  test('the body wins over the query; both are there', async () => {
    const res = await request(app).post('/api/v1/echo?a=query&b=query').send({ a: 'body' });
    expect(res.body).toEqual({ a: 'body', b: 'query' });
  });

  test('multipart text is UTF-8, quotes and brackets included', async () => {
    const res = await request(app).post('/api/v1/echo').field('status', 'Grüße & "日本" =? 100%');
    expect(res.body).toEqual({ status: 'Grüße & "日本" =? 100%' });
  });

  test('an empty JSON body and an unknown type are no parameters', async () => {
    await request(app).delete('/api/v1/echo').set('Content-Type', 'application/json').expect(200, {});
    await request(app).post('/api/v1/echo').set('Content-Type', 'text/plain').send('hello').expect(200, {});
  });

  test('outside /api bodies stay raw until a route asks', async () => {
    const res = await request(app).post('/raw').set('Content-Type', 'application/json').send('{"a" :1}');
    expect(res.body).toEqual({ bytes: '{"a" :1}' });
    await request(app).post('/elsewhere').send({ a: 1 }).expect(200, { a: 1 });
  });
});

describe('hostile bodies', () => {
  const deepJson = `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`;
  const cases: [
    name: string,
    type: string,
    body: string | Buffer,
    status: number,
    more?: Record<string, string>,
  ][] = [
    ['broken JSON', 'application/json', '{"a":', 400],
    ['JSON that is no object', 'application/json', '[1,2]', 400],
    ['JSON that is a text', 'application/json', '"x"', 400],
    ['deep JSON', 'application/json', deepJson, 400],
    ['a long text that does not end', 'application/json', `{"a":"${'\\"'.repeat(400_000)}\\`, 400],
    ['a number without end', 'application/json', `{"a":${'1'.repeat(900_000)}.`, 400],
    ['very deep JSON', 'application/json', `${'['.repeat(100_000)}`, 400],
    ['many members', 'application/json', JSON.stringify({ a: Array.from({ length: 30_000 }, () => 1) }), 400],
    ['2 MB of JSON', 'application/json', JSON.stringify({ a: 'x'.repeat(2_000_000) }), 413],
    ['a strange charset', 'application/json; charset=utf-99', '{}', 415],
    ['a strange encoding', 'application/json', '{}', 415, { 'Content-Encoding': 'zstd-of-doom' }],
    ['gzip that is none', 'application/json', '{}', 400, { 'Content-Encoding': 'gzip' }],
    ['a deep form', 'application/x-www-form-urlencoded', `a${'[b]'.repeat(50)}=1`, 400],
    ['100,000 parameters', 'application/x-www-form-urlencoded', 'a&'.repeat(100_000), 400],
    ['2 MB of form', 'application/x-www-form-urlencoded', `a=${'x'.repeat(2_000_000)}`, 413],
    ['multipart without boundary', 'multipart/form-data', 'x', 400],
    [
      'multipart that is cut off',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx',
      400,
    ],
    ['multipart that is none', 'multipart/form-data; boundary=b', 'garbage', 400],
  ];
  test.each(cases)('%s', async (...[, type, body, status, more = {}]) => {
    base.logged.length = 0;
    const res = await request(app).post('/api/v1/echo').set('Content-Type', type).set(more).send(body);
    expect(res.status).toBe(status);
    expect(typeof res.body.error).toBe('string');
    expect(base.logged).toHaveLength(1);
  });

  test('a gzip bomb stops at the decoded limit', async () => {
    const { gzipSync } = await import('node:zlib');
    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
    const post = request(app)
      .post('/api/v1/echo')
      .set({ 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
    post.write(bomb);
    await post.expect(413);
  });

  test.each([
    [
      'JSON',
      (b: string) => request(app).post('/api/v1/echo').type('json').send(b),
      '{"__proto__":{"polluted":1},"a":{"constructor":{"prototype":{"polluted":1}}}}',
    ],
    [
      'form',
      (b: string) => request(app).post('/api/v1/echo').type('form').send(b),
      '__proto__[polluted]=1&a[constructor][prototype][polluted]=1',
    ],
    [
      'query',
      (b: string) => request(app).get(`/api/v1/echo?${b}`),
      'a[__proto__]=b&a[__proto__][polluted]=1&a[length]=100000000',
    ],
  ])('no prototype is reached by %s', async (_name, send, body) => {
    const res = await send(body).expect(200);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(res.body)).not.toMatch(/__proto__|constructor|polluted/);
  });

  test('a hostile query is a 400 and not a crash', async () => {
    await request(app)
      .get(`/api/v1/echo?a${'[b]'.repeat(50)}=1`)
      .expect(400);
    await request(app)
      .get(`/api/v1/echo?${'a[]=1&'.repeat(1100)}`)
      .expect(400);
  });

  test('whatever is sent, the answer is JSON and below 500', async () => {
    const types = fc.constantFrom(
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=b',
      'multipart/form-data',
      'application/ld+json',
    );
    const bodies = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.json(),
      fc
        .string()
        .map(
          (s) =>
            `--b\r\nContent-Disposition: form-data; name="${s.replaceAll(/[\r\n"]/g, '')}"\r\n\r\n${s}\r\n--b--`,
        ),
      fc
        .array(fc.tuple(fc.string(), fc.string()))
        .map((pairs) => pairs.map(([a, b]) => `${a}[${b}]=${b}`).join('&')),
    );
    await fc.assert(
      fc.asyncProperty(
        types,
        bodies,
        fc.constantFrom('echo', 'shape', 'needs', 'files'),
        async (type, body, path) => {
          const res = await request(app).post(`/api/v1/${path}`).set('Content-Type', type).send(body);
          expect(res.status).toBeLessThan(500);
          expect(res.headers['content-type']).toMatch(/json/);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('uploads', () => {
  const signed = () => request(app).post('/api/v1/files').set('Authorization', `Bearer ${token}`);

  test('files come with name, declared type and bytes; fields beside them', async () => {
    const res = await signed()
      .field('description', 'a ✓')
      .attach('file', Buffer.from('PNG'), { filename: '../ü.png', contentType: 'image/png' })
      .expect(200);
    expect(res.body).toEqual({
      params: { description: 'a ✓' },
      files: { file: { filename: 'ü.png', declaredType: 'image/png', text: 'PNG', field: 'file' } },
    });
  });

  test('without a token the first byte of a file ends it', async () => {
    const res = await request(app)
      .post('/api/v1/files')
      .attach('file', Buffer.from('x'), 'x.png')
      .expect(401);
    expect(res.body).toEqual({ error: 'The access token is invalid' });
  });

  test('an empty file field of a browser form is nothing', async () => {
    const body =
      '--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n';
    const res = await signed().set('Content-Type', 'multipart/form-data; boundary=b').send(body).expect(200);
    expect(res.body.files).toEqual({});
  });

  test('images and others have limits of their own', async () => {
    const bytes = Buffer.alloc(3000);
    await signed().attach('file', bytes, { filename: 'a.png', contentType: 'image/png' }).expect(413);
    await signed().attach('file', bytes, { filename: 'a.mp4', contentType: 'video/mp4' }).expect(200);
    await signed()
      .attach('file', Buffer.alloc(5000), { filename: 'a.mp4', contentType: 'video/mp4' })
      .expect(413);
  });

  test('too many files, too many parts', async () => {
    let many = signed();
    for (let i = 0; i < 6; i++) many = many.attach(`f${i}`, Buffer.from('x'), 'x.png');
    await many.expect(413);
    const part = '--b\r\nContent-Disposition: form-data; name="a[]"\r\n\r\n1\r\n';
    await signed()
      .set('Content-Type', 'multipart/form-data; boundary=b')
      .send(`${part.repeat(2000)}--b--\r\n`)
      .expect(413);
  });

  test('memory of all uploads together is bounded, and is given back', async () => {
    const budget = app.locals['landfall'].uploads as { take(n: number): boolean; give(n: number): void };
    const whole = 256 * 1024 * 1024;
    expect(budget.take(whole)).toBe(true);
    await signed().attach('file', Buffer.from('x'), 'x.png').expect(503);
    budget.give(whole);
    await signed().attach('file', Buffer.from('x'), 'x.png').expect(200);
    expect(budget.take(whole)).toBe(true);
    budget.give(whole);
  });

  test('a client that goes away in the middle leaves nothing behind', async () => {
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /api/v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9999\r\n\r\n` +
        '--b\r\nContent-Disposition: form-data; name="file"; filename="x.mp4"\r\nContent-Type: video/mp4\r\n\r\nsome bytes',
    );
    const gone = new Promise((resolve) => server.once('request', (req) => req.once('close', resolve)));
    await new Promise((resolve) => socket.write('more', resolve));
    socket.destroy();
    await gone;
    await new Promise((resolve) => server.close(resolve));
    const budget = app.locals['landfall'].uploads as { take(n: number): boolean; give(n: number): void };
    const whole = 256 * 1024 * 1024;
    expect(budget.take(whole)).toBe(true);
    budget.give(whole);
  });
});

describe('parseParams', () => {
  const shaped = (query: string) => request(app).get(`/api/v1/shape?${query}`);

  test('form texts become what they mean', async () => {
    const res = await shaped(
      'status=hi&sensitive=on&limit=20&visibility=private&in_reply_to_id=12&media_ids[]=1&media_ids[]=2&languages=en&fields[0][name]=a&fields[0][value]=b',
    ).expect(200);
    expect(res.body).toEqual({
      status: 'hi',
      sensitive: true,
      limit: 20,
      visibility: 'private',
      in_reply_to_id: '12',
      media_ids: ['1', '2'],
      languages: ['en'],
      fields: [{ name: 'a', value: 'b' }],
    });
  });

  test('JSON values too; null is the same as absent', async () => {
    const res = await request(app)
      .post('/api/v1/shape')
      .send({
        status: null,
        sensitive: false,
        limit: 5,
        in_reply_to_id: 123456789,
        media_ids: [1, '2'],
        needed: null,
        languages: 'de',
      })
      .expect(200);
    expect(res.body).toEqual({
      sensitive: false,
      limit: 5,
      in_reply_to_id: '123456789',
      media_ids: ['1', '2'],
      languages: ['de'],
    });
  });

  test('ids that are sent as long numbers are not rounded', async () => {
    const body =
      '{"in_reply_to_id":116543210987654321,"media_ids":[ 116543210987654323,"2"],"status":"\\"1234567890123456789"}';
    const res = await request(app).post('/api/v1/shape').type('json').send(body).expect(200);
    expect(res.body).toMatchObject({
      in_reply_to_id: '116543210987654321',
      media_ids: ['116543210987654323', '2'],
      status: '"1234567890123456789',
    });
  });

  test.each([
    ['true', true],
    ['1', true],
    ['on', true],
    ['TRUE', true],
    ['false', false],
    ['0', false],
    ['off', false],
    ['', false],
  ])('sensitive=%s is %s', async (value, wanted) => {
    expect((await shaped(`sensitive=${value}`).expect(200)).body).toEqual({ sensitive: wanted });
  });

  test('lists far apart, repeated values, blanks', async () => {
    expect((await shaped('languages[17]=a&languages[90000]=b&languages[]=')).body).toEqual({
      languages: ['a', 'b'],
    });
    expect((await shaped('sensitive=0&sensitive=1')).body).toEqual({ sensitive: true });
  });

  test.each([
    'sensitive=maybe',
    'limit=many',
    'limit=81',
    'limit[a]=1',
    'limit=1e3',
    'visibility=secret',
    'status=123456789012345678901',
    'status[a]=b',
    'media_ids[]=1&media_ids[]=2&media_ids[]=3&media_ids[]=4&media_ids[]=5',
    'media_ids[][a]=1',
    'in_reply_to_id=',
    'fields[0][name]=only',
  ])('%s is refused with 422', async (query) => {
    const res = await shaped(query).expect(422);
    expect(res.body.error).toMatch(/^Validation failed: [A-Z]/);
  });

  test('a missing parameter is named: 400 where something is read, a blank attribute where it is written', async () => {
    const read = await request(app).get('/api/v1/needs').expect(400);
    expect(read.body).toEqual({ error: 'param is missing or the value is empty: uri' });
    const written = await request(app).post('/api/v1/needs').send({}).expect(422);
    expect(written.body).toEqual({ error: "Validation failed: Uri can't be blank" });
  });
});
