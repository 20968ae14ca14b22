import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { JsonObject } from '../../federation/ports.js';
import {
  createOf,
  deliver,
  get,
  nextId,
  noteOf,
  raw,
  startScene,
  type Answer,
  type Scene,
  type Status,
} from './kit.js';

let s: Scene;
beforeAll(async () => {
  s = await startScene();
});
afterAll(() => s?.close());

const dangerous =
  /<script|<style|<svg|<math|<iframe|<object|<embed|<form|<input|<meta|<base|<img|<video|\son\w+\s*=|javascript:|vbscript:|data:text|srcdoc|style=|\sid=/i;

/** What becomes of remote HTML: in the API, on the page, in the raw document. */
async function shown(
  content: string,
  extra: JsonObject = {},
): Promise<{ api: Status & { spoiler_text: string }; page: string }> {
  const note = noteOf(s.alice, { content, ...extra });
  await deliver(s, createOf(note), { by: s.alice });
  const stored = await s.us.ctx.db.statuses.findOne({ uri: note.id });
  const api = await s.bob.client.get<Status & { spoiler_text: string }>(`/api/v1/statuses/${stored?._id}`);
  const reply = await s.bob.client.post<Status>('/api/v1/statuses', {
    status: 'Answer',
    in_reply_to_id: stored?._id,
  });
  const page = (await get(s, new URL(reply.url).pathname, undefined, 'text/html')).body;
  return { api, page };
}

/** The page without what we put there ourselves. */
const bodyOf = (page: string): string => page.slice(page.indexOf('<main'));

const basics = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<a onmouseover=alert(1) href="https://a.example/">x</a>',
  '<details ontoggle=alert(1) open>',
  '<form action=https://evil><input></form>',
  '<meta http-equiv=refresh content=0>',
  '<base href=https://evil>',
];
const mutations = [
  '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
  '<math><mtext><h1><a><h6></a></h6><mglyph><svg><mtext><style><a title="</style><img src onerror=alert(1)>">',
  '<xmp><script>alert(1)</script></xmp>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<textarea><script>1</script></textarea>',
  '<title><script>1</script></title>',
  '<plaintext><script>1',
];
const embeds = [
  '<iframe srcdoc="<script>1</script>"></iframe>',
  '<embed src=x>',
  '<object data=x></object>',
  '<video src=x onerror=alert(1)>',
];

async function harmless(texts: string[]): Promise<void> {
  for (const text of texts) {
    const { api } = await shown(text);
    expect([text, dangerous.test(api.content)]).toEqual([text, false]);
  }
}

test('#197 XSS_BASIC', async () => {
  await harmless(basics);
  const all = basics.join('');
  const { api } = await shown('x', { summary: all });
  const { page } = await shown('y', { summary: all, tag: [{ type: 'Hashtag', name: '#<script>' }] });
  // Our own icons are drawings too; nobody else's are.
  expect(bodyOf(page)).not.toMatch(
    /<script|<svg(?! class="icon" viewBox="0 0 24 24" aria-hidden="true">)|onerror=alert\(1\)>|<base|<form action=https/,
  );
  expect(typeof api.spoiler_text).toBe('string');
  await deliver(
    s,
    {
      type: 'Update',
      object: {
        ...s.alice.document,
        name: all,
        summary: all,
        attachment: [{ type: 'PropertyValue', name: all, value: all }],
      },
    },
    { by: s.alice },
  );
  const { accounts } = await s.bob.client.get<{ accounts: { note: string; fields: { value: string }[] }[] }>(
    `/api/v2/search?q=alice@${s.peer.host}&type=accounts`,
  );
  for (const account of accounts)
    for (const text of [account.note, ...account.fields.map((f) => f.value)])
      expect(text).not.toMatch(dangerous);
  const named = await shown('the name');
  expect(bodyOf(named.page)).not.toMatch(
    /<script|<svg(?! class="icon" viewBox="0 0 24 24" aria-hidden="true">)|<base/,
  );
  await deliver(s, { type: 'Update', object: s.alice.document }, { by: s.alice });
});

test('#198 XSS_HREF', async () => {
  for (const href of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    '&#106;avascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    ' \u0001javascript:alert(1)',
  ]) {
    const { api } = await shown(`<a href="${href}">x</a>`);
    expect([href, /href=/.test(api.content)]).toEqual([href, false]);
  }
  expect((await shown('<a href="https://a.example/">x</a>')).api.content).toMatch(
    /rel="[^"]*nofollow[^"]*noopener/,
  );
});

