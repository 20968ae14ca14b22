import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadSettings } from '../../src/config/load.js';
import { createContext, type Context } from '../../src/context.js';
import { findLocalAccount } from '../../src/domain/accounts.js';
import { findAuditBreak } from '../../src/domain/audit.js';
import { publishStatus } from '../../src/domain/statuses.js';
import { silentLogger } from '../../src/log.js';
import { createCli, type Cli } from './support.js';

let cli: Cli;
beforeAll(async () => {
  cli = await createCli();
});
afterAll(() => cli.remove());

/** Looks into the instance that the commands worked on. */
async function inside<T>(look: (ctx: Context) => Promise<T>): Promise<T> {
  const ctx = await createContext(loadSettings(cli.env), { mode: 'command', log: silentLogger });
  try {
    return await look(ctx);
  } finally {
    await ctx.close();
  }
}

interface Shown {
  id: string;
  acct: string;
  role: string;
  state: string;
  password?: string;
}

describe('usage', () => {
  test.each([
    ['no command', []],
    ['an unknown command', ['dance']],
    ['a group alone', ['account']],
    ['a missing argument', ['account', 'create']],
    ['an unknown option', ['account', 'list', '--all']],
    ['a value that is none of the choices', ['account', 'create', 'x', '--role', 'king']],
    ['a number that is none', ['account', 'list', '--limit', 'few']],
    ['neither of two options', ['token', 'revoke']],
    ['a short password', ['account', 'create', 'shorty', '--password-stdin']],
  ])('%s: exit code 2, nothing on standard output', async (_name, args) => {
    const { code, out, err } = await cli.run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
  });

  test.each([
    ['serve'],
    ['account', 'create'],
    ['token', 'revoke'],
    ['provision'],
    ['domain', 'block'],
    ['queue'],
    ['doctor'],
    ['config', 'show'],
  ])('%s %s --help shows examples', async (...words) => {
    const { code, out } = await cli.run([...words.filter(Boolean), '--help']);
    expect(code).toBe(0);
    expect(out).toContain('Usage: landfall');
    expect(out).toContain('$ landfall ');
  });

  test('settings that cannot be used end a command with 1 and their names', async () => {
    const bad = await createCli({ LANDFALL_PORT: 'many' });
    const { code, err } = await bad.run(['account', 'list']);
    await bad.remove();
    expect(code).toBe(1);
    expect(err).toContain('LANDFALL_PORT');
    expect(err).not.toContain('    at ');
  });
});

