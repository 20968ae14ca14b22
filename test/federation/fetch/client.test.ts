import { afterEach, describe, expect, test } from '@jest/globals';
import {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type HttpRequest,
} from '../../../federation/fetch/client.js';
import {
  bodyOf,
  sendJson,
  startRawServer,
  startSecureServer,
  startServer,
  testCertificate,
} from '../support/servers.js';

const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of closing.splice(0).reverse()) await thing.close();
});

async function keep<T extends { close(): Promise<void> }>(thing: T | Promise<T>): Promise<T> {
  const made = await thing;
  closing.push(made);
  return made;
}

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = createHttpClient({ allowLoopback: true, userAgent: 'Landfall/test', clock, ...options });
  closing.push(made);
  return made;
}

const get = (url: string, extra: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  ...extra,
});

describe('requests', () => {
  test('a GET with headers; the fragment stays at home', async () => {
    const server = await keep(
      startServer((_, response) => response.setHeader('x-a', ['1', '2']).end('hello')),
    );
    const outcome = await client().request(
      get(`${server.origin}/x?y=1#z`, { headers: { Accept: 'text/plain', Host: 'evil.example' } }),
    );
    expect(outcome).toMatchObject({
      outcome: 'response',
      status: 200,
      url: `${server.origin}/x?y=1`,
      headers: { 'x-a': '1, 2' },
    });
    expect(outcome.outcome === 'response' && outcome.body.toString()).toBe('hello');
    expect(server.seen).toEqual(['/x?y=1']);
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': 'Landfall/test',
      accept: 'text/plain',
      host: `127.0.0.1:${server.port}`,
      'accept-encoding': 'gzip, br, deflate',
    });
  });

  test('a POST with a body, signed headers on top', async () => {
    const bodies: string[] = [];
    const server = await keep(
      startServer((request, response) => {
        bodyOf(request).then(
          (body) => {
            bodies.push(body);
            response.writeHead(202).end();
          },
          () => response.destroy(),
        );
      }),
    );
    const outcome = await client().request({
      method: 'POST',
      url: `${server.origin}/inbox`,
      headers: { 'content-type': 'application/activity+json' },
      body: '{"a":"ü"}',
      sign: (hop) => ({ signature: `${hop.method} ${hop.url} ${hop.body?.length}`, host: 'evil.example' }),
    });
    expect(outcome).toMatchObject({ outcome: 'response', status: 202 });
    expect(bodies).toEqual(['{"a":"ü"}']);
    expect(server.requests[0]?.headers).toMatchObject({
      signature: `POST ${server.origin}/inbox 10`,
      host: `127.0.0.1:${server.port}`,
      'content-type': 'application/activity+json',
    });
  });

  test('two requests share one connection', async () => {
    const server = await keep(startServer((_, response) => response.end('x')));
    const http = client();
    await http.request(get(server.origin));
    // A socket is free again one turn of the event loop after its answer.
    await new Promise((resolve) => setImmediate(resolve));
    await http.request(get(`${server.origin}/2`));
    expect(server.connections()).toBe(1);
  });

  test('FETCH_CTYPE: the media type of a good answer is checked, of an error page not', async () => {
    const server = await keep(
      startServer((request, response) => {
        const [status, type] = (request.url ?? '').slice(1).split('-');
        response
          .writeHead(Number(status), type ? { 'content-type': decodeURIComponent(type) } : {})
          .end('{}');
      }),
    );
    const http = client();
    const ask = async (path: string) => {
      const outcome = await http.request(
        get(`${server.origin}/${path}`, { contentTypes: ['application/json', 'image/*'] }),
      );
      return outcome.outcome === 'response' ? outcome.status : outcome.reason;
    };
    expect(await ask(`200-${encodeURIComponent('Application/JSON; charset=utf-8')}`)).toBe(200);
    expect(await ask(`200-${encodeURIComponent('image/webp')}`)).toBe(200);
    expect(await ask(`200-${encodeURIComponent('text/html')}`)).toBe('content-type');
    expect(await ask(`200-${encodeURIComponent('imagex/webp')}`)).toBe('content-type');
    expect(await ask('200')).toBe('content-type');
    expect(await ask(`404-${encodeURIComponent('text/html')}`)).toBe(404);
  });

  test('URL_CRLF: a header that holds a line break is never sent', async () => {
    const server = await keep(startServer((_, response) => response.end()));
    const outcome = await client().request(get(server.origin, { headers: { 'x-a': 'b\r\nx-evil: 1' } }));
    expect(outcome).toMatchObject({ outcome: 'failed', reason: 'protocol' });
    expect(server.seen).toEqual([]);
  });
});

