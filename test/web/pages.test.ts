import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chromium } from 'playwright-core';
import request, { type Response } from 'supertest';
import { updateInstance } from '../../src/domain/instance-profile.js';
import { getInstance } from '../../src/domain/instance.js';
import { clientOf, ok, post, type StatusJson } from '../api/support.js';
import { chromiumArgs, tell } from '../clients/kit.js';
import { startHarbour, type Harbour } from './seed.js';

let harbour: Harbour;

beforeAll(async () => {
  harbour = await startHarbour();
});
afterAll(() => harbour.instance.close());

const pathOf = (status: StatusJson): string => new URL(String(status['url'])).pathname;
const open = (path: string): Promise<Response> =>
  request(harbour.instance.url)
    .get(path)
    .set('Accept', 'text/html')
    .then((res) => res);
const attribute = (html: string, element: RegExp, name: string): string | undefined =>
  new RegExp(`${name}="([^"]*)"`).exec(element.exec(html)?.[0] ?? '')?.[1];
const og = (html: string, property: string): string | undefined =>
  attribute(html, new RegExp(`<meta[^>]*property="og:${property}"[^>]*>`), 'content');

function pages(): Record<string, string> {
  const { posts } = harbour;
  return {
    front: '/',
    about: '/about',
    profile: '/@maren',
    'a profile without a picture': '/@layla',
    status: pathOf(posts.picture),
    'the end of a thread': pathOf(posts.thread),
    tag: '/tags/harbour',
    'a tag that nobody used': '/tags/nothing',
    'nothing at all': '/@nobody',
  };
}
const names = [
  'front',
  'about',
  'profile',
  'a profile without a picture',
  'status',
  'the end of a thread',
  'tag',
];

describe('every page', () => {
  test.each([...names, 'a tag that nobody used', 'nothing at all'])(
    '%s needs and allows no script',
    async (name) => {
      const res = await open(pages()[name] ?? '');
      expect(res.type).toBe('text/html');
      expect(res.text).not.toMatch(/<script|\son\w+=|javascript:|\sstyle=/i);
      const csp = res.get('Content-Security-Policy') ?? '';
      expect(csp).toMatch(/default-src 'none'/);
      expect(csp).toMatch(/style-src 'self'(;|$)/);
      expect(csp).not.toMatch(/script-src|unsafe/);
      expect(res.get('X-Content-Type-Options')).toBe('nosniff');
    },
  );

  test.each(names)('%s has a title, a description, OpenGraph and its own address', async (name) => {
    const { text } = await open(pages()[name] ?? '');
    expect(text).toMatch(/<title>[^<]{3,} · Harbour<\/title>/);
    expect(attribute(text, /<meta[^>]*name="description"[^>]*>/, 'content')).toMatch(/\S{3,}/);
    expect(og(text, 'site_name')).toBe('Harbour');
    for (const property of ['type', 'title', 'description', 'url']) expect(og(text, property)).toMatch(/\S/);
    expect(attribute(text, /<link[^>]*rel="canonical"[^>]*>/, 'href')).toBe(og(text, 'url'));
    expect(text).toMatch(/<meta[^>]*name="viewport"/);
  });
});