describe('account', () => {
  test('create shows a generated password once, and it works', async () => {
    const made = (await cli.run(['account', 'create', 'alice', '--role', 'owner', '--json'])).json<Shown>();
    expect(made).toMatchObject({ acct: 'alice', role: 'owner', state: 'active' });
    const works = await inside(async (ctx) => {
      const user = await ctx.db.users.findOne({ accountId: made.id });
      return ctx.passwords.verify(user?.passwordHash ?? '', made.password ?? '');
    });
    expect(works).toBe(true);
    const again = (await cli.run(['account', 'show', 'alice', '--json'])).json<Shown>();
    expect(again.password).toBeUndefined();
  });

  test('create takes a password from standard input and does not show it', async () => {
    const { code, out } = await cli.run(['account', 'create', 'bob', '--password-stdin'], 'correct horse\n');
    expect(code).toBe(0);
    expect(out).not.toContain('correct horse');
  });

  test('create twice is refused', async () => {
    const { code, err } = await cli.run(['account', 'create', 'Alice']);
    expect(code).toBe(1);
    expect(err).toBe('error: Validation failed: Username has already been taken');
  });

  test('list tells people, not the actor of the instance; by role too', async () => {
    const all = (await cli.run(['account', 'list', '--json'])).json<Shown[]>();
    expect(all.map((a) => a.acct)).toEqual(['alice', 'bob']);
    const owners = (await cli.run(['account', 'list', '--role', 'owner', '--json'])).json<Shown[]>();
    expect(owners.map((a) => a.acct)).toEqual(['alice']);
    const rest = (await cli.run(['account', 'list', '--after', all[0]!.id, '--json'])).json<Shown[]>();
    expect(rest.map((a) => a.acct)).toEqual(['bob']);
  });

  test('backdating is allowed and taken back, on record', async () => {
    const allowed = () =>
      inside(async (ctx) => {
        const account = await ctx.db.accounts.findOne({ acctKey: 'bob' });
        return (await ctx.db.users.findOne({ accountId: account?._id ?? '' }))?.backdatingAllowedAt ?? null;
      });
    const given = await cli.run(['account', 'backdating', 'bob', '--json']);
    expect(given.json()).toEqual({ acct: 'bob', backdating: true });
    expect(await allowed()).toMatch(/^\d{4}-/);
    expect((await cli.run(['account', 'backdating', 'bob', '--undo'])).code).toBe(0);
    expect(await allowed()).toBeNull();
    const acts = await inside((ctx) => ctx.db.audit.find({ target: 'bob' }).toArray());
    expect(acts.map((a) => a.action)).toEqual(
      expect.arrayContaining(['account.allow_backdating', 'account.forbid_backdating']),
    );
  });

  test('show of somebody unknown fails', async () => {
    expect(await cli.run(['account', 'show', 'nobody'])).toMatchObject({
      code: 1,
      err: 'error: There is no account nobody',
    });
  });

  test('role changes, but not that of the only owner', async () => {
    expect((await cli.run(['account', 'role', 'bob', 'moderator'])).code).toBe(0);
    expect((await cli.run(['account', 'show', 'bob', '--json'])).json<Shown>().role).toBe('moderator');
    expect(await cli.run(['account', 'role', 'alice', 'user'])).toMatchObject({ code: 1 });
  });

  test('suspend, dry and wet, and back; tokens die with it', async () => {
    const state = async () => (await cli.run(['account', 'show', 'bob', '--json'])).json<Shown>().state;
    await cli.run(['token', 'create', 'bob']);
    await cli.run(['account', 'suspend', 'bob', '--dry-run']);
    expect(await state()).toBe('active');
    await cli.run(['account', 'suspend', 'bob']);
    expect(await state()).toBe('suspended');
    expect(await inside((ctx) => ctx.db.accessTokens.countDocuments({ revokedAt: null }))).toBe(0);
    await cli.run(['account', 'suspend', 'bob', '--undo']);
    expect(await state()).toBe('active');
  });

  test('reset-second-factor and sign-out end access, and leave an entry each', async () => {
    const { id } = (await cli.run(['account', 'show', 'bob', '--json'])).json<Shown>();
    const passkey = {
      credentialId: 'a',
      publicKey: 'b',
      counter: 1,
      transports: [],
      rpId: 'localhost',
      name: 'Key',
      createdAt: '2024-01-01T00:00:00.000Z',
      lastUsedAt: null,
    };
    const session = { csrf: 'c', createdAt: passkey.createdAt, expiresAt: '2999-01-01T00:00:00.000Z' };
    const userId = await inside(async (ctx) => {
      const user = await ctx.db.users.findOne({ accountId: id });
      await ctx.db.passkeys.insertOne({ _id: '1', userId: user!._id, ...passkey });
      await ctx.db.webSessions.insertOne({ _id: '1', userId: user!._id, sessionHash: 'x', ...session });
      return user!._id;
    });
    const reset = await cli.run(['account', 'reset-second-factor', 'bob', '--json']);
    expect(reset.json()).toEqual({ acct: 'bob', removed: { codes: false, passkeys: 1 } });
    await inside((ctx) => ctx.db.webSessions.insertOne({ _id: '2', userId, sessionHash: 'y', ...session }));
    expect((await cli.run(['account', 'sign-out', 'bob'])).out).toBe('bob is signed out everywhere.');
    await inside(async (ctx) => {
      expect(await ctx.db.passkeys.countDocuments({ userId })).toBe(0);
      expect(await ctx.db.webSessions.countDocuments({ userId })).toBe(0);
      const entries = await ctx.db.audit.find({}).sort({ sequence: -1 }).limit(2).toArray();
      expect(entries.map((entry) => entry.action)).toEqual([
        'account.sign_out',
        'account.second_factor_reset',
      ]);
    });
    expect((await cli.run(['account', 'reset-second-factor', 'nobody'])).code).not.toBe(0);
  });

  test('password ends tokens', async () => {
    await cli.run(['token', 'create', 'bob']);
    const { code, out } = await cli.run(['account', 'password', 'bob', '--password-stdin'], 'another horse');
    expect(code).toBe(0);
    expect(out).not.toContain('another horse');
    expect(await inside((ctx) => ctx.db.accessTokens.countDocuments({ revokedAt: null }))).toBe(0);
  });

  test('delete, dry and wet', async () => {
    await cli.run(['account', 'create', 'carol']);
    const dry = (await cli.run(['account', 'delete', 'carol', '--dry-run', '--json'])).json();
    expect(dry).toEqual({ acct: 'carol', posts: 0, followers: 0, dry_run: true });
    expect((await cli.run(['account', 'show', 'carol', '--json'])).json<Shown>().state).toBe('active');
    expect((await cli.run(['account', 'delete', 'carol'])).code).toBe(0);
    expect((await cli.run(['account', 'show', 'carol', '--json'])).json<Shown>().state).toBe('deleted');
  });
});

