import { createHash, createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '../../federation/ports.js';
import {
  activityOf,
  createOf,
  deliver,
  digestOf,
  lastOutcome,
  noteOf,
  post,
  raw,
  signLines,
  startScene,
  unchanged,
  untouched,
  type Scene,
  type SignOptions,
} from './kit.js';

let s: Scene;
beforeAll(async () => {
  s = await startScene();
});
afterAll(() => s?.close());

const like = (): JsonObject => createOf(noteOf(s.alice));
const http = (date: Date | number): string => new Date(date).toUTCString();
const hour = 3_600_000;

/** Every one of these is refused with 401 (or 400), and nothing is stored, queued or fetched. */
async function refusedAll(
  attempts: (SignOptions & { sent?: string })[],
  statuses = [400, 401],
): Promise<void> {
  await untouched(s, async () => {
    for (const path of ['/inbox', '/users/bob/inbox'])
      for (const options of attempts) {
        const { status } = await post(s, s.alice, like(), { path, ...options });
        expect([options, statuses.includes(status), status]).toEqual([options, true, status]);
      }
  });
}

const body = (): string => JSON.stringify(activityOf(s.alice, like()));
const json: [string, string] = ['Content-Type', 'application/activity+json'];

test('the valid POST that all rows begin with is accepted', async () => {
  expect((await post(s, s.alice, like())).status).toBe(202);
  await s.us.idle();
  expect(await lastOutcome(s)).toMatchObject({ outcome: 'processed' });
});

test('#1 SIG_NONE', async () => {
  await untouched(s, async () => {
    for (const path of ['/inbox', '/users/bob/inbox'])
      expect((await raw(s, { path, lines: [json], body: body() })).status).toBe(401);
  });
});

test('#2 SIG_MALFORMED', async () => {
  const [, digest] = ['', digestOf(body())];
  const signatures = [
    'keyId=',
    'keyId="a',
    'keyId="a",keyId="b"',
    'signature="***"',
    ','.repeat(9000),
    '',
    '"',
  ];
  await untouched(s, async () => {
    for (const signature of signatures) {
      const lines: [string, string][] = [
        json,
        ['Digest', digest],
        ['Date', http(Date.now())],
        ['Signature', signature],
      ];
      const { status } = await raw(s, { path: '/inbox', lines, body: body() });
      expect([signature.slice(0, 20), status]).toEqual([signature.slice(0, 20), status === 400 ? 400 : 401]);
    }
    const huge = await raw(s, {
      path: '/inbox',
      lines: [json, ['Signature', 'a'.repeat(60_000)]],
      body: body(),
    }).catch(() => null);
    expect([431, undefined]).toContain(huge?.status);
  });
});

test('#3 SIG_NO_DIGEST_SIGNED', () => refusedAll([{ cover: '(request-target) host date' }]));

test('#4 SIG_BODY_TAMPER', async () => {
  const signed = body();
  await refusedAll([{ body: signed, sent: signed.replace('Note', 'Nope') }]);
});

test('#5 SIG_DIGEST_RECOMPUTED', async () => {
  const [one, other] = [body(), body()];
  await unchanged(s, async () => {
    const lines = signLines(s, s.alice, { body: one }).map(([name, value]): [string, string] =>
      name === 'Digest' ? [name, digestOf(other)] : [name, value],
    );
    expect((await raw(s, { path: '/inbox', lines, body: other })).status).toBe(401);
  });
});

test('#6 SIG_DIGEST_FORMS', async () => {
  const text = body();
  const hash = (name: string): string => createHash(name).update(text).digest('base64');
  const good = digestOf(text);
  const bad = digestOf('other');
  await refusedAll(
    [
      `MD5=${hash('md5')}`,
      `SHA=${hash('sha1')}`,
      `SHA-256=${Buffer.alloc(31).toString('base64')}`,
      'SHA-256=not base64',
      `${bad},${good}`,
    ].map((digest) => ({ body: text, digest })),
  );
  await untouched(s, async () => {
    const lines = signLines(s, s.alice, { body: text });
    const twice = await raw(s, { path: '/inbox', lines: [...lines, ['Digest', good]], body: text });
    expect([400, 401]).toContain(twice.status);
    const other: [string, string] = [
      'Content-Digest',
      `sha-256=:${createHash('sha256').update('x').digest('base64')}:`,
    ];
    expect([400, 401]).toContain(
      (await raw(s, { path: '/inbox', lines: [...lines, other], body: text })).status,
    );
  });
  const lower = good.replace('SHA-256', 'sha-256');
  expect((await post(s, s.alice, {}, { body: text, digest: lower })).status).toBe(202);
});

test('#7 SIG_NO_TARGET', () => refusedAll([{ cover: 'host date digest' }]));

test('#8 SIG_NO_HOST', async () => {
  await refusedAll([{ cover: '(request-target) date digest' }, { host: 'third.example' }]);
  await untouched(s, async () => {
    const text = body();
    const lines = signLines(s, s.alice, { body: text, host: 'third.example' });
    const sent = await raw(s, { path: '/inbox', lines: [['Host', 'third.example'], ...lines], body: text });
    expect(sent.status).toBe(401);
  });
});

test('#9 SIG_XFH', async () => {
  await untouched(s, async () => {
    const text = body();
    const lines = signLines(s, s.alice, { body: text, host: 'third.example' });
    for (const forged of [
      ['X-Forwarded-Host', 'third.example'],
      ['Forwarded', 'host=third.example'],
    ] as [string, string][])
      expect((await raw(s, { path: '/inbox', lines: [...lines, forged], body: text })).status).toBe(401);
  });
});

test('#10 SIG_TARGET_TAMPER', async () => {
  await untouched(s, async () => {
    const text = body();
    const lines = signLines(s, s.alice, { body: text, path: '/users/bob/inbox' });
    expect((await raw(s, { path: '/users/carol/inbox', lines, body: text })).status).toBe(401);
    const method = signLines(s, s.alice, { body: text, method: 'PUT' });
    expect((await raw(s, { path: '/inbox', lines: method, body: text })).status).toBe(401);
  });
});

test('#11 SIG_DATE_OLD', async () => {
  const ages = [13 * hour, 25 * hour, 87_600 * hour];
  await refusedAll(ages.map((age) => ({ date: http(Date.now() - age) })));
  expect((await post(s, s.alice, like(), { date: http(Date.now() - 300_000) })).status).toBe(202);
});

test('#12 SIG_DATE_FUTURE', async () => {
  const created = Math.floor(Date.now() / 1000) + 7300;
  await refusedAll([
    { date: http(Date.now() + 2 * hour) },
    { date: http(Date.now() + 9600 * hour) },
    { cover: '(request-target) (created) host digest', created, algorithm: 'hs2019' },
  ]);
});

test('#13 SIG_DATE_NONE', () => refusedAll([{ cover: '(request-target) host digest' }]));

test('#14 SIG_DATE_GARBAGE', () => refusedAll(['wibble', '99999999999999', ''].map((date) => ({ date }))));

test('#15 SIG_CREATED_EXPIRES', async () => {
  const now = Math.floor(Date.now() / 1000);
  const cover = '(request-target) (created) (expires) host digest';
  const hs = { cover, algorithm: 'hs2019' };
  await refusedAll([
    { ...hs, created: now - 60, expires: now - 30 },
    { ...hs, created: now - 13 * 3600, expires: now + 864_000 },
    { ...hs, created: now, expires: now - 10 },
    { cover, algorithm: 'rsa-sha256', created: now, expires: now + 60 },
    { cover: '(request-target) (created) host digest', algorithm: 'hs2019', created: Number.NaN },
  ]);
});

test('#16 SIG_REPLAY_EXACT', async () => {
  const text = body();
  const lines = signLines(s, s.alice, { body: text });
  const send = (given = lines) => raw(s, { path: '/inbox', lines: given, body: text });
  expect((await send()).status).toBe(202);
  await s.us.idle();
  const taken = await s.us.ctx.db.received.countDocuments({});
  await unchanged(s, async () => {
    expect((await send()).status).toBe(202);
    // The header is not signed itself: written another way it is the same signature still.
    const respelt = lines.map(([name, value]): [string, string] => [
      name,
      name === 'Signature' ? `${value},x="y"` : value,
    ]);
    expect((await send(respelt)).status).toBe(202);
    const moved = lines.map(([name, value]): [string, string] =>
      name === 'Signature' ? ['Authorization', `Signature ${value.replaceAll(',', ' , ')}`] : [name, value],
    );
    expect([202, 400, 401]).toContain((await send(moved)).status);
  });
  expect(await s.us.ctx.db.received.countDocuments({})).toBe(taken);
});

test('#16 SIG_REPLAY_EXACT: an Undo that is sent again after a new Follow', async () => {
  const follow = activityOf(s.trent, { type: 'Follow', object: s.bob.account.uri });
  const send = (activity: JsonObject) => post(s, s.trent, {}, { body: JSON.stringify(activity) });
  await send(follow);
  const undo = JSON.stringify(activityOf(s.trent, { type: 'Undo', object: follow }));
  const lines = signLines(s, s.trent, { body: undo });
  await raw(s, { path: '/inbox', lines, body: undo });
  await s.us.idle();
  await send(activityOf(s.trent, { type: 'Follow', object: s.bob.account.uri }));
  await s.us.idle();
  await unchanged(s, async () => {
    await raw(s, { path: '/inbox', lines, body: undo });
    const respelt = lines.map(([name, value]): [string, string] => [
      name,
      name === 'Signature' ? `x="y",${value}` : value,
    ]);
    await raw(s, { path: '/inbox', lines: respelt, body: undo });
  });
});

test('#17 SIG_ALG', async () => {
  const text = body();
  const pem = String((s.alice.document['publicKey'] as JsonObject)['publicKeyPem']);
  await refusedAll(['none', 'rsa-sha1', 'rsa-md5', 'x', 'hmac-sha256'].map((algorithm) => ({ algorithm })));
  await untouched(s, async () => {
    const lines = signLines(s, s.alice, { body: text, algorithm: 'hmac-sha256' });
    const mac = createHmac('sha256', pem).update(text).digest('base64');
    const forged = lines.map(([name, value]): [string, string] => [
      name,
      value.replace(/signature="[^"]*"/, `signature="${mac}"`),
    ]);
    expect((await raw(s, { path: '/inbox', lines: forged, body: text })).status).toBe(401);
  });
});

test('#18 SIG_HEADER_SWAP', async () => {
  await untouched(s, async () => {
    const text = body();
    const lines = signLines(s, s.alice, { body: text, cover: '(request-target) host date digest' });
    const swapped = lines.map(([name, value]): [string, string] => [
      name,
      value.replace('host date digest', 'host digest date'),
    ]);
    expect((await raw(s, { path: '/inbox', lines: swapped, body: text })).status).toBe(401);
  });
});

test('#19 SIG_DUP_HEADERS', async () => {
  await untouched(s, async () => {
    const text = body();
    const lines = signLines(s, s.alice, { body: text });
    const old: [string, string] = ['Date', http(Date.now() - 90 * hour)];
    const signature = lines.find(([name]) => name === 'Signature') ?? old;
    for (const extra of [old, signature])
      for (const given of [
        [...lines, extra],
        [extra, ...lines],
      ])
        expect([400, 401]).toContain((await raw(s, { path: '/inbox', lines: given, body: text })).status);
  });
});

test('#20 SIG_DEFAULT_HEADERS', async () => {
  await untouched(s, async () => {
    const text = body();
    const lines = signLines(s, s.alice, { body: text, cover: 'date' });
    for (const without of ['', 'headers="",'])
      expect([400, 401]).toContain(
        (
          await raw(s, {
            path: '/inbox',
            lines: lines.map(([name, value]): [string, string] => [
              name,
              value.replace('headers="date",', without),
            ]),
            body: text,
          })
        ).status,
      );
  });
});

test('#21 SIG_TWO_CARRIERS', async () => {
  await untouched(s, async () => {
    const text = JSON.stringify(activityOf(s.mallory, like()));
    const lines = signLines(s, s.mallory, { body: text });
    const naming: [string, string] = [
      'Authorization',
      `Signature keyId="${s.alice.keyId}",headers="date",signature="aaaa"`,
    ];
    expect([400, 401]).toContain(
      (await raw(s, { path: '/inbox', lines: [...lines, naming], body: text })).status,
    );
  });
});

test('#22 SIG_RFC9421', async () => {
  const inputs = [
    'sig1=("@method" "@target-uri" "content-digest");keyid="K"',
    'sig1=("@target-uri" "content-digest");created=NOW;keyid="K"',
    'sig1=("@method" "content-digest");created=NOW;keyid="K"',
    'sig1=("@method" "@target-uri");created=NOW;keyid="K"',
    'sig2=("@method" "@target-uri" "content-digest");created=NOW;keyid="K"',
    'sig1=((((',
    '',
  ];
  await untouched(s, async () => {
    for (const input of inputs) {
      const text = body();
      const value = input.replace('K', s.alice.keyId).replace('NOW', String(Math.floor(Date.now() / 1000)));
      const lines: [string, string][] = [
        json,
        ['Content-Digest', `sha-256=:${createHash('sha256').update(text).digest('base64')}:`],
        ['Signature-Input', value],
        ['Signature', `sig1=:${Buffer.alloc(256).toString('base64')}:`],
      ];
      expect([input, (await raw(s, { path: '/inbox', lines, body: text })).status]).toEqual([
        input,
        expect.any(Number),
      ]);
      expect([400, 401]).toContain((await raw(s, { path: '/inbox', lines, body: text })).status);
    }
  });
});

test('#23 SIG_BOTH_SCHEMES', async () => {
  await untouched(s, async () => {
    const text = body();
    const lines = signLines(s, s.alice, { body: text });
    const input: [string, string] = [
      'Signature-Input',
      `sig1=("@method" "@target-uri" "content-digest");created=1;keyid="${s.mallory.keyId}"`,
    ];
    expect([400, 401]).toContain(
      (await raw(s, { path: '/inbox', lines: [...lines, input], body: text })).status,
    );
  });
});

test('#24 SIG_ENCODING', async () => {
  await untouched(s, async () => {
    const packed = gzipSync(body());
    const digest = `SHA-256=${createHash('sha256').update(packed).digest('base64')}`;
    for (const encoding of ['gzip', 'gzip, gzip', 'br']) {
      const lines = signLines(s, s.alice, { digest });
      const answer = await raw(s, {
        path: '/inbox',
        lines: [...lines, ['Content-Encoding', encoding]],
        body: packed,
      });
      expect([400, 401, 415]).toContain(answer.status);
    }
  });
});

test('#25 SIG_DUP_KEYS', async () => {
  const note = noteOf(s.alice);
  const text = JSON.stringify(activityOf(s.mallory, createOf(note)));
  const twice = text.replace('{', `{"actor":"${s.alice.uri}",`);
  await unchanged(s, async () => {
    // The last one counts for JSON.parse: it is what is verified, and the same value is processed.
    await post(s, s.mallory, {}, { body: twice });
    const mixed = text.replace('{', `{"@id":"${s.peer.origin}/activities/other",`);
    expect((await post(s, s.mallory, {}, { body: mixed })).status).toBe(400);
  });
});

test('a good signature by a stranger for nobody here is dropped later, not before', async () => {
  const stranger = s.evil.actor('newcomer');
  expect(await deliver(s, createOf(noteOf(stranger)), { by: stranger })).toBe(202);
  expect(await lastOutcome(s)).toMatchObject({ outcome: 'ignored' });
});
