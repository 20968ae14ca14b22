import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { updateInstance } from '../../src/domain/instance-profile.js';
import { startSmtp, type SmtpDouble } from '../support/smtp.js';
import {
  createOf,
  deliver,
  get,
  nextId,
  noteOf,
  raw,
  startHost,
  startScene,
  unchanged,
  type Answer,
  type Host,
  type Scene,
  type Status,
} from './kit.js';

let smtp: SmtpDouble;
let s: Scene;
let pages: Host;
beforeAll(async () => {
  smtp = await startSmtp();
  s = await startScene({
    testMode: false,
    registrations: 'open',
    smtpUrl: smtp.url,
    mailFrom: 'Landfall <post@server.example>',
  });
});
afterAll(async () => {
  await s?.close();
  await smtp?.close();
  await pages?.close();
});

/** How a client gets a remote text. */
async function shown(content: string): Promise<string> {
  const note = noteOf(s.alice, { content });
  await deliver(s, createOf(note), { by: s.alice });
  const stored = await s.us.ctx.db.statuses.findOne({ uri: note.id });
  return (await s.bob.client.get<Status>(`/api/v1/statuses/${stored?._id}`)).content;
}

/** What a reader sees of a link: without tags, and without what the classes of Mastodon hide. */
const visible = (html: string): string =>
  html.replaceAll(/<span class="invisible">.*?<\/span>/g, '').replaceAll(/<[^>]*>/g, '');

interface Field {
  name: string;
  value: string;
  verified_at: string | null;
}

test('#206 LINK_SPOOF', async () => {
  const bank = 'https://bank.example';
  for (const text of [
    bank,
    'bank.example/login',
    `<span>https://</span>bank.example`,
    `<span class="invisible">https://evil.example/</span>${bank}`,
    `<b>${bank}</b>/account`,
    `  ${bank}  `,
    `HTTPS://BANK.EXAMPLE`,
    `${bank}\u202e`,
    `www.bank.example`,
  ]) {
    const content = await shown(`<p><a href="https://evil.example/x">${text}</a></p>`);
    expect(content).toContain('href="https://evil.example/x"');
    // A bare name without scheme or www. is a text as any other: only what looks like a link is answered for.
    if (text === 'bank.example/login') continue;
    expect([text, visible(content).includes('evil.example')]).toEqual([text, true]);
  }
  for (const honest of ['https://evil.example/x', 'evil.example', 'a word'])
    expect(visible(await shown(`<p><a href="https://evil.example/x">${honest}</a></p>`))).toBe(honest);

  // A page proves nothing by holding the link in a comment, as text, without rel=me, or by sending the asker on.
  const own = `${s.us.url}/@bob`;
  pages = await startHost((req, res) => {
    const bodies: Record<string, string> = {
      '/comment': `<!-- <a rel="me" href="${own}">x</a> -->`,
      '/text': own,
      '/norel': `<a href="${own}">x</a>`,
      '/attribute': `<p title='<a rel="me" href="${own}">'>x</p>`,
      '/script': `<script>var x = '<a rel="me" href="${own}">x</a>'</script>`,
    };
    if (req.url === '/redirect') return void res.writeHead(302, { location: own }).end();
    res.writeHead(200, { 'content-type': 'text/html' }).end(bodies[req.url ?? ''] ?? '');
  });
  const paths = ['comment', 'text', 'norel', 'attribute', 'script', 'redirect'];
  for (let i = 0; i < paths.length; i += 2) {
    const chosen = paths.slice(i, i + 2);
    const fields = chosen.map((name) => ({ name, value: `${pages.origin}/${name}` }));
    await s.bob.client.patch('/api/v1/accounts/update_credentials', { fields_attributes: fields });
    await s.us.idle();
    const own_ = await s.bob.client.get<{ fields: Field[] }>('/api/v1/accounts/verify_credentials');
    expect(own_.fields.map((f) => [f.name, f.verified_at])).toEqual(chosen.map((name) => [name, null]));
    for (const field of own_.fields) expect(visible(field.value)).toContain(pages.host);
  }
  // Nor does a remote field, whose visible part is another address.
  const value = `<a href="${bank}" rel="me"><span class="invisible">https://</span><span>evil.example</span></a>`;
  const object = { ...s.alice.document, attachment: [{ type: 'PropertyValue', name: 'web', value }] };
  await deliver(s, { type: 'Update', object }, { by: s.alice });
  const q = encodeURIComponent(`@alice@${s.peer.host}`);
  const { accounts } = await s.bob.client.get<{ accounts: { fields: Field[] }[] }>(
    `/api/v2/search?type=accounts&q=${q}`,
  );
  expect(accounts[0]?.fields[0]?.verified_at).toBeNull();
  expect(visible(accounts[0]?.fields[0]?.value ?? '')).toContain('[bank.example]');
  await deliver(s, { type: 'Update', object: s.alice.document }, { by: s.alice });
});