describe('app and token', () => {
  test('a token speaks for its account until it is revoked', async () => {
    const app = (await cli.run(['app', 'create', 'Bot', '--scopes', 'read', '--json'])).json<{
      client_id: string;
    }>();
    const args = [
      'token',
      'create',
      'alice',
      '--client-id',
      app.client_id,
      '--scopes',
      'read:statuses',
      '--json',
    ];
    const { token, ...made } = (await cli.run(args)).json<{ token: string }>();
    expect(made).toEqual({ account: 'alice', client_id: app.client_id, scopes: 'read:statuses' });
    const dry = await cli.run(['token', 'revoke', '--token-stdin', '--dry-run', '--json'], token);
    expect(dry.json()).toEqual({ revoked: 1, dry_run: true });
    expect((await cli.run(['token', 'revoke', '--token-stdin', '--json'], `${token}\n`)).json()).toEqual({
      revoked: 1,
      dry_run: false,
    });
    expect((await cli.run(['token', 'revoke', '--token-stdin', '--json'], token)).json()).toEqual({
      revoked: 0,
      dry_run: false,
    });
  });

  test('unknown scopes, clients and tokens are refused', async () => {
    expect((await cli.run(['app', 'create', 'Bot', '--scopes', 'everything'])).code).toBe(1);
    expect((await cli.run(['token', 'create', 'alice', '--client-id', 'none'])).code).toBe(1);
    expect((await cli.run(['token', 'revoke', '--token-stdin'], 'made up')).code).toBe(1);
  });
});

describe('domain', () => {
  test('block, list, unblock', async () => {
    expect((await cli.run(['domain', 'block', 'Spam.Example', '--dry-run'])).code).toBe(0);
    expect((await cli.run(['domain', 'list', '--json'])).json()).toEqual([]);
    expect((await cli.run(['domain', 'block', 'https://Spam.Example/', '--reason', 'spam'])).code).toBe(0);
    await cli.run(['domain', 'block', 'loud.example', '--severity', 'silence', '--reject-media']);
    const rules = (await cli.run(['domain', 'list', '--json'])).json<Record<string, unknown>[]>();
    expect(rules).toMatchObject([
      { domain: 'loud.example', severity: 'silence', reject_media: true },
      { domain: 'spam.example', severity: 'suspend', reason: 'spam' },
    ]);
    expect((await cli.run(['domain', 'unblock', 'spam.example'])).code).toBe(0);
    expect((await cli.run(['domain', 'unblock', 'spam.example'])).code).toBe(1);
  });

  test('the own name and nonsense are refused', async () => {
    expect((await cli.run(['domain', 'block', 'localhost:4999'])).code).toBe(1);
    expect((await cli.run(['domain', 'block', 'not a domain'])).code).toBe(1);
  });
});

describe('looking', () => {
  test('queue of an instance that never ran: only what the commands left for the server', async () => {
    const report = (await cli.run(['queue', '--json'])).json<{
      deliveries: object;
      jobs: { waiting: number };
    }>();
    expect(report.deliveries).toMatchObject({ waiting: 0, dead: 0, hosts: [], oldestAt: null });
    expect(report.jobs.waiting).toBeGreaterThan(0);
    expect((await cli.run(['queue'])).out).toContain('deliveries');
    expect((await cli.run(['queue', '--host', 'nobody.example', '--json'])).json()).toMatchObject({
      lane: 'nobody.example',
      waiting: 0,
      items: [],
    });
  });

  test('queue of a post says that it waits nowhere, and refuses what is no post', async () => {
    expect((await cli.run(['account', 'create', 'punctual'])).code).toBe(0);
    const { uri } = await inside(async (ctx) =>
      publishStatus(ctx, (await findLocalAccount(ctx, 'punctual'))!, { text: 'Late?' }),
    );
    const told = await cli.run(['queue', '--post', uri, '--host', 'slow.example']);
    expect([told.code, told.out]).toEqual([0, expect.stringContaining('Nothing was sent about it')]);
    const refused = await cli.run(['queue', '--post', 'https://elsewhere.example/1']);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('no post of ours')]);
  });

  test('doctor finds all well but the server, which does not run', async () => {
    const { code, json } = await cli.run(['doctor', '--json']);
    const { ok, checks } = json<{ ok: boolean; checks: { name: string; result: string }[] }>();
    const notWell = checks.filter((c) => c.result !== 'ok').map((c) => c.name);
    expect({ code, ok, notWell }).toEqual({ code: 0, ok: true, notWell: ['address'] });
  });

  test('doctor fails where the database cannot be used', async () => {
    const { writeFile } = await import('node:fs/promises');
    const broken = await createCli();
    await writeFile(
      `${broken.data}/landfall.sqlite`,
      'this is no database at all, but long enough to be read as one'.repeat(100),
    );
    const { code, json } = await broken.run(['doctor', '--json']);
    await broken.remove();
    expect(code).toBe(1);
    expect(json<{ checks: object[] }>().checks.at(-1)).toMatchObject({ name: 'database', result: 'failed' });
  });

  test('config show tells where values come from, and hides secrets', async () => {
    const secret = 'A'.repeat(43);
    const other = await createCli({ LANDFALL_SECRET: secret, LANDFALL_PORT: '8080' });
    const { out, json } = await other.run(['config', 'show', '--json']);
    await other.remove();
    expect(out).not.toContain(secret);
    const shown = json<Record<string, { value: unknown; given: boolean }>>();
    expect(shown['LANDFALL_SECRET']).toMatchObject({ value: '(hidden)', given: true });
    expect(shown['LANDFALL_PORT']).toMatchObject({ value: 8080, given: true });
    expect(shown['LANDFALL_BIND']).toMatchObject({ value: '127.0.0.1', given: false });
  });

  test('a command for another address than that of the data is refused', async () => {
    const other = await createCli({ LANDFALL_DATA: cli.data, LANDFALL_URL: 'https://elsewhere.example' });
    const { code, err } = await other.run(['account', 'list']);
    await other.remove();
    expect(code).toBe(1);
    expect(err).toContain('belong to localhost:4999');
  });
});

