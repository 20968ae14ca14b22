import { row, type Row } from '../row.js';
import { sleep, survives } from '../stage.js';
import { signedLines } from '../wire.js';

const takes = ['takes'] as const;

/** What inboxes must stand. */
export const rows: Row[] = [
  row(140, 'IN_SIZE', ['actor'], async (t) => {
    const path = new URL(t.target.actor?.inbox ?? '').pathname;
    const body = JSON.stringify({ type: 'Create', content: 'a'.repeat(12_000_000) });
    for (const lines of [[], [['Transfer-Encoding', 'chunked']]] as [string, string][][]) {
      // Closing the connection while it is still being written to is an answer too.
      const answer = await t
        .ask({
          path,
          body,
          lines: [['Host', t.target.host], ['Content-Type', 'application/activity+json'], ...lines],
        })
        .catch(() => null);
      t.expect(
        answer === null || (answer.status >= 400 && answer.status < 500),
        `12 MB: answered ${answer?.status}`,
      );
    }
  }),
  row(141, 'IN_DEEP', takes, async (t) => {
    for (const body of ['['.repeat(100_000), `${'{"object":'.repeat(10_000)}1${'}'.repeat(10_000)}`]) {
      const { status } = await t.send(t.stranger(), { body });
      t.expect(status < 500, `answered ${status}`);
    }
    t.expect((await t.get('/')).status < 500, 'it is ill afterwards');
  }),
  row(142, 'IN_WIDE', takes, async (t) => {
    const to = Array.from({ length: 20_000 }, (_, i) => `${t.evil.origin}/users/none${i}`);
    await survives(t, '20,000 recipients', {
      id: `${t.evil.origin}/wide`,
      type: 'Create',
      to,
      object: { type: 'Note', to },
    });
    await sleep(500);
    const asked = t.evil.asked.filter(({ path }) => path.startsWith('/users/none')).length;
    t.expect(asked < 50, `it asked for ${asked} of them`);
  }),
  row(152, 'DEL_STORM', takes, async (t) => {
    const by = Array.from({ length: 20 }, () => t.stranger());
    for (const one of by) t.evil.answer(new URL(one.uri).pathname, (_q, r) => void r.writeHead(410).end());
    const answers = await Promise.all(
      by.map((one) =>
        t.send(one, { activity: { ...t.follow(one), type: 'Delete', object: one.uri }, shared: true }),
      ),
    );
    t.expect(
      answers.every(({ status }) => status < 500 || status === 503),
      'errors of its own',
    );
  }),
  row(156, 'IN_NUL', takes, async (t) => {
    const by = t.stranger();
    const note = {
      id: `${by.uri}/nul`,
      type: 'Note',
      attributedTo: by.uri,
      content: 'a\u0000b\ud800c',
      to: [t.target.actor?.uri],
    };
    await survives(t, 'NUL and half a character', { id: `${by.uri}/nul/c`, type: 'Create', object: note });
    const { status } = await t.send(by, { sent: Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]) });
    t.expect(status >= 400 && status < 500, `UTF-16: answered ${status}`);
  }),
  row(162, 'IN_CTYPE', takes, async (t) => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/html',
    ]) {
      const by = t.stranger();
      const body = JSON.stringify(t.follow(by));
      const lines = signedLines(t.target.host, by, {
        path: new URL(t.target.actor?.inbox ?? '').pathname,
        body,
      });
      await t.refuses(type, by, { body, lines: lines.map(([n, v]) => [n, n === 'Content-Type' ? type : v]) });
    }
  }),
  row(163, 'IN_METHOD', ['actor'], async (t) => {
    const { actor, host } = t.target;
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      const { status } = await t.ask({
        method,
        path: new URL(actor?.inbox ?? '').pathname,
        lines: [['Host', host]],
      });
      t.expect(status >= 400 && status < 500, `${method} on the inbox: answered ${status}`);
    }
  }),
  row(164, 'IN_NOUSER', takes, async (t) => {
    const { actor, host } = t.target;
    const name = actor?.uri.split('/').at(-1) ?? '';
    const path = new URL(actor?.inbox ?? '').pathname.replace(name, 'nobody-of-that-name');
    const by = t.stranger();
    const body = JSON.stringify(t.follow(by));
    const lines = signedLines(host, by, { path, body });
    const { status } = await t.ask({ path, body, lines: [['Host', host], ...lines] });
    t.expect(status >= 400 && status < 500, `answered ${status}`);
  }),
];