/** Characters that turn what comes after them. */
const turning = /[\u202a-\u202e\u2066-\u2069]/;

test('#208 TEXT_BIDI', async () => {
  const evilName = `\u202eelpmaxe.knab\u2066 ${'\u200d'.repeat(1500)}Z${'\u0301\u0489'.repeat(250)}`;
  await deliver(s, { type: 'Update', object: { ...s.alice.document, name: evilName } }, { by: s.alice });
  const note = noteOf(s.alice, { content: `<p>${evilName}</p>`, inReplyTo: null });
  await deliver(s, createOf(note), { by: s.alice });
  const stored = await s.us.ctx.db.statuses.findOne({ uri: note.id });
  await s.bob.client.post(`/api/v1/statuses/${stored?._id}/reblog`);
  const page = (await get(s, '/@bob', undefined, 'text/html')).body;
  expect(page).toContain('elpmaxe.knab');
  // Wherever such a character stands, its reach ends with an element of its own.
  for (const [, before, element] of page.matchAll(
    /<([a-z]+)(?:\s[^>]*)?>([^<]*[\u202a-\u202e\u2066-\u2069][^<]*)/g,
  ))
    expect([before, element?.slice(0, 40), ['bdi', 'p'].includes(before ?? '')]).toEqual([
      before,
      element?.slice(0, 40),
      true,
    ]);
  expect(page).toMatch(/<bdi>\u202e/);

  // Of our own: no handle, no long name; a title has no element to end a turn in.
  const rename = (name: string): Promise<Answer> =>
    raw(s, {
      method: 'PATCH',
      path: '/api/v1/accounts/update_credentials',
      lines: [
        ['Authorization', `Bearer ${s.bob.token}`],
        ['Content-Type', 'application/json'],
      ],
      body: JSON.stringify({ display_name: name }),
    });
  expect((await rename('\u200d'.repeat(10_000))).status).toBe(422);
  expect((await rename(`Z${'\u0301'.repeat(10_000)}`)).status).toBe(422);
  expect((await rename('\u202eevil\u2066bob')).status).toBe(200);
  const profile = (await get(s, '/@bob', undefined, 'text/html')).body;
  expect(profile).toMatch(/<bdi>\u202eevil/);
  for (const [element] of profile.matchAll(/<title>[^<]*|<meta [^>]*>/g))
    expect([element, turning.test(element)]).toEqual([element, false]);
  for (const username of ['bo\u202eb', 'bob\u200d', '\u2066bob', 'bo\u0301b'])
    await expect(s.us.createUser(username)).rejects.toThrow();
  await rename('');
  // A character with any number of marks does not carry a book past the limit of a post.
  const long = await raw(s, {
    path: '/api/v1/statuses',
    lines: [
      ['Authorization', `Bearer ${s.bob.token}`],
      ['Content-Type', 'application/json'],
    ],
    body: JSON.stringify({ status: `Z${'\u0301'.repeat(300_000)}` }),
  });
  expect(long.status).toBe(422);
  const family = '👨‍👩‍👧‍👦'.repeat(600);
  await s.bob.client.post('/api/v1/statuses', { status: family });

  // The title of a page that is linked does not turn the name of the page's host.
  const linked = await startHost((_req, res) => {
    const head = '<title>\u202egnp.knab</title><meta property="og:site_name" content="\u202ebank.example">';
    res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(head);
  });
  const post = await s.bob.client.post<Status>('/api/v1/statuses', { status: `Look: ${linked.origin}/` });
  await s.us.idle();
  const shownCard = (await get(s, new URL(post.url).pathname, undefined, 'text/html')).body;
  expect(shownCard).toMatch(/<bdi>\u202egnp\.knab<\/bdi>/);
  expect(shownCard).toContain(`<bdi>\u202ebank.example</bdi> (${linked.host})`);
  await linked.close();
  await deliver(s, { type: 'Update', object: s.alice.document }, { by: s.alice });
});

