import { createHmac } from 'node:crypto';
import type { Actor } from '../peer.js';
import { row, type Row } from '../row.js';
import type { Stage } from '../stage.js';
import { rfc9421 } from './rfc9421.js';
import { bytesTo, digestOf, signedLines, type Lines } from '../wire.js';

const hourMs = 3_600_000;
const at = (ms: number): string => new Date(Date.now() + ms).toUTCString();
const takes = ['takes'] as const;
/** A JSON body of the same meaning with one member more: the signature no longer fits. */
const changed = (body: string): string => body.replace(/\}$/, ',"summary":"changed"}');
const pathOf = ({ target }: Stage): string => new URL(target.actor?.inbox ?? '').pathname;

/** A header of one's own making over the usual four fields. */
function cavage(t: Stage, by: Actor, given: { body: string; algorithm: string; signature: string }): Lines {
  const parameters = `keyId="${by.keyId}",algorithm="${given.algorithm}",headers="(request-target) host date digest",signature="${given.signature}"`;
  return [
    ...signedLines(t.target.host, by, { path: pathOf(t), body: given.body }).slice(0, 3),
    ['Signature', parameters],
  ];
}

export const rows: Row[] = [
  row(1, 'SIG_NONE', takes, async (t) => {
    for (const shared of [false, true])
      await t.refuses('without a signature', t.stranger(), {
        lines: [['Content-Type', 'application/activity+json']],
        shared,
      });
  }),
  row(2, 'SIG_MALFORMED', takes, async (t) => {
    for (const value of [
      'keyId=',
      'keyId="a',
      ',',
      'a'.repeat(10_000),
      ','.repeat(5000),
      'keyId="x",keyId="y"',
      'signature="***"',
    ]) {
      const lines: Lines = [
        ['Date', at(0)],
        ['Content-Type', 'application/activity+json'],
        ['Signature', value],
      ];
      await t.refuses(`Signature: ${value.slice(0, 20)}`, t.stranger(), { lines });
    }
  }),
  row(3, 'SIG_NO_DIGEST_SIGNED', takes, (t) =>
    t.refuses('digest not signed', t.stranger(), { cover: '(request-target) host date' }),
  ),
  row(4, 'SIG_BODY_TAMPER', takes, async (t) => {
    const by = t.stranger();
    const body = JSON.stringify(t.follow(by));
    await t.refuses('body changed after signing', by, { body, sent: changed(body) });
  }),
  row(5, 'SIG_DIGEST_RECOMPUTED', takes, async (t) => {
    const by = t.stranger();
    const body = JSON.stringify(t.follow(by));
    const lines = signedLines(t.target.host, by, { path: pathOf(t), body }).map(
      ([name, value]): [string, string] => [name, name === 'Digest' ? digestOf(changed(body)) : value],
    );
    await t.refuses('body and digest changed', by, { body, lines, sent: changed(body) });
  }),
  row(6, 'SIG_DIGEST_FORMS', takes, async (t) => {
    for (const digest of [
      'MD5=1B2M2Y8AsgTpgAmY7PhCfg==',
      'SHA=2jmj7l5rSw0yVb/vlWAYkK/YBwk=',
      'SHA-256=AAAA',
      'SHA-256=not base64',
      'SHA-256=',
    ])
      await t.refuses(`Digest: ${digest}`, t.stranger(), { digest });
  }),
  row(7, 'SIG_NO_TARGET', takes, (t) =>
    t.refuses('target not signed', t.stranger(), { cover: 'host date digest' }),
  ),
  row(8, 'SIG_NO_HOST', takes, async (t) => {
    await t.refuses('host not signed', t.stranger(), { cover: '(request-target) date digest' });
    await t.refuses('signed for another host', t.stranger(), { host: 'third.example' });
    await t.refuses('signed for and sent with another host', t.stranger(), {
      host: 'third.example',
      extra: [['Host', 'third.example']],
    });
  }),
  row(9, 'SIG_XFH', takes, (t) =>
    t.refuses('another host in X-Forwarded-Host', t.stranger(), {
      host: 'third.example',
      extra: [
        ['X-Forwarded-Host', 'third.example'],
        ['Forwarded', 'host=third.example'],
      ],
    }),
  ),
  row(10, 'SIG_TARGET_TAMPER', takes, async (t) => {
    for (const [what, options] of [
      ['signed for another path', { path: '/elsewhere' }],
      ['signed for another query', { path: `${pathOf(t)}?a=1` }],
      ['signed for GET', { method: 'GET', cover: '(request-target) host date digest' }],
    ] as const) {
      const by = t.stranger();
      const body = JSON.stringify(t.follow(by));
      const lines = signedLines(t.target.host, by, { path: pathOf(t), ...options, body });
      const typed: Lines =
        'method' in options
          ? [
              ['Digest', digestOf(body)],
              ['Content-Type', 'application/activity+json'],
            ]
          : [];
      await t.refuses(what, by, { body, lines: [...lines, ...typed] });
    }
  }),
  row(11, 'SIG_DATE_OLD', takes, async (t) => {
    for (const hours of [13, 25, 87_600])
      await t.refuses(`${hours} hours old`, t.stranger(), { date: at(-hours * hourMs) });
  }),
  row(12, 'SIG_DATE_FUTURE', takes, async (t) => {
    for (const hours of [2, 9600])
      await t.refuses(`${hours} hours ahead`, t.stranger(), { date: at(hours * hourMs) });
  }),
  row(13, 'SIG_DATE_NONE', takes, (t) =>
    t.refuses('date not signed', t.stranger(), { cover: '(request-target) host digest' }),
  ),
  row(14, 'SIG_DATE_GARBAGE', takes, async (t) => {
    for (const date of ['wibble', '99999999999999', ' '])
      await t.refuses(`Date: ${date}`, t.stranger(), { date });
  }),
  row(15, 'SIG_CREATED_EXPIRES', takes, async (t) => {
    const now = Math.floor(Date.now() / 1000);
    const cover = '(request-target) (created) (expires) host digest';
    for (const [created, expires] of [
      [now - 100, now - 50],
      [now - 50_000, now + 900_000],
      [now, now - 10],
      [now + 90_000, now + 90_001],
    ] as const)
      await t.refuses(`created ${created - now}, expires ${expires - now}`, t.stranger(), {
        created,
        expires,
        cover,
        algorithm: 'hs2019',
      });
  }),
  row(17, 'SIG_ALG', takes, async (t) => {
    for (const algorithm of ['none', 'hmac-sha256', 'rsa-md5']) {
      const by = t.stranger();
      const body = JSON.stringify(t.follow(by));
      const { publicKeyPem } = by.document['publicKey'] as Record<string, string>;
      const lines = signedLines(t.target.host, by, { path: pathOf(t), body });
      const value = (name: string): string => lines.find(([n]) => n.toLowerCase() === name)?.[1] ?? '';
      const text = `(request-target): post ${pathOf(t)}\nhost: ${t.target.host}\ndate: ${value('date')}\ndigest: ${value('digest')}`;
      const signature =
        algorithm === 'none'
          ? ''
          : createHmac('sha256', publicKeyPem ?? '')
              .update(text)
              .digest('base64');
      await t.refuses(algorithm, by, { body, lines: cavage(t, by, { body, algorithm, signature }) });
    }
  }),
  row(18, 'SIG_HEADER_SWAP', takes, async (t) => {
    const by = t.stranger();
    const body = JSON.stringify(t.follow(by));
    const lines = signedLines(t.target.host, by, { path: pathOf(t), body }).map(
      ([name, value]): [string, string] => [
        name,
        name === 'Signature' ? value.replace('host date', 'date host') : value,
      ],
    );
    await t.refuses('names of signed headers swapped', by, { body, lines });
  }),
  row(19, 'SIG_DUP_HEADERS', takes, async (t) => {
    await t.refuses('two dates', t.stranger(), { extra: [['Date', at(-10 * 24 * hourMs)]] });
    await t.refuses('two signatures', t.stranger(), { extra: [['Signature', 'keyId="x",signature="AAAA"']] });
    const { host } = new URL(t.target.origin);
    const text = await bytesTo(
      t.target.origin,
      `POST ${pathOf(t)} HTTP/1.1\r\nHost: ${host}\r\nHost: third.example\r\nContent-Length: 2\r\n\r\n{}`,
    );
    t.expect(text.startsWith('HTTP/1.1 4'), `two hosts: ${text.slice(0, 40)}`);
  }),
  row(20, 'SIG_DEFAULT_HEADERS', takes, async (t) => {
    const by = t.stranger();
    const body = JSON.stringify(t.follow(by));
    const lines = signedLines(t.target.host, by, { path: pathOf(t), body, cover: 'date' }).map(
      ([name, value]): [string, string] => [name, value.replace('headers="date",', '')],
    );
    await t.refuses('no list of headers', by, { body, lines });
  }),
  row(21, 'SIG_TWO_CARRIERS', takes, async (t) => {
    const by = t.stranger();
    const other = t.guest();
    t.never.push(other.uri);
    const body = JSON.stringify(t.follow(by, { actor: other.uri }));
    const own = signedLines(t.target.host, by, { path: pathOf(t), body });
    const signature = own.at(-1)?.[1] ?? '';
    await t.refuses('another name in Authorization', by, {
      body,
      lines: [...own, ['Authorization', `Signature ${signature.replaceAll(by.uri, other.uri)}`]],
    });
  }),
  row(22, 'SIG_RFC9421', takes, rfc9421),
  row(24, 'SIG_ENCODING', takes, async (t) => {
    await t.refuses('said to be compressed, twice', t.stranger(), {
      extra: [['Content-Encoding', 'gzip, gzip']],
    });
  }),
  row(25, 'SIG_DUP_KEYS', takes, async (t) => {
    const by = t.stranger();
    const victim = t.guest();
    t.never.push(victim.uri);
    const body = JSON.stringify(t.follow(victim)).replace('{', `{"actor":"${by.uri}",`);
    const { status } = await t.send(by, { body });
    t.expect(status < 500, `answered ${status}`);
  }),
];
