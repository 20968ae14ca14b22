import { randomUUID } from 'node:crypto';
import type { Json } from '../peer.js';
import { CouldNotAsk, row, type Need, type Row } from '../row.js';
import type { Stage } from '../stage.js';
import { rawTo } from '../wire.js';

const needs: readonly Need[] = ['takes', 'token'];

/** Sends a post that mentions the token's owner, and reads what clients are given of it. */
async function shown(t: Stage, content: string, extra: Json = {}): Promise<string> {
  const by = t.guest();
  const mark = randomUUID();
  const note = {
    id: `${by.uri}/notes/${mark}`,
    type: 'Note',
    attributedTo: by.uri,
    content: `<p>${mark}</p>${content}`,
    published: new Date().toISOString(),
    to: ['https://www.w3.org/ns/activitystreams#Public'],
    cc: [t.target.actor?.uri],
    tag: [{ type: 'Mention', href: t.target.actor?.uri }],
    ...extra,
  };
  const create = { ...t.follow(by), type: 'Create', object: note, to: note.to, cc: note.cc };
  const { status } = await t.send(by, { activity: create });
  t.expect(status < 500, `answered ${status}`);
  let found = '';
  await t.eventually(async () => {
    const { json } = await t.api('GET', '/api/v1/notifications?types[]=mention&limit=5');
    const statuses = Array.isArray(json) ? json.map((n) => (n as Json)['status']) : [];
    found = JSON.stringify(statuses.find((s) => JSON.stringify(s ?? '').includes(mark)) ?? '');
    return found !== '""';
  }, 8000);
  if (found === '""') throw new CouldNotAsk('a post that mentions somebody did not arrive');
  return JSON.parse(found) ? found : '';
}

const contentOf = (status: string): string => String((JSON.parse(status) as Json)['content']);

const markup = (id: number, name: string, vectors: readonly string[], bad: RegExp): Row =>
  row(id, name, needs, async (t) => {
    const content = contentOf(await shown(t, vectors.join('\n')));
    const found = bad.exec(content)?.[0];
    t.expect(found === undefined, `comes through: ${found}`);
  });