test('#199 XSS_URLPROP', async () => {
  const js = 'javascript:alert(1)';
  const { api } = await shown('x', {
    url: js,
    attachment: [{ type: 'Document', mediaType: 'image/png', url: js }],
    tag: [{ type: 'Emoji', name: ':e:', icon: { type: 'Image', url: js } }],
  });
  expect(JSON.stringify(api)).not.toContain('javascript:');
  await deliver(
    s,
    {
      type: 'Update',
      object: {
        ...s.alice.document,
        url: js,
        icon: { type: 'Image', url: js },
        image: { type: 'Image', url: js },
      },
    },
    { by: s.alice },
  );
  expect(JSON.stringify(await s.us.ctx.db.accounts.findOne({ uri: s.alice.uri }))).not.toContain(
    'javascript:',
  );
  await deliver(s, { type: 'Update', object: s.alice.document }, { by: s.alice });
});

test('#200 XSS_MXSS, #201 XSS_XMP', () => harmless(mutations));
test('#201 XSS_XMP', () => harmless(['<xmp><img src=x onerror=alert(1)></xmp>']));

test('#202 SAN_CRASH', async () => {
  for (const text of [
    '<math><semantics><annotation>x</annotation></semantics></math>',
    '<annotation class="foo">',
    '<b>'.repeat(10_000),
    '<a><b><i><p><div>'.repeat(500),
    '<'.repeat(50_000),
    '<!--',
    '<![CDATA[ x ]]>',
    '&#x0;&#xD800;&amp',
  ])
    expect(typeof (await shown(text)).api.content).toBe('string');
});

test('#203 SAN_CLASS', async () => {
  const { api } = await shown('<p class="modal-root mention" id="mastodon" style="position:fixed">x</p>');
  expect(api.content).not.toMatch(/modal-root|id=|style=/);
});

test('#204 SAN_EMBED', () => harmless(embeds));

test('#205 SAN_EMOJI_ATTR', async () => {
  const tag = [{ type: 'Emoji', name: ':blob:', icon: { type: 'Image', url: `${s.peer.origin}/b.png` } }];
  const { api } = await shown('<a href="https://x.example/:blob:">:blob:</a> :"><img src=x onerror=1>:', {
    tag,
  });
  expect(api.content).toContain('href="https://x.example/:blob:"');
  expect(api.content).not.toMatch(dangerous);
});

test('#207 MENTION_SPOOF', async () => {
  const before = await s.us.ctx.db.notifications.countDocuments({ accountId: s.carol.account._id });
  const { api } = await shown(`<a class="u-url mention" href="https://evil.example/">@carol</a>`, {
    tag: [{ type: 'Mention', href: s.bob.account.uri, name: '@carol' }],
  });
  expect(await s.us.ctx.db.notifications.countDocuments({ accountId: s.carol.account._id })).toBe(before);
  expect(api.mentions.map((m) => m.acct)).toEqual(['bob']);
});

test('#209 JSON_IN_HTML', async () => {
  await deliver(
    s,
    {
      type: 'Update',
      object: { ...s.alice.document, name: '</script></title><script>alert(1)</script>\u2028<!--' },
    },
    { by: s.alice },
  );
  const { page } = await shown('hello');
  expect(page).not.toMatch(/<script>alert|<!--(?! )/);
  await deliver(s, { type: 'Update', object: s.alice.document }, { by: s.alice });
});

test('#212 MD_HTML', async () => {
  for (const status of [
    '[x](javascript:alert(1))',
    '<script>alert(1)</script>',
    '</code></pre><img src=x onerror=alert(1)>',
    '@"><svg onload=1>',
    '#"><script>',
    'https://a.example/"onmouseover="alert(1)',
  ]) {
    const { content } = await s.bob.client.post<Status>('/api/v1/statuses', { status });
    expect([
      status,
      /<(?:script|img|svg)|<[^>]*\son\w+=/i.test(content),
      /href="javascript/i.test(content),
    ]).toEqual([status, false, false]);
  }
});