describe('what stands behind a page', () => {
  test.each(['profile', 'status'])('%s links to its document, which is there', async (name) => {
    const { text, headers } = await open(pages()[name] ?? '');
    const link = attribute(text, /<link[^>]*rel="alternate"[^>]*>/, 'href') ?? '';
    expect(text).toMatch(/rel="alternate"[^>]*type="application\/activity\+json"/);
    expect(String(headers['link'])).toContain(`<${link}>; rel="alternate"; type="application/activity+json"`);
    const document = await request(harbour.instance.url)
      .get(new URL(link).pathname)
      .set('Accept', 'application/activity+json');
    expect(document.body).toMatchObject({ id: link });
  });

  test('a picture, unless it is sensitive', async () => {
    const { instance, people, posts } = harbour;
    const shown = await open(pathOf(posts.picture));
    expect(og(shown.text, 'image')).toMatch(/\/media\//);
    expect(shown.text).toMatch(/twitter:card"\s+content="summary_large_image"/);
    const client = clientOf(instance, people.maren);
    const media = posts.picture['media_attachments'] as { id: string }[];
    const edit = { status: 'Dusk', sensitive: true, media_ids: media.map((m) => m.id) };
    await ok(client.put(`/api/v1/statuses/${posts.picture.id}`, edit));
    await instance.idle();
    const hidden = await open(pathOf(posts.picture));
    expect(og(hidden.text, 'image')).toMatch(/avatar|missing|\/media\//);
    expect(og(hidden.text, 'image')).not.toBe(og(shown.text, 'image'));
    expect(hidden.text).toMatch(/<summary>Sensitive media<\/summary>/);
    await ok(client.put(`/api/v1/statuses/${posts.picture.id}`, { ...edit, sensitive: false }));
  });

  test('search engines are kept off those who did not agree', async () => {
    expect((await open('/@maren')).text).not.toMatch(/name="robots"/);
    expect((await open('/@layla')).text).toMatch(/<meta name="robots" content="noindex"/);
    expect((await open(pathOf(harbour.posts.rtl))).text).toMatch(/content="noindex"/);
  });
});

describe('what is not for everybody', () => {
  test.each(['private', 'direct'] as const)('a %s post has no page, and is on no other', async (which) => {
    const status = harbour.posts[which];
    expect((await open(pathOf(status))).status).toBe(404);
    for (const path of Object.values(pages()))
      expect((await open(path)).text).not.toContain(`Whispered to few: ${which}`);
    expect((await open('/tags/tides')).text).not.toContain('Whispered');
  });

  test('an unlisted post is on its profile, not on the front page', async () => {
    expect((await open(pathOf(harbour.posts.unlisted))).status).toBe(200);
    expect((await open('/@maren')).text).toContain('Said in passing');
    expect((await open('/')).text).not.toContain('Said in passing');
  });

  test('nothing of the suspended', async () => {
    const { instance } = harbour;
    const mallory = await instance.createUser('mallory');
    const status = await post(clientOf(instance, mallory), 'Buy now');
    await instance.idle();
    expect((await open('/')).text).toContain('Buy now');
    const suspendedAt = new Date().toISOString();
    await instance.ctx.db.accounts.updateOne({ _id: mallory.account._id }, { $set: { suspendedAt } });
    expect((await open('/')).text).not.toContain('Buy now');
    for (const path of ['/@mallory', pathOf(status)])
      expect((await open(path)).text).not.toMatch(/Buy now|rel="author"/);
  });
});

describe('hostile words', () => {
  const evil = `"><img src=x onerror=alert(1)><script>alert(1)</script>'&`;
  const traces = /<script|<img src=x|="javascript:/i;

  test('in names, biographies, fields, posts, warnings, polls, descriptions', async () => {
    const { instance } = harbour;
    const eve = await instance.createUser('eve');
    const client = clientOf(instance, eve);
    const profile = {
      display_name: evil.slice(0, 30),
      note: evil,
      fields_attributes: [{ name: evil, value: evil }],
    };
    await ok(client.patch('/api/v1/accounts/update_credentials', profile));
    const file = Buffer.from('R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs=', 'base64');
    const upload = client.post('/api/v2/media').field('description', evil).attach('file', file, 'dot.gif');
    const { id } = await ok<{ id: string }>(upload);
    const poll = { options: [evil.slice(0, 40), 'b'], expires_in: 600 };
    const pictured = await post(client, { status: evil, spoiler_text: evil, media_ids: [id] });
    const asked = await post(client, { status: `${evil} #evil`, spoiler_text: evil, poll });
    await instance.idle();
    for (const path of ['/', '/@eve', pathOf(pictured), pathOf(asked), '/tags/evil']) {
      const { text, status } = await open(path);
      expect({ path, status }).toEqual({ path, status: 200 });
      expect(text).not.toMatch(traces);
      expect(text).toContain('&lt;script&gt;');
    }
  });

  test('in what the operator wrote, and in addresses', async () => {
    const { ctx } = harbour.instance;
    const { _id, ...before } = await getInstance(ctx);
    const rules = [{ id: '1', text: evil, hint: evil }];
    const words = { title: evil, shortDescription: evil, contactEmail: evil, rules };
    await ctx.db.instance.updateOne({ _id }, { $set: words });
    for (const path of ['/', '/@maren', '/tags/harbour']) expect((await open(path)).text).not.toMatch(traces);
    await ctx.db.instance.updateOne({ _id }, { $set: before });
    for (const path of [
      `/tags/${encodeURIComponent(evil)}`,
      `/@${encodeURIComponent(evil)}`,
      `/@maren?max_id=${encodeURIComponent(evil)}`,
    ])
      expect((await open(path)).text).not.toMatch(traces);
  });

  test('a remote address that is no web address leads nowhere', async () => {
    const { instance, people } = harbour;
    const { _id } = people.tomas.account;
    await instance.ctx.db.accounts.updateOne(
      { _id },
      {
        $set: { avatar: { remoteUrl: 'javascript:alert(1)', path: null, staticPath: null, description: '' } },
      },
    );
    expect((await open('/@tomas')).text).not.toMatch(/javascript:/);
    await instance.ctx.db.accounts.updateOne({ _id }, { $set: { avatar: null } });
  });
});

describe('how things are shown', () => {
  test('a warning hides the words and the pictures until it is opened', async () => {
    const { text } = await open('/@tomas');
    const warned = /<details class="warned">[^]*?<\/details>/.exec(text)?.[0] ?? '';
    expect(warned).toMatch(/<summary dir="auto">Storm damage<\/summary>/);
    expect(warned).toMatch(/The mast came down[^]*<img/);
  });

  test('a poll with its shares, a grid of four with their descriptions', async () => {
    const { text } = await open('/@tomas');
    expect(text).toMatch(/Smoked herring<\/span>\s*<b>50%/);
    expect(text).toMatch(/<rect class="part" width="50"/);
    expect(text).toMatch(/2 voters · until \d+ \w+ \d{4}/);
    expect(text).toMatch(/<div class="media many">/);
    expect(text).toMatch(/alt="Knot number 4"/);
  });

  test('text takes its own direction', async () => {
    expect((await open(pathOf(harbour.posts.rtl))).text).toMatch(/<div class="prose" dir="auto" lang="ar">/);
  });

  test('the thread: parents above, the post itself marked, answers pointed out', async () => {
    const { posts } = harbour;
    const { text } = await open(pathOf(posts.thread));
    const order = [...text.matchAll(/<article class="card post ([^"]*)" id="post-(\d+)"/g)];
    expect(order[0]?.[2]).toBe(posts.picture.id);
    expect(order.at(-1)?.slice(1)).toEqual(['main', posts.thread.id]);
    const whole = await open(pathOf(posts.picture));
    expect(whole.text.match(/<article/g)).toHaveLength(7);
    // The fifth answer belongs to the first post, from which others part it.
    expect(whole.text).toContain(`<a href="#post-${posts.picture.id}">@maren</a>`);
  });

  test('custom emojis are pictures, in names and in texts, not in addresses', async () => {
    const { instance } = harbour;
    const emoji = {
      shortcode: 'buoy',
      url: 'https://elsewhere.example/buoy.png',
      staticUrl: 'https://elsewhere.example/buoy-still.png',
    };
    const frida = await instance.createUser('frida');
    const status = await post(
      clientOf(instance, frida),
      'A :buoy: at https://example.com/:buoy:/x and :other:',
    );
    await instance.ctx.db.accounts.updateOne(
      { _id: frida.account._id },
      { $set: { displayName: 'Frida :buoy:', emojis: [emoji] } },
    );
    await instance.ctx.db.statuses.updateOne({ _id: status.id }, { $set: { emojis: [emoji] } });
    const { text } = await open(pathOf(status));
    const picture = '<img class="emoji" src="https://elsewhere.example/buoy-still.png" alt=":buoy:"';
    expect(text).toContain(`<bdi>Frida ${picture}`);
    expect(text).toContain(`A ${picture}`);
    expect(text).toContain('href="https://example.com/:buoy:/x"');
    expect(text).toContain(':other:');
  });

  test('a quoted post is shown within', async () => {
    const { instance, people } = harbour;
    const quoted = await post(clientOf(instance, people.tomas), 'Worth repeating');
    const quote = await post(clientOf(instance, people.layla), {
      status: 'Quite',
      quoted_status_id: quoted.id,
    });
    await instance.idle();
    const { text } = await open(pathOf(quote));
    expect(/<blockquote class="quoted">[^]*<\/blockquote>/.exec(text)?.[0]).toMatch(/Worth repeating/);
  });

  test('older posts by link, to the end, each once', async () => {
    const { instance } = harbour;
    const grete = await instance.createUser('grete');
    const client = clientOf(instance, grete);
    for (let i = 0; i < 45; i += 1) await post(client, `Entry number ${i}.`);
    await instance.idle();
    const seen: string[] = [];
    let path: string | undefined = '/@grete';
    for (let i = 0; path !== undefined && i < 5; i += 1) {
      const { text } = await open(path);
      seen.push(...[...text.matchAll(/Entry number (\d+)\./g)].map((m) => m[1] ?? ''));
      path = attribute(text, /<a[^>]*rel="next"[^>]*>/, 'href');
    }
    expect(seen).toEqual(Array.from({ length: 45 }, (_, i) => String(44 - i)));
  });

  test('where there is nothing, a word', async () => {
    expect((await open('/tags/nothing')).text).toMatch(/No public posts with this hashtag here/);
    await harbour.instance.createUser('silent');
    expect((await open('/@silent')).text).toMatch(/Nothing here yet/);
    const missing = await open('/@nobody');
    expect([missing.status, missing.type]).toEqual([404, 'text/html']);
  });
});

const executablePath = '/usr/bin/chromium';
if (!existsSync(executablePath))
  tell(`SKIPPED: ${executablePath} is not installed (apt-get install chromium)`);

(existsSync(executablePath) ? test : test.skip)(
  'every page fits a phone, and a browser has no complaint',
  async () => {
    const browser = await chromium.launch({ executablePath, args: chromiumArgs });
    try {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme });
        page.setDefaultTimeout(120_000);
        const complaints: string[] = [];
        page.on('console', (message) => complaints.push(message.text()));
        for (const [name, path] of Object.entries(pages()).filter(([n]) => names.includes(n))) {
          await page.goto(harbour.instance.url + path);
          const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          expect({ name, over }).toEqual({ name, over: 0 });
        }
        expect(complaints).toEqual([]);
        await page.close();
      }
    } finally {
      await browser.close();
    }
  },
);

test('longer texts have pages once they are written', async () => {
  expect((await open('/privacy-policy')).status).toBe(404);
  await updateInstance(harbour.instance.ctx, { privacyPolicy: 'We keep little.', terms: 'Be good.' });
  const [privacy, terms, front] = [
    await open('/privacy-policy'),
    await open('/terms-of-service'),
    await open('/about'),
  ];
  expect([privacy.status, terms.status]).toEqual([200, 200]);
  expect(privacy.text).toContain('We keep little.');
  expect(terms.text).toContain('Be good.');
  expect(front.text).toContain('href="/privacy-policy"');
  const told = await request(harbour.instance.url).get('/api/v2/instance');
  const { urls } = (told.body as { configuration: { urls: Record<string, string> } }).configuration;
  expect(urls['privacy_policy']).toBe(`${harbour.instance.url}/privacy-policy`);
});