describe('where it may connect to', () => {
  test('SSRF_LITERALS: in production nothing on this machine is reached, however it is written', async () => {
    const server = await keep(startSecureServer((_, response) => response.end()));
    const http = client({ allowLoopback: false, ca: testCertificate() });
    const hosts = [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0x7f.1',
      '127.1',
      '0',
      '[::1]',
      '[::ffff:7f00:1]',
      '①②⑦.⓪.⓪.①',
      'a.localhost',
    ];
    for (const host of hosts) {
      expect(await http.request(get(`https://${host}:${server.port}/`))).toMatchObject({
        outcome: 'refused',
        reason: 'address',
      });
      expect(await http.request(get(`http://${host}:${server.port}/`))).toMatchObject({
        outcome: 'refused',
        reason: 'scheme',
      });
    }
    expect(server.connections()).toBe(0);
  });

  test('SSRF_V4: a name that leads to this machine or to a private network is refused in production', async () => {
    const server = await keep(startSecureServer((_, response) => response.end()));
    for (const address of [
      '127.0.0.1',
      '10.0.0.1',
      '169.254.169.254',
      '::1',
      'fd00::1',
      '::ffff:127.0.0.1',
      'not an address',
    ]) {
      const http = client({ allowLoopback: false, ca: testCertificate(), resolve: async () => [address] });
      const outcome = await http.request(get(`https://peer.example:${server.port}/`));
      expect(outcome).toMatchObject({ outcome: 'refused', reason: 'address' });
    }
    expect(server.connections()).toBe(0);
  });

  test('development opens this machine only', async () => {
    const server = await keep(startServer((_, response) => response.end()));
    for (const address of ['10.0.0.1', '192.168.0.1', '169.254.169.254', '8.8.8.8', '::ffff:127.0.0.1']) {
      const http = client({ resolve: async () => [address] });
      const outcome = await http.request(get(`http://peer.example:${server.port}/`));
      expect(outcome).toMatchObject({ outcome: 'refused', reason: 'address' });
    }
    expect(await client().request(get(`http://localhost:${server.port}/`))).toMatchObject({ status: 200 });
    expect(await client().request(get(`http://127.0.0.1:${server.port}/`))).toMatchObject({ status: 200 });
  });

  test('SSRF_REBIND: each connection asks once, and dials only what passed the check', async () => {
    const server = await keep(startServer((_, response) => response.setHeader('connection', 'close').end()));
    const answers = [['10.0.0.1', '127.0.0.1', '192.168.1.1'], ['10.0.0.1'], ['127.0.0.1']];
    let asked = 0;
    const http = client({ resolve: async () => answers[asked++] ?? [] });
    const url = `http://peer.example:${server.port}/`;
    expect(await http.request(get(url))).toMatchObject({ status: 200 });
    expect(asked).toBe(1);
    expect(await http.request(get(url))).toMatchObject({ outcome: 'refused', reason: 'address' });
    expect(await http.request(get(url))).toMatchObject({ status: 200 });
    expect([asked, server.connections()]).toEqual([3, 2]);
  });

  test('Q_IPV6: the next address is tried when the first is dead', async () => {
    const server = await keep(startServer((_, response) => response.end()));
    const http = client({ resolve: async () => ['::1', '127.0.0.1'] });
    expect(await http.request(get(`http://peer.example:${server.port}/`))).toMatchObject({ status: 200 });
  });

  test('SSRF_SELF: hosts of the caller are not asked', async () => {
    const server = await keep(startServer((_, response) => response.end()));
    const http = client({ isRefusedHost: (host) => host === `localhost:${server.port}` });
    expect(await http.request(get(`http://LOCALHOST:${server.port}/`))).toMatchObject({
      outcome: 'refused',
      reason: 'host',
    });
    expect(server.connections()).toBe(0);
  });

  test('MOD_DOMAIN_SURFACE: blocked hosts are not asked, nor by way of another', async () => {
    const blocked = await keep(startServer((_, response) => response.end()));
    const open = await keep(
      startServer((_, response) =>
        response.writeHead(302, { location: `http://blocked.example:${blocked.port}/` }).end(),
      ),
    );
    const http = client({
      resolve: async () => ['127.0.0.1'],
      isBlockedHost: async (host) => host.startsWith('blocked.example'),
    });
    for (const url of [`http://BLOCKED.example:${blocked.port}/`, `http://open.example:${open.port}/`])
      expect(await http.request({ ...get(url), redirects: 3 })).toMatchObject({
        outcome: 'refused',
        reason: 'host',
      });
    expect([blocked.connections(), open.connections()]).toEqual([0, 1]);
  });

  test('TLS_BAD: untrusted and wrong-name certificates', async () => {
    const server = await keep(startSecureServer((_, response) => response.end('ok')));
    const resolve = async () => ['127.0.0.1'];
    const trusting = client({ resolve, ca: testCertificate() });
    expect(await trusting.request(get(`https://peer.example:${server.port}/`))).toMatchObject({
      status: 200,
    });
    expect(await trusting.request(get(`https://other.example:${server.port}/`))).toMatchObject({
      outcome: 'failed',
      reason: 'tls',
    });
    const strict = client({ resolve });
    expect(await strict.request(get(`https://peer.example:${server.port}/`))).toMatchObject({
      outcome: 'failed',
      reason: 'tls',
    });
    expect(server.seen).toHaveLength(1);
  });

  test('DNS and connection failures', async () => {
    const failing = client({
      resolve: async () => {
        throw Object.assign(new Error('nope'), { code: 'ENOTFOUND' });
      },
    });
    expect(await failing.request(get('https://peer.example/'))).toMatchObject({
      reason: 'dns',
      detail: 'ENOTFOUND',
    });
    // No address at all is a passing trouble, unlike only forbidden ones.
    const empty = client({ resolve: async () => [] });
    expect(await empty.request(get('https://peer.example/'))).toMatchObject({
      outcome: 'failed',
      reason: 'dns',
    });
    const server = await startServer(() => {});
    await server.close();
    expect(await client().request(get(server.origin))).toMatchObject({
      outcome: 'failed',
      reason: 'connect',
    });
  });
});