const textRows: Row[] = [
  markup(
    197,
    'XSS_BASIC',
    [
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      '<svg onload=alert(1)>',
      '<a href="https://a.example" onmouseover="x()">a</a>',
      '<form action="/x"><input name=a></form>',
      '<meta http-equiv=refresh content=0>',
      '<base href="//evil.example">',
      '<details ontoggle=x()>',
    ],
    /<script|<svg|<form|<input|<meta|<base|\son\w+=/i,
  ),
  markup(
    198,
    'XSS_HREF',
    [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'java\tscript:alert(1)',
      '&#106;avascript:alert(1)',
      'data:text/html,x',
      'vbscript:x',
      ' javascript:alert(1)',
    ].map((href) => `<a href="${href}">a</a>`),
    /href="\s*(?:java|data|vb)/i,
  ),
  markup(
    200,
    'XSS_MXSS',
    [
      '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
      '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    ],
    /<img|<style|<svg|<math/i,
  ),
  markup(
    201,
    'XSS_XMP',
    [
      '<xmp><script>alert(1)</script></xmp>',
      '<noscript><img src=x onerror=x()></noscript>',
      '<textarea><script>x()</script></textarea>',
      '<title><img src=x onerror=x()></title>',
    ],
    /<script|<img|<xmp|<textarea/i,
  ),
  markup(
    203,
    'SAN_CLASS',
    [
      '<p class="modal-root" id="mastodon" style="position:fixed;background:url(https://evil.example/x)">a</p>',
    ],
    /modal-root|\sid=|\sstyle=/i,
  ),
  markup(
    204,
    'SAN_EMBED',
    [
      '<iframe src="https://evil.example"></iframe>',
      '<object data=x></object>',
      '<embed src=x>',
      '<video src=x></video>',
    ],
    /<iframe|<object|<embed|<video/i,
  ),
  row(202, 'SAN_CRASH', needs, async (t) => {
    await shown(
      t,
      `${'<b>'.repeat(5000)}<math><semantics><annotation>x</annotation></semantics></math><a <b <c`,
    );
    t.expect(
      (await t.api('GET', '/api/v1/notifications')).status === 200,
      'the page of notifications no longer works',
    );
  }),
  row(199, 'XSS_URLPROP', needs, async (t) => {
    const status = await shown(t, '', {
      url: 'javascript:alert(1)',
      attachment: [{ type: 'Image', mediaType: 'image/png', url: 'javascript:alert(2)' }],
    });
    t.expect(!status.includes('javascript:'), 'an address that is a script comes through');
  }),
];

interface Upload {
  name: string;
  type: string;
  bytes: string;
}

async function upload(t: Stage, { name, type, bytes }: Upload) {
  const line = 'attack-boundary';
  const body = `--${line}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n${bytes}\r\n--${line}--\r\n`;
  return rawTo(t.target.origin, {
    path: '/api/v2/media',
    lines: [
      ['Authorization', `Bearer ${t.target.token}`],
      ['Content-Type', `multipart/form-data; boundary=${line}`],
    ],
    body,
  });
}

const refusesUpload = (id: number, name: string, uploads: readonly Upload[]): Row =>
  row(id, name, ['token'], async (t) => {
    for (const one of uploads) {
      const { status } = await upload(t, one);
      if (status === 429) throw new CouldNotAsk('its limit of uploads is reached');
      t.expect(status >= 400 && status < 500, `${one.name}: answered ${status}`);
    }
  });

const actor = JSON.stringify({
  '@context': 'https://www.w3.org/ns/activitystreams',
  type: 'Person',
  id: 'https://peer.example/users/x',
});
const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

const mediaRows: Row[] = [
  refusesUpload(79, 'UPLOAD_AS', [
    { name: 'x.json', type: 'application/activity+json', bytes: actor },
    { name: 'x.png', type: 'image/png', bytes: actor },
  ]),
  refusesUpload(217, 'MED_POLYGLOT', [
    { name: 'x.jpg', type: 'image/jpeg', bytes: 'push graphic-context\nviewbox 0 0 1 1\n' },
    { name: 'x.png', type: 'image/png', bytes: '%!PS\n' },
    { name: 'x.png', type: 'image/png', bytes: '%PDF-1.4\n' },
  ]),
  refusesUpload(218, 'MED_SVG', [
    { name: 'x.svg', type: 'image/svg+xml', bytes: svg },
    { name: 'x.png', type: 'image/png', bytes: svg },
  ]),
  refusesUpload(219, 'MED_MIME', [
    { name: 'a.png', type: 'image/png', bytes: '<!doctype html><script>alert(1)</script>' },
  ]),
  refusesUpload(224, 'MED_HLS', [
    { name: 'a.mp4', type: 'video/mp4', bytes: '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n' },
  ]),
  row(226, 'MED_MULTIPART', ['token'], async (t) => {
    const auth: [string, string] = ['Authorization', `Bearer ${t.target.token}`];
    for (const [type, body] of [
      ['multipart/form-data', 'x'],
      [
        'multipart/form-data; boundary=a',
        '--a\r\nContent-Disposition: form-data; name=""\r\n\r\nx\r\n--a--\r\n',
      ],
      [
        'multipart/form-data; boundary=a',
        '--a\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nhalf',
      ],
      ['multipart/form-data; boundary=a', `--a\r\nX: ${'x'.repeat(200_000)}\r\n\r\nx\r\n--a--\r\n`],
    ] as const) {
      const { status } = await t.ask({ path: '/api/v2/media', lines: [auth, ['Content-Type', type]], body });
      t.expect(status >= 400 && status < 500, `${body.slice(0, 20)}: answered ${status}`);
    }
  }),
];

export const rows: Row[] = [...textRows, ...mediaRows];