test('#214 ERR_REFLECT', async () => {
  for (const path of [
    '/%3Cscript%3Ealert(1)%3C/script%3E',
    '/@%3Csvg%20onload%3D1%3E',
    '/?error=<svg%20onload=1>',
    '/tags/%3Cscript%3E',
    '/%E0%A4%A',
    '/users/%3Cscript%3E',
    '/authorize_interaction?uri=%3Cscript%3Ealert(1)%3C/script%3E',
  ])
    for (const accept of ['text/html', '*/*']) {
      const { status, body, headers } = await raw(s, { method: 'GET', path, lines: [['Accept', accept]] });
      expect([path, status < 500]).toEqual([path, true]);
      if (String(headers['content-type']).includes('html'))
        expect(body).not.toMatch(/<script>alert|<svg onload/);
      expect(body).not.toMatch(/\bat .*\.ts:|node_modules/);
    }
});

const boundary = 'xxBOUNDARYxx';
function upload(
  file: Buffer,
  { name = 'a.png', type = 'image/png', path = '/api/v2/media', lines = [] as [string, string][] } = {},
): Promise<Answer> {
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    file,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return raw(s, {
    path,
    lines: [
      ['Content-Type', `multipart/form-data; boundary=${boundary}`],
      ['Authorization', `Bearer ${s.bob.token}`],
      ...lines,
    ],
    body,
  });
}
const png = () =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: '#123456' } })
    .png()
    .toBuffer();