describe('the record of acts', () => {
  test('holds each act of staff, without secrets, in an unbroken chain', async () => {
    const entries = await inside((ctx) => ctx.db.audit.find({}).sort({ sequence: 1 }).toArray());
    const acts = entries.map((e) => `${e.action} ${e.target}`);
    const expected = [
      'account.create alice',
      'account.role bob',
      'account.suspend bob',
      'account.delete carol',
      'domain.block spam.example',
    ];
    expect(acts).toEqual(expect.arrayContaining(expected));
    expect(acts).toContain('account.create.failed Alice');
    expect(JSON.stringify(entries)).not.toContain('horse');
    expect(entries[0]?.actor).toMatch(/^console/);
    expect(await inside(findAuditBreak)).toBeNull();
  });

  test('a changed entry is found, by doctor too', async () => {
    await inside((ctx) => ctx.db.audit.updateOne({ sequence: 3 }, { $set: { target: 'somebody else' } }));
    expect(await inside(findAuditBreak)).toBe(3);
    const { code, out } = await cli.run(['doctor']);
    expect(code).toBe(1);
    expect(out).toContain('entry 3 was changed or removed');
  });
});

describe('invite', () => {
  interface Invite {
    code: string;
    url: string;
    open: boolean;
    from: string | null;
  }

  test('create, list and revoke; on record', async () => {
    const args = [
      'invite',
      'create',
      '--from',
      'alice',
      '--max-uses',
      '3',
      '--expires-in',
      '7d',
      '--autofollow',
    ];
    const made = (await cli.run([...args, '--json'])).json<Invite>();
    expect(made).toMatchObject({ from: 'alice', max_uses: 3, uses: 0, autofollow: true, open: true });
    expect(made.url).toBe(`http://localhost:4999/invite/${made.code}`);
    const own = await cli.run(['invite', 'create']);
    expect(own.out).toMatch(/^http:\/\/localhost:4999\/invite\/\w{12}$/);
    expect((await cli.run(['invite', 'revoke', made.code])).code).toBe(0);
    const listed = (await cli.run(['invite', 'list', '--json'])).json<Invite[]>();
    expect(listed.map((i) => [i.from, i.open])).toEqual([
      [null, true],
      ['alice', false],
    ]);
    expect((await cli.run(['invite', 'revoke', 'nothing'])).code).toBe(1);
    expect(await inside((ctx) => ctx.db.audit.countDocuments({ action: 'invite.revoke' }))).toBe(1);
  });

  test.each([[['--autofollow']], [['--max-uses', 'few']], [['--expires-in', 'soon']]])(
    'create %j makes no sense',
    async (args) => {
      expect(await cli.run(['invite', 'create', ...args])).toMatchObject({ code: 2, out: '' });
    },
  );
});

describe('announcement', () => {
  test('publish, list and delete; on record', async () => {
    const args = ['announcement', 'publish', 'We move', '--ends', '2099-01-01', '--json'];
    const { id } = (await cli.run(args)).json<{ id: string }>();
    const listed = await cli.run(['announcement', 'list', '--json']);
    expect(listed.json()).toMatchObject([{ id, text: 'We move', ends_at: '2099-01-01T00:00:00.000Z' }]);
    expect((await cli.run(['announcement', 'publish', 'x', '--starts', 'soon'])).code).toBe(2);
    expect((await cli.run(['announcement', 'delete', id])).code).toBe(0);
    expect((await cli.run(['announcement', 'delete', id])).code).toBe(1);
    expect((await cli.run(['announcement', 'list'])).out).toBe('No announcements.');
    expect(await inside((ctx) => ctx.db.audit.countDocuments({ action: 'announcement.publish' }))).toBe(1);
  });
});