describe('bounds', () => {
  test('SLOW_DRIP: a body that never ends is cut at the total deadline', async () => {
    // Never still for as long as would end it anyway.
    const server = await keep(
      startServer((_, response) => {
        const timer = setInterval(() => response.write('x'), 10);
        response.on('close', () => clearInterval(timer));
      }),
    );
    const outcome = await client().request(get(server.origin, { timeoutMs: 300 }));
    expect(outcome).toMatchObject({ outcome: 'failed', reason: 'timeout' });
  });

  test('KEY_SLOW: a server that never answers, and a chain of redirects that costs too much', async () => {
    const silent = await keep(startServer(() => {}));
    expect(await client().request(get(silent.origin, { timeoutMs: 200 }))).toMatchObject({
      outcome: 'failed',
      reason: 'timeout',
    });
    const chain = await keep(
      startServer((request, response) => {
        setTimeout(() => response.writeHead(302, { location: `${request.url}x` }).end(), 100);
      }),
    );
    const outcome = await client().request(get(`${chain.origin}/`, { timeoutMs: 250, redirects: 9 }));
    expect(outcome).toMatchObject({ outcome: 'failed', reason: 'timeout' });
  });

  test('the caller may give up', async () => {
    const server = await keep(startServer(() => {}));
    const controller = new AbortController();
    const pending = client().request(get(server.origin, { signal: controller.signal }));
    controller.abort();
    expect(await pending).toMatchObject({ outcome: 'failed', reason: 'aborted' });
    expect(await client().request(get(server.origin, { signal: controller.signal }))).toMatchObject({
      reason: 'aborted',
    });
  });

  test('SLOW_HEADERS: too many or too large headers', async () => {
    const flood = await keep(
      startRawServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const timer = setInterval(() => socket.write(`x-a: ${'a'.repeat(4000)}\r\n`), 1);
        socket.on('close', () => clearInterval(timer));
      }),
    );
    expect(await client().request(get(flood.origin))).toMatchObject({
      outcome: 'failed',
      reason: 'protocol',
    });
    const informational = await keep(
      startRawServer((socket) => {
        const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'), 1);
        socket.on('close', () => clearInterval(timer));
      }),
    );
    const outcome = await client().request(get(informational.origin, { timeoutMs: 400 }));
    expect(outcome.outcome).toBe('failed');
  });

  test('BODY_BIG: announced, endless, and exactly as large as allowed', async () => {
    let announcedSent = 0;
    const server = await keep(
      startServer((request, response) => {
        if (request.url === '/announced') {
          response.writeHead(200, { 'content-length': '2147483648' });
          const timer = setInterval(() => {
            announcedSent += 1000;
            response.write('x'.repeat(1000));
          }, 5);
          response.on('close', () => clearInterval(timer));
        } else if (request.url === '/endless') {
          const push = (): void => {
            while (response.write('x'.repeat(10_000)));
          };
          response.on('drain', push).on('error', () => {});
          push();
        } else response.end('x'.repeat(1000));
      }),
    );
    const http = client();
    const ask = (path: string, maxBytes: number) => http.request(get(server.origin + path, { maxBytes }));
    expect(await ask('/announced', 1_000_000)).toMatchObject({
      outcome: 'failed',
      reason: 'too-large',
      detail: 'content-length 2147483648',
    });
    expect(announcedSent).toBeLessThan(1_000_000);
    expect(await ask('/endless', 100_000)).toMatchObject({ outcome: 'failed', reason: 'too-large' });
    expect(await ask('/', 1000)).toMatchObject({ outcome: 'response' });
    expect(await ask('/', 999)).toMatchObject({ outcome: 'failed', reason: 'too-large' });
  });

  test('a lying Content-Length: more than announced, less than announced', async () => {
    const answer = (length: number, body: string) => (socket: import('node:net').Socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n${body}`));
    };
    const more = await keep(startRawServer(answer(10, 'x'.repeat(5_000_000))));
    const outcome = await client().request(get(more.origin));
    if (outcome.outcome === 'response') expect(outcome.body).toHaveLength(10);
    else expect(outcome.outcome).toBe('failed');
    const less = await keep(startRawServer(answer(1000, 'x'.repeat(10))));
    expect(await client().request(get(less.origin))).toMatchObject({ outcome: 'failed' });
  });

  test('not HTTP at all', async () => {
    const server = await keep(
      startRawServer((socket) => socket.once('data', () => socket.end('220 mail.example ESMTP\r\n'))),
    );
    expect(await client().request(get(server.origin))).toMatchObject({
      outcome: 'failed',
      reason: 'protocol',
    });
  });

  test('error pages are cut, not refused', async () => {
    const server = await keep(startServer((_, response) => response.writeHead(500).end('x'.repeat(100_000))));
    const outcome = await client().request(get(server.origin));
    expect(outcome).toMatchObject({ outcome: 'response', status: 500 });
    expect(outcome.outcome === 'response' && outcome.body.length).toBe(16 * 1024);
  });

  test('requests per origin and origins are bounded; unused origins make room', async () => {
    const held: (() => void)[] = [];
    const handler = (_: unknown, response: import('node:http').ServerResponse): void =>
      void held.push(() => response.end());
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => keep(startServer(handler))));
    if (!a || !b || !c) throw new Error('three servers');
    const http = client({ limits: { maxOrigins: 2, requestsPerOrigin: 2, socketsPerOrigin: 1 } });
    const pending = [http.request(get(a.origin)), http.request(get(`${a.origin}/2`))];
    expect(await http.request(get(`${a.origin}/3`))).toMatchObject({ outcome: 'failed', reason: 'busy' });
    const second = http.request(get(b.origin));
    expect(await http.request(get(c.origin))).toMatchObject({ outcome: 'failed', reason: 'busy' });
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (const release of held.splice(0)) release();
    await second;
    const third = http.request(get(c.origin));
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (const release of held.splice(0)) release();
    expect(await third).toMatchObject({ status: 200 });
    expect(await Promise.all(pending)).toMatchObject([{ status: 200 }, { status: 200 }]);
  });

  test('close gives up what is under way', async () => {
    let reached: () => void = () => {};
    const arrived = new Promise<void>((resolve) => (reached = resolve));
    const server = await keep(startServer(() => reached()));
    const http = client();
    const pending = http.request(get(server.origin));
    await arrived;
    await http.close();
    expect(await pending).toMatchObject({ outcome: 'failed', reason: 'closed' });
    expect(await http.request(get(server.origin))).toMatchObject({ outcome: 'failed', reason: 'closed' });
  });
});

describe('JSON over TLS', () => {
  test('is read like any other', async () => {
    const server = await keep(startSecureServer((_, response) => sendJson(response, { a: 1 })));
    const http = client({ ca: testCertificate() });
    expect(await http.request(get(`${server.origin}/x`))).toMatchObject({
      status: 200,
      url: `${server.origin}/x`,
    });
  });
});