test('#211 RSS_MAIL', async () => {
  // There are no feeds; whatever is asked for, nothing of the kind is sent with a name or a text of anybody's.
  await s.bob.client.patch('/api/v1/accounts/update_credentials', { display_name: '<b>]]></b>' });
  await s.bob.client.post('/api/v1/statuses', { status: 'x ]]> <b>&' });
  for (const path of ['/@bob.rss', '/@bob.atom', '/users/bob.rss', '/tags/x.rss', '/feed', '/rss'])
    for (const accept of ['application/rss+xml', 'application/xml', '*/*']) {
      const { status, headers, body } = await get(s, path, undefined, accept);
      expect([path, status, /xml/.test(String(headers['content-type']))]).toEqual([path, 404, false]);
      expect(body).not.toContain(']]>');
    }

  await updateInstance(s.us.ctx, { title: 'Ours\r\nBcc: title@evil.example\r\n\r\n<script>' });
  const json: [string, string] = ['Content-Type', 'application/json'];
  const app = JSON.parse(
    (
      await raw(s, {
        path: '/api/v1/apps',
        lines: [json],
        body: JSON.stringify({
          client_name: 'x\r\nBcc: app@evil.example',
          redirect_uris: 'urn:ietf:wg:oauth:2.0:oob',
          scopes: 'read write',
        }),
      })
    ).body,
  ) as Record<string, string>;
  const { client_id, client_secret } = app;
  const grant = { grant_type: 'client_credentials', client_id, client_secret, scope: 'read write' };
  const answered = await raw(s, { path: '/oauth/token', lines: [json], body: JSON.stringify(grant) });
  const { access_token: token } = JSON.parse(answered.body) as { access_token: string };
  const signUp = (person: object): Promise<Answer> =>
    raw(s, {
      path: '/api/v1/accounts',
      lines: [json, ['Authorization', `Bearer ${token}`]],
      body: JSON.stringify({ password: 'correct horse battery', agreement: true, locale: 'en', ...person }),
    });
  const sent = smtp.mails.length;
  await unchanged(s, async () => {
    for (const email of [
      'x@mail.example\r\nBcc: y@evil.example',
      'x@mail.example\nBcc: y@evil.example',
      'x@mail.example,y@evil.example',
      '"x\r\nBcc: y"@mail.example',
      '<x@mail.example> y@evil.example',
      'x@mail.example\u2028Bcc: y@evil.example',
    ])
      expect([email, (await signUp({ username: `u${nextId()}`, email })).status]).toEqual([email, 422]);
    const username = 'u\r\nBcc: y@evil.example';
    expect((await signUp({ username, email: 'x@mail.example' })).status).toBe(422);
  });
  expect(smtp.mails.length).toBe(sent);
  expect(
    (await signUp({ username: 'fine', email: 'fine@mail.example', reason: 'a\r\nBcc: r@evil' })).status,
  ).toBe(200);
  await s.us.idle();
  const mail = smtp.mails.at(-1);
  expect([smtp.mails.length, mail?.to]).toEqual([sent + 1, ['fine@mail.example']]);
  expect(Object.keys(mail?.headers ?? {}).sort()).toEqual(
    [
      'auto-submitted',
      'content-transfer-encoding',
      'content-type',
      'date',
      'from',
      'message-id',
      'mime-version',
      'subject',
      'to',
    ].sort(),
  );
  expect(mail?.headers['content-type']).toMatch(/^text\/plain/);
  await s.bob.client.patch('/api/v1/accounts/update_credentials', { display_name: '' });
});
