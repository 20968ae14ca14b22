import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { setUpStage, type Stage } from '../attacks/process-kit.js';
import { startSmtp, type SmtpDouble } from '../support/smtp.js';
import { until } from '../support/until.js';

/** Processes are killed while posts go to subscribers by mail. */
jest.setTimeout(900_000);

const subscribers = 300;
/** At a kill: those under way, and those whose end was not on disk yet. */
const mostTwice = 40;

let smtp: SmtpDouble;
let stage: Stage;
beforeAll(async () => {
  smtp = await startSmtp();
  stage = await setUpStage({ LANDFALL_EMAIL_SUBSCRIPTIONS: 'everyone', LANDFALL_SMTP_URL: smtp.url });
  await stage.inside(async ({ db, ids }) => {
    const at = '2030-01-01T00:00:00.000Z';
    const alice = { acctKey: 'alice' };
    await db.accounts.updateOne(alice, { $set: { emailSubscriptionsAt: at } });
    const accountId = (await db.accounts.findOne(alice))?._id ?? '';
    const common = { accountId, confirmedAt: at, request: '1', askedAt: at, createdAt: at, expiresAt: null };
    await db.emailSubscriptions.insertMany(
      Array.from({ length: subscribers }, (_, n) => ({
        ...common,
        _id: ids.next(),
        email: `reader${n}@mail.example`,
        tokenHash: String(n),
      })),
    );
  });
});
afterAll(async () => {
  await stage.close();
  await smtp.close();
});

const reached = () => new Set(smtp.mails.map((mail) => mail.to[0])).size;

test('what was acknowledged is mailed to each, and twice only to those under way when the process was killed', async () => {
  await stage.server.start();
  for (const status of ['First words', 'Second words'])
    await stage.alice.post('/api/v1/statuses', { status });
  await stage.server.kill();
  // Every post has joined the mailing once, whichever process did it.
  await stage.server.start();
  await until(
    () => stage.inside(async ({ db }) => (await db.jobs.countDocuments({ kind: 'event' })) === 0),
    'events done',
  );
  await stage.server.kill();
  await stage.inside(async ({ db, clock }) => {
    expect(await db.postMailings.find({}).toArray()).toMatchObject([
      { statusIds: [expect.any(String), expect.any(String)] },
    ]);
    const dueAt = clock.now().toISOString();
    await db.jobs.updateMany({ kind: 'mail-posts' }, { $set: { dueAt } });
  });
  for (const enough of [1, 100, 200]) {
    await stage.server.start();
    await until(() => reached() >= enough, `${enough} reached`);
    await stage.server.kill();
  }
  await stage.server.start();
  await until(() => reached() === subscribers, 'all reached');
  expect(await stage.server.stop()).toBe(0);
  const named = new Map<string | undefined, Set<string | undefined>>();
  for (const { to, headers, text } of smtp.mails) {
    expect(text).toMatch(/First words[\s\S]*Second words/);
    named.set(to[0], (named.get(to[0]) ?? new Set()).add(headers['message-id']));
  }
  expect([...named.values()].every((names) => names.size === 1)).toBe(true);
  process.stdout.write(`${smtp.mails.length - subscribers} mails sent twice\n`);
  expect(smtp.mails.length - subscribers).toBeLessThan(mostTwice);
});
