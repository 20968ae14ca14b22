import { NotApplicable, row, type Row } from '../row.js';
import type { Stage } from '../stage.js';
import { bytesTo, type Answer, type Lines } from '../wire.js';

const form: Lines = [['Content-Type', 'application/x-www-form-urlencoded']];
const refusedStatus = ({ status }: Answer): boolean => status >= 400 && status < 500;

/** Bytes that no HTTP client sends, in front of a path that everybody may ask for. */
async function refusesBytes(t: Stage, what: string, bytes: string): Promise<void> {
  const text = await bytesTo(t.target.origin, bytes);
  // Closed without a word is refused as well.
  t.expect(text === '' || /^HTTP\/1\.[01] [45]/.test(text), `${what}: ${text.slice(0, 40)}`);
  t.expect(!/^HTTP\/1\.[01] 500/.test(text), `${what}: an error of its own`);
}

export const rows: Row[] = [
  row(136, 'WF_SERVE', ['actor'], async (t) => {
    const ask = (query: string): Promise<Answer> =>
      t.get(`/.well-known/webfinger${query}`, [['Host', t.target.host]]);
    t.expect(refusedStatus(await ask('')), 'without a resource');
    t.expect(refusedStatus(await ask('?resource=%00')), 'with a broken resource');
    t.expect(
      (await ask('?resource=acct:nobody-of-that-name@third.example')).status === 404,
      'of another host: not 404',
    );
    t.expect(
      (await ask(`?resource=acct:nobody-of-that-name@${t.target.host}`)).status === 404,
      'of nobody: not 404',
    );
    const name = t.target.actor?.uri.split('/').at(-1) ?? '';
    const found = await ask(`?resource=acct:${name}@${t.target.host}`);
    if (found.status !== 200) throw new NotApplicable('its names are not the ends of its addresses');
    t.expect(/json/.test(String(found.headers['content-type'])), 'not JSON');
    t.expect(found.headers['access-control-allow-origin'] === '*', 'not open to browsers');
  }),
  row(180, 'CACHE_VARY', ['actor'], async (t) => {
    const path = new URL(t.target.actor?.uri ?? '').pathname;
    const types = await Promise.all(
      ['text/html', 'application/activity+json'].map(
        async (accept) =>
          (
            await t.get(path, [
              ['Host', t.target.host],
              ['Accept', accept],
            ])
          ).headers,
      ),
    );
    const [html, json] = types;
    if (html?.['content-type'] === json?.['content-type'] && html?.location === json?.location) return;
    for (const headers of types)
      t.expect(
        /accept/i.test(String(headers?.['vary'])) ||
          /no-store|private/.test(String(headers?.['cache-control'])),
        'two answers at one address, and caches are not told',
      );
  }),
  row(182, 'CACHE_POISON', ['actor'], async (t) => {
    const path = new URL(t.target.actor?.uri ?? '').pathname;
    const base: Lines = [
      ['Host', t.target.host],
      ['Accept', 'application/activity+json'],
    ];
    const plain = await t.get(path, base);
    for (const lines of [
      [['X-Forwarded-Host', 'evil.example']],
      [['Forwarded', 'host=evil.example;proto=http']],
      [
        ['X-Original-URL', '/evil'],
        ['X-Rewrite-URL', '/evil'],
      ],
      [['X-HTTP-Method-Override', 'DELETE']],
    ] as Lines[]) {
      const { status, body } = await t.get(path, [...base, ...lines]);
      t.expect(status === plain.status && body === plain.body, `${lines[0]?.[0]} changes what is served`);
    }
  }),
  row(214, 'ERR_REFLECT', [], async (t) => {
    for (const path of [
      '/%3Cscript%3Ealert(1)%3C/script%3E',
      '/?error=%3Csvg%20onload=alert(1)%3E',
      '/%E0%A4%A',
      '/@%3Cb%3Ex',
      '/%00',
    ]) {
      const { status, body, headers } = await t.get(path, [['Accept', 'text/html']]);
      t.expect(status < 500, `${path}: answered ${status}`);
      const html = /html/.test(String(headers['content-type']));
      t.expect(!html || !/<script>alert|<svg onload/i.test(body), `${path}: comes back as HTML`);
      t.expect(!/\n\s+at .+:\d+:\d+/.test(body), `${path}: shows a stack`);
    }
  }),
  row(250, 'OPEN_REDIR', [], async (t) => {
    for (const path of [
      '//evil.example',
      '/%5Cevil.example',
      '/web//evil.example',
      '/web/%2Fevil.example',
      '/?return_to=//evil.example',
      '/redirect?url=https://evil.example',
      '/auth/sign_in?return_to=https://evil.example',
      '//evil.example/%2e%2e',
    ]) {
      const { headers } = await t.get(path, [['Accept', 'text/html']]);
      t.expect(
        !/^(?:https?:)?[\\/]{2}evil\.example/i.test(String(headers.location ?? '')),
        `${path} leads to ${headers.location}`,
      );
    }
  }),
  row(274, 'HEADERS', [], async (t) => {
    const { headers } = await t.get('/', [['Accept', 'text/html']]);
    t.expect(headers['x-powered-by'] === undefined, 'says what it is made of (X-Powered-By)');
    t.expect(headers['x-content-type-options'] === 'nosniff', 'no nosniff');
    if (!/html/.test(String(headers['content-type']))) return;
    t.expect(
      /default-src|script-src/.test(String(headers['content-security-policy'])),
      'no content security policy',
    );
    t.expect(
      /frame-ancestors/.test(String(headers['content-security-policy'])) ||
        headers['x-frame-options'] !== undefined,
      'may be framed',
    );
  }),
  row(275, 'HOST_HDR', ['actor'], async (t) => {
    const { origin, actor } = t.target;
    const path = new URL(actor?.uri ?? '').pathname;
    const { body, headers } = await t.get(path, [
      ['Host', 'evil.example'],
      ['Accept', 'application/activity+json'],
    ]);
    t.expect(
      !body.includes('evil.example') && !String(headers.location ?? '').includes('evil.example'),
      'the Host header comes back',
    );
    const hosts = `Host: ${new URL(origin).host}\r\nHost: evil.example\r\n`;
    await refusesBytes(t, 'two hosts', `GET ${path} HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`);
    await refusesBytes(t, 'no host', 'GET / HTTP/1.1\r\n\r\n');
  }),
  row(289, 'SMUGGLE', [], async (t) => {
    const head = `POST /inbox HTTP/1.1\r\nHost: ${new URL(t.target.origin).host}\r\n`;
    for (const lines of [
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
      'Transfer-Encoding: xchunked\r\n',
      'Content-Length : 5\r\n',
      'Content-Length: 5\r\nContent-Length: 6\r\n',
      'Content-Length: -1\r\n',
    ])
      await refusesBytes(t, lines.slice(0, 40).trim(), `${head}${lines}\r\n0\r\n\r\n`);
  }),
  row(290, 'HDR_LIMIT', [], async (t) => {
    const head = `GET / HTTP/1.1\r\nHost: ${new URL(t.target.origin).host}\r\n`;
    await refusesBytes(t, '100 KB in one header', `${head}X-Big: ${'a'.repeat(100_000)}\r\n\r\n`);
    await refusesBytes(
      t,
      '20,000 headers',
      `${head}${Array.from({ length: 20_000 }, (_, i) => `A${i}: b\r\n`).join('')}\r\n`,
    );
  }),
  row(291, 'BODYPARSER', ['api'], async (t) => {
    for (const body of [
      Array.from({ length: 100_000 }, (_, i) => `a${i}=1`).join('&'),
      `a${'[b]'.repeat(5000)}=1`,
      'a[__proto__][x]=1',
    ]) {
      const { status } = await t.ask({ path: '/oauth/token', lines: form, body });
      t.expect(status < 500, `${body.slice(0, 20)}: answered ${status}`);
    }
    const { status } = await t.ask({
      path: '/oauth/token',
      lines: [['Content-Type', 'application/x-www-form-urlencoded; charset=utf-32']],
      body: 'a=b',
    });
    t.expect(status < 500, `utf-32: answered ${status}`);
  }),
  row(293, 'STATIC_TRAV', [], async (t) => {
    for (const path of [
      '/media/..%2f..%2fetc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/assets/../../etc/passwd',
      '/assets/%00',
      '/media/....//etc/passwd',
      '/..%5c..%5cetc/passwd',
      '/assets/.git/config',
    ]) {
      const { status, body } = await t.get(path);
      t.expect(status !== 500, `${path}: an error of its own`);
      t.expect(!/root:.*:0:0:|\[core\]/.test(body), `${path} reads a file`);
    }
  }),
  row(298, 'SECRETS', [], async (t) => {
    for (const path of [
      '/.env',
      '/config',
      '/config/default.json',
      '/.git/config',
      '/package.json',
      '/secrets.json',
      '/data/secrets.json',
      '/server-status',
      '/debug',
      '/metrics',
      '/main.js.map',
    ]) {
      const { status, body } = await t.get(path);
      t.expect(status !== 200 || /<html|<!doctype/i.test(body.slice(0, 500)), `${path} is open to everybody`);
    }
  }),
  { ...row(288, 'SLOWLORIS', [], slowloris), slow: true },
];

/** Many connections that never end their request; others are served, and the connections are ended. */
async function slowloris(t: Stage): Promise<void> {
  const host = new URL(t.target.origin).host;
  let open = 100;
  const stuck = Array.from({ length: open }, () =>
    bytesTo(t.target.origin, `POST /inbox HTTP/1.1\r\nHost: ${host}\r\nX-A: b`, 90_000).then(
      () => void (open -= 1),
    ),
  );
  t.expect((await t.get('/')).status < 500, 'others are not served meanwhile');
  const ended = await t.eventually(() => open === 0, 75_000);
  t.expect(ended, `${open} of 100 requests without an end are still open after 75 s`);
  await Promise.all(stuck);
}