test('#79 UPLOAD_AS', async () => {
  const actor = Buffer.from(JSON.stringify(s.alice.document));
  for (const [name, type] of [
    ['x.json', 'application/activity+json'],
    ['x.png', 'application/activity+json'],
    ['x.png', 'image/png'],
  ] as const)
    expect([name, type, (await upload(actor, { name, type })).status]).toEqual([name, type, 422]);
  const polyglot = Buffer.concat([await png(), actor]);
  const { status, body } = await upload(polyglot, { type: 'application/activity+json' });
  if (status !== 200) return;
  const { url } = JSON.parse(body) as { url: string };
  const served = await get(s, new URL(url).pathname);
  expect([String(served.headers['content-type']), served.headers['x-content-type-options']]).toEqual([
    expect.stringMatching(/^image\//),
    'nosniff',
  ]);
  expect(served.body).not.toContain('preferredUsername');
});

test('#217 MED_POLYGLOT, #218 MED_SVG, #224 MED_HLS', async () => {
  const hostile = [
    'push graphic-context\nviewbox 0 0 1 1\nimage over 0,0 0,0 "https://evil.example/"',
    '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
    '%PDF-1.4\n',
    '%!PS\n',
    '#define x_width 1\n',
    '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "a">]><svg/>',
    '#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n',
  ];
  for (const text of hostile)
    for (const [name, type] of [
      ['a.png', 'image/png'],
      ['a.jpg', 'image/jpeg'],
      ['a.mp4', 'video/mp4'],
    ] as const) {
      const { status } = await upload(Buffer.from(text), { name, type });
      expect([text.slice(0, 10), name, status]).toEqual([text.slice(0, 10), name, 422]);
    }
  for (const field of ['avatar', 'header']) {
    const body = Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n${hostile[1]}\r\n--${boundary}--\r\n`,
    );
    const lines: [string, string][] = [
      ['Content-Type', `multipart/form-data; boundary=${boundary}`],
      ['Authorization', `Bearer ${s.bob.token}`],
    ];
    expect(
      (await raw(s, { method: 'PATCH', path: '/api/v1/accounts/update_credentials', lines, body })).status,
    ).toBe(422);
  }
});

test('#218 MED_SVG', async () => {
  expect(
    (
      await upload(
        Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
        { name: 'a.svg', type: 'image/svg+xml' },
      )
    ).status,
  ).toBe(422);
});

test('#219 MED_MIME, #228 MED_PATH', async () => {
  for (const name of [
    '../../app.js',
    'C:\\x',
    `${'n'.repeat(5000)}.png`,
    '.htaccess',
    '\u202Egnp.html',
    'a.html',
  ]) {
    const { status, body } = await upload(await png(), { name, type: 'text/html' });
    if (status >= 400 && status < 500) continue;
    const { url } = JSON.parse(body) as { url: string };
    expect(new URL(url).pathname).toMatch(/^\/media\/[\w/]+\.(png|webp|jpg|jpeg)$/);
    const served = await get(s, new URL(url).pathname, undefined, 'text/html');
    expect([served.headers['content-security-policy'], String(served.headers['content-type'])]).toEqual([
      "default-src 'none'; sandbox",
      expect.stringMatching(/^image\//),
    ]);
  }
  expect((await upload(Buffer.from('<html><script>1</script>'))).status).toBe(422);
});

test('#228 MED_PATH', async () => {
  expect((await upload(await png(), { name: 'a\u0000.png' })).status).toBeLessThan(500);
});

test('#220 MED_BOMB', async () => {
  const bomb = await sharp({
    create: { width: 14_000, height: 14_000, channels: 3, background: '#000' },
    limitInputPixels: false,
  })
    .png({ compressionLevel: 9 })
    .toBuffer();
  const before = process.memoryUsage().rss;
  expect((await upload(bomb)).status).toBe(422);
  expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
});

test('#223 MED_EXIF', async () => {
  const file = await sharp({ create: { width: 32, height: 32, channels: 3, background: '#777' } })
    .jpeg()
    .withExif({ IFD0: { Copyright: 'SECRETPLACE', ImageDescription: 'SECRETPLACE' } })
    .toBuffer();
  expect(file.includes('SECRETPLACE')).toBe(true);
  const media = JSON.parse((await upload(file, { name: 'a.jpg', type: 'image/jpeg' })).body) as {
    url: string;
    preview_url: string;
  };
  for (const url of [media.url, media.preview_url]) {
    const response = await fetch(url);
    expect(Buffer.from(await response.arrayBuffer()).includes('SECRETPLACE')).toBe(false);
  }
});

test('#226 MED_MULTIPART, #227 MED_ABORT', async () => {
  const type = (value: string): [string, string][] => [
    ['Content-Type', value],
    ['Authorization', `Bearer ${s.bob.token}`],
  ];
  const part = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nabc`;
  for (const [value, body] of [
    ['multipart/form-data', part],
    [`multipart/form-data; boundary=${boundary}`, part],
    [
      `multipart/form-data; boundary=${boundary}`,
      `--${boundary}\r\nContent-Disposition: form-data; name=""\r\n\r\nx\r\n--${boundary}--`,
    ],
    [
      `multipart/form-data; boundary=${boundary}`,
      `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n`.repeat(10_000),
    ],
    [`multipart/form-data; boundary=${boundary}`, `--${boundary}\r\nX-A: ${'b'.repeat(1_000_000)}\r\n\r\n`],
    [`multipart/form-data; boundary=${boundary}`, ''],
  ] as const) {
    const { status } = await raw(s, { path: '/api/v2/media', lines: type(value), body }).catch(() => ({
      status: 400,
    }));
    expect([value.slice(0, 20), body.slice(0, 20), status >= 400 && status < 500]).toEqual([
      value.slice(0, 20),
      body.slice(0, 20),
      true,
    ]);
  }
  expect((await upload(await png())).status).toBe(200);
});

test('#229 MED_META', async () => {
  const hostile = {
    type: 'Document',
    mediaType: 'image/png',
    url: `${s.peer.origin}/${nextId()}.png`,
    name: 'a'.repeat(200_000),
    focalPoint: ['NaN', 1e9],
    blurhash: 'A'.repeat(10_000),
    width: -1,
    height: 1e308,
  };
  const { api } = await shown('x', { attachment: [hostile] });
  const [media] = (
    api as unknown as { media_attachments: { description: string; blurhash: string | null; meta: unknown }[] }
  ).media_attachments;
  expect(media?.description.length).toBeLessThanOrEqual(10_000);
  expect(media?.blurhash === null || (media?.blurhash.length ?? 0) < 200).toBe(true);
  expect(JSON.stringify(media?.meta)).not.toMatch(/NaN|-1|1e\+308/);
});

test('#187 VIS_MEDIA', async () => {
  const { id } = JSON.parse((await upload(await png())).body) as { id: string };
  const take = (token: string) =>
    raw(s, {
      path: '/api/v1/statuses',
      lines: [
        ['Content-Type', 'application/json'],
        ['Authorization', `Bearer ${token}`],
      ],
      body: JSON.stringify({ status: 'mine now', media_ids: [id] }),
    });
  expect([404, 422]).toContain((await take(s.carol.token)).status);
  expect(
    (
      await raw(s, {
        method: 'PUT',
        path: `/api/v1/media/${id}`,
        lines: [['Authorization', `Bearer ${s.carol.token}`]],
      })
    ).status,
  ).toBe(404);
  expect((await take(s.bob.token)).status).toBe(200);
  expect([404, 422]).toContain((await take(s.bob.token)).status);
});
