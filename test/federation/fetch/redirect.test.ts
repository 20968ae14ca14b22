import { afterEach, describe, expect, test } from '@jest/globals';
import {
  createHttpClient,
  type HttpClientOptions,
  type HttpRequest,
} from '../../../federation/fetch/client.js';
import {
  bodyOf,
  startSecureServer,
  startServer,
  testCertificate,
  type TestServer,
} from '../support/servers.js';

const clock = { now: () => new Date() };
const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of closing.splice(0).reverse()) await thing.close();
});

/** `/to/STATUS/URL` redirects there; everything else answers `ok`. */
async function redirecting(): Promise<TestServer> {
  const server = await startServer((request, response) => {
    const [, status, target] = /^\/to\/(\d+)\/(.*)$/.exec(request.url ?? '') ?? [];
    if (status === undefined) response.end('ok');
    else response.writeHead(Number(status), { location: decodeURIComponent(target ?? '') }).end();
  });
  closing.push(server);
  return server;
}

function send(request: Partial<HttpRequest> & { url: string }, options: Partial<HttpClientOptions> = {}) {
  const http = createHttpClient({ allowLoopback: true, userAgent: 'test', clock, ...options });
  closing.push(http);
  return http.request({ method: 'GET', redirects: 3, ...request });
}

const to = (server: TestServer, target: string, status = 302): string =>
  `${server.origin}/to/${status}/${encodeURIComponent(target)}`;

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('a GET follows %d', async (status) => {
    const server = await redirecting();
    expect(await send({ url: to(server, '/there?x=1#y', status) })).toMatchObject({
      status: 200,
      url: `${server.origin}/there?x=1`,
    });
  });

  test('with none allowed the redirect is the answer', async () => {
    const server = await redirecting();
    const url = to(server, '/there');
    expect(await send({ url, redirects: 0 })).toMatchObject({
      status: 302,
      url,
      headers: { location: '/there' },
    });
    expect(server.seen).toHaveLength(1);
  });

  test('REDIR_LOOP: self-redirect, A and B, long chains end at the limit', async () => {
    const loop = await startServer((_, response) => response.writeHead(302, { location: '/self' }).end());
    const growing = await startServer((request, response) =>
      response.writeHead(302, { location: `${request.url}${'x'.repeat(100)}` }).end(),
    );
    closing.push(loop, growing);
    expect(await send({ url: `${loop.origin}/self` })).toMatchObject({
      outcome: 'refused',
      reason: 'redirect-limit',
    });
    expect(loop.seen).toHaveLength(4);
    expect(await send({ url: `${growing.origin}/`, redirects: 1000 })).toMatchObject({
      reason: 'redirect-limit',
    });
    expect(growing.seen).toHaveLength(11);
    const [a, b] = [await redirecting(), await redirecting()];
    let url = `${a.origin}/end`;
    for (let i = 0; i < 6; i++) url = to(i % 2 ? a : b, url);
    expect(await send({ url })).toMatchObject({ reason: 'redirect-limit' });
    expect(a.seen.length + b.seen.length).toBe(4);
  });

  test.each([
    ['http://10.0.0.1/', 'address'],
    ['http://169.254.169.254/latest/meta-data/', 'address'],
    ['http://[::ffff:127.0.0.1]:6379/', 'address'],
    ['https://[fe80::1]/', 'address'],
    ['file:///etc/passwd', 'scheme'],
    ['data:text/plain,x', 'scheme'],
    ['gopher://127.0.0.1:6379/_x', 'scheme'],
    ['http://user:pw@127.0.0.1/', 'credentials'],
    ['https://8.8.8.8:22/', 'port'],
  ])('SSRF_REDIRECT: to %s is refused', async (target, reason) => {
    const server = await redirecting();
    for (const status of [301, 302, 303, 307, 308]) {
      expect(await send({ url: to(server, target, status) })).toMatchObject({ outcome: 'refused', reason });
    }
  });

  test('REDIR_DOWNGRADE: never from https to http, even where http is open', async () => {
    const target = await redirecting();
    const server = await startSecureServer((_, response) =>
      response.writeHead(302, { location: target.origin }).end(),
    );
    closing.push(server);
    const outcome = await send({ url: server.origin }, { ca: testCertificate() });
    expect(outcome).toMatchObject({ outcome: 'refused', reason: 'redirect-downgrade' });
    expect(target.connections()).toBe(0);
  });

  test('REDIR_SIG: credentials stay with their origin, signatures are made anew', async () => {
    const [a, b] = [await redirecting(), await redirecting()];
    const personal = { Authorization: 'Bearer x', Cookie: 'a=b', Signature: 'old', 'X-Keep': 'yes' };
    await send({ url: to(a, `${a.origin}/same`), headers: personal });
    expect(a.requests[1]?.headers).toMatchObject({ authorization: 'Bearer x', 'x-keep': 'yes' });
    await send({ url: to(a, `${b.origin}/other`), headers: personal });
    expect(b.requests[0]?.headers).toMatchObject({ 'x-keep': 'yes' });
    for (const name of ['authorization', 'cookie', 'signature'])
      expect(b.requests[0]?.headers).not.toHaveProperty(name);
    const signedFor: string[] = [];
    const url = to(a, `${b.origin}/signed`);
    await send({
      url,
      headers: personal,
      sign: async (hop) => {
        signedFor.push(hop.url);
        return { signature: `for ${hop.url}` };
      },
    });
    expect(signedFor).toEqual([url, `${b.origin}/signed`]);
    expect(b.requests[1]?.headers).toMatchObject({ signature: `for ${b.origin}/signed` });
    expect(b.requests[1]?.headers).not.toHaveProperty('authorization');
  });

  test('a POST follows only what keeps it a POST, on its own origin', async () => {
    const bodies: string[] = [];
    const other = await redirecting();
    const server = await startServer((request, response) => {
      bodyOf(request).then(
        (body) => {
          bodies.push(`${request.method} ${request.url} ${body}`);
          const target = { '/a': '/end', '/b': `${other.origin}/x` }[request.url?.slice(4) ?? ''];
          const status = Number(request.url?.slice(1, 4));
          if (target) response.writeHead(status, { location: target }).end();
          else response.writeHead(202).end();
        },
        () => response.destroy(),
      );
    });
    closing.push(server);
    const post = (path: string) => send({ method: 'POST', url: server.origin + path, body: 'B' });
    expect(await post('/307/a')).toMatchObject({ status: 202, url: `${server.origin}/end` });
    expect(await post('/308/a')).toMatchObject({ status: 202 });
    for (const status of [301, 302, 303]) expect(await post(`/${status}/a`)).toMatchObject({ status });
    expect(await post('/307/b')).toMatchObject({ status: 307 });
    expect(other.connections()).toBe(0);
    expect(bodies.filter((line) => line === 'POST /end B')).toHaveLength(2);
  });

  test('a Location that is no URL leaves the redirect as the answer', async () => {
    const server = await redirecting();
    expect(await send({ url: to(server, 'https://[::') })).toMatchObject({ status: 302 });
    const bare = await startServer((_, response) => response.writeHead(302).end());
    closing.push(bare);
    expect(await send({ url: bare.origin })).toMatchObject({ status: 302 });
  });
});
