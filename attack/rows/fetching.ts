import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { activityJson } from '../peer.js';
import { CouldNotAsk, row, type Row } from '../row.js';
import type { Stage } from '../stage.js';

const takes = ['takes'] as const;
const patienceMs = 45_000;

/** A stranger whose actor document is answered in a way of its own: verifying its signature makes the target fetch it. */
function lure(t: Stage, answer: Parameters<Stage['evil']['answer']>[1]) {
  const by = t.stranger();
  const path = new URL(by.uri).pathname;
  t.evil.answer(path, answer);
  return { by, path };
}

export const rows: Row[] = [
  row(30, 'KEY_REDIRECT', takes, async (t) => {
    const victim = t.guest();
    const { by } = lure(t, (_q, r) => void r.writeHead(302, { location: victim.uri }).end());
    await t.refuses('a key behind a redirect', by, { activity: t.follow(victim) });
  }),
  row(39, 'KEY_DOWN', takes, async (t) => {
    const { by } = lure(t, (_q, r) => void r.writeHead(503).end());
    await t.refuses('a key that cannot be had', by);
  }),
  row(78, 'FETCH_CTYPE', takes, async (t) => {
    for (const type of ['text/html', 'image/jpeg', 'text/plain', 'application/octet-stream', '']) {
      const by = t.stranger();
      const body = JSON.stringify({ '@context': 'https://www.w3.org/ns/activitystreams', ...by.document });
      t.evil.answer(
        new URL(by.uri).pathname,
        (_q, r) => void r.writeHead(200, type ? { 'content-type': type } : {}).end(body),
      );
      await t.refuses(`an actor served as ${type || 'nothing'}`, by);
    }
  }),
  row(74, 'FETCH_ID', takes, async (t) => {
    const victim = t.guest();
    const by = t.stranger();
    t.evil.answer(
      new URL(by.uri).pathname,
      (_q, r) =>
        void r
          .writeHead(200, activityJson)
          .end(JSON.stringify({ ...victim.document, publicKey: by.document['publicKey'] })),
    );
    await t.refuses('an actor with the id of another', by, { activity: t.follow(victim) });
  }),
  row(75, 'FETCH_ANON', takes, async (t) => {
    const by = t.stranger();
    const { id: _, ...anonymous } = by.document;
    t.evil.answer(
      new URL(by.uri).pathname,
      (_q, r) => void r.writeHead(200, activityJson).end(JSON.stringify(anonymous)),
    );
    await t.refuses('an actor without id', by);
  }),
  row(111, 'REDIR_LOOP', takes, async (t) => {
    const { by, path } = lure(t, (q, r) => void r.writeHead(302, { location: q.url ?? '/' }).end());
    await t.refuses('a redirect to itself', by);
    t.expect(t.evil.count(path) <= 25, `it followed ${t.evil.count(path)} times`);
  }),
  row(110, 'SSRF_REDIRECT', takes, async (t) => {
    for (const location of ['file:///etc/passwd', 'data:application/json,{}', 'gopher://127.0.0.1/x'])
      await t.refuses(
        `a redirect to ${location}`,
        lure(t, (_q, r) => void r.writeHead(302, { location }).end()).by,
      );
  }),
  row(113, 'REDIR_SIG', takes, async (t) => {
    const { by } = lure(t, (_q, r) => void r.writeHead(302, { location: `${t.peer.origin}/seen` }).end());
    await t.refuses('a redirect elsewhere', by);
    const seen = t.peer.asked.find(({ path }) => path === '/seen');
    t.expect(!seen?.headers['authorization'] && !seen?.headers['cookie'], 'credentials went with it');
  }),
  row(122, 'BODY_GZIP', takes, async (t) => {
    const bomb = gzipSync(Buffer.alloc(60_000_000, 32));
    await t.refuses(
      '60 MB in 60 KB',
      lure(t, (_q, r) => void r.writeHead(200, { ...activityJson, 'content-encoding': 'gzip' }).end(bomb)).by,
    );
    const chain = Array.from({ length: 200 }, () => 'gzip').join(', ');
    await t.refuses(
      'a chain of codings',
      lure(t, (_q, r) => void r.writeHead(200, { ...activityJson, 'content-encoding': chain }).end(bomb)).by,
    );
  }),
  { ...row(121, 'BODY_BIG', takes, endless), slow: true },
  {
    ...row(119, 'SLOW_DRIP', takes, (t) =>
      held(
        t,
        (socket) =>
          socket.write(
            'HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\nContent-Length: 5000\r\n\r\n',
          ),
        ' ',
      ),
    ),
    slow: true,
  },
  {
    ...row(120, 'SLOW_HEADERS', takes, (t) =>
      held(t, (socket) => socket.write('HTTP/1.1 200 OK\r\n'), 'X-A: b\r\n'),
    ),
    slow: true,
  },
  { ...row(38, 'KEY_SLOW', takes, (t) => held(t, () => undefined, '')), slow: true },
];

/** An answer without an end: the target must stop reading long before 200 MB. */
async function endless(t: Stage): Promise<void> {
  const most = 200_000_000;
  const chunk = Buffer.alloc(1_000_000, 32);
  let written = 0;
  let closed = false;
  const { by } = lure(t, (_q, res) => {
    res.writeHead(200, activityJson);
    res.on('close', () => (closed = true));
    const go = (): void => {
      while (written < most && !closed) {
        written += chunk.length;
        if (!res.write(chunk)) return void res.once('drain', go);
      }
      if (!closed) res.end();
    };
    go();
  });
  await t.refuses('an endless document', by);
  if (!(await t.eventually(() => closed, patienceMs))) throw new CouldNotAsk('it neither read on nor closed');
  t.expect(written < most / 2, `it read ${Math.round(written / 1e6)} MB`);
}

/** The server of a key that begins and then drips, or says nothing: the target ends it, and serves others meanwhile. */
async function held(
  t: Stage,
  begin: (socket: import('node:net').Socket) => unknown,
  drip: string,
): Promise<void> {
  let open = 0;
  const server = createServer((socket) => {
    open += 1;
    const timer = drip === '' ? null : setInterval(() => socket.write(drip), 1000);
    socket.on('error', () => undefined).on('data', () => undefined);
    socket.on('close', () => {
      open -= 1;
      if (timer) clearInterval(timer);
    });
    begin(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const by = { ...t.stranger(), uri: `${origin}/users/slow`, keyId: `${origin}/users/slow#main-key` };
    const sent = t.refuses('a key that does not come', by).then(
      () => null,
      // No answer within the time of the attack's own is no answer that was wrong; the connection is what counts.
      (error: unknown) => (error instanceof Error && /no answer in time/.test(error.message) ? null : error),
    );
    if (!(await t.eventually(() => open > 0, 5000))) throw new CouldNotAsk('it did not ask for the key');
    t.expect((await t.get('/')).status < 500, 'others are not served meanwhile');
    t.expect(
      await t.eventually(() => open === 0, patienceMs),
      `it held on for ${patienceMs / 1000} s and more`,
    );
    const error = await sent;
    if (error) throw error;
  } finally {
    server.close();
  }
}
