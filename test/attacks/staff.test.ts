import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadSettings } from '../../src/config/load.js';
import { createContext } from '../../src/context.js';
import { findAuditBreak } from '../../src/domain/audit.js';
import { silentLogger } from '../../src/log.js';
import { actsOn, withStaff, type StaffedInstance } from '../api/admin-support.js';
import type { Client } from '../api/support.js';
import { createCli } from '../cli/support.js';
import { startInstance, type Instance } from '../support/instance.js';

let us: Instance;
let staffed: StaffedInstance;
beforeAll(async () => {
  us = await startInstance();
  staffed = await withStaff(us);
});
afterAll(() => us?.close());

const root = '/api/v1/admin';
/** What of people and their ranks an attack must not change. */
const people = async (): Promise<string> =>
  JSON.stringify([
    (await us.ctx.db.users.find({}).sort({ _id: 1 }).toArray()).map((u) => [u._id, u.role, u.disabledAt]),
    (await us.ctx.db.accounts.find({}).sort({ _id: 1 }).toArray()).map((a) => [
      a._id,
      a.suspendedAt,
      a.silencedAt,
      a.deletedAt,
    ]),
    await us.ctx.db.audit.countDocuments({}),
  ]);

test('#308 MOD_ROLE', async () => {
  const { moderator, admin, owner, asModerator, asAdmin, asOwner } = staffed;
  const before = await people();
  const attempts: [Client, string][] = [
    [asModerator, admin.account._id],
    [asModerator, owner.account._id],
    [asModerator, moderator.account._id],
    [asAdmin, owner.account._id],
    [asAdmin, admin.account._id],
    [asOwner, owner.account._id],
  ];
  for (const [who, id] of attempts) {
    for (const type of ['none', 'sensitive', 'silence', 'disable', 'suspend'])
      expect((await who.post(`${root}/accounts/${id}/action`, { type })).status).toBe(403);
    expect((await who.delete(`${root}/accounts/${id}`)).status).toBe(403);
  }
  // Nobody gives themselves, or others, a rank through the API.
  for (const who of [asModerator, asAdmin, staffed.asUser]) {
    for (const body of [{ role: 'owner' }, { role_id: 3 }, { user: { role: 'owner' } }, { admin: true }]) {
      await who.patch('/api/v1/accounts/update_credentials', body);
      await who.patch('/api/v1/profile', body);
    }
    for (const path of ['role', 'promote', 'roles'])
      expect((await who.post(`${root}/accounts/${moderator.account._id}/${path}`)).status).toBe(404);
  }
  expect(await people()).toBe(before);
});

test('#308 MOD_ROLE, #321 CLI_INPUT', async () => {
  const cli = await createCli();
  await cli.run(['account', 'create', 'ann', '--role', 'owner']);
  for (const args of [
    ['account', 'role', 'ann', 'user'],
    ['account', 'delete', 'ann'],
  ]) {
    const { code, err } = await cli.run(args);
    expect([args[1], code, err]).toEqual([args[1], 1, expect.stringContaining('only owner')]);
  }
  await cli.run(['account', 'create', 'ben', '--role', 'owner']);
  expect((await cli.run(['account', 'delete', 'ann'])).code).toBe(0);
  expect((await cli.run(['account', 'delete', 'ben'])).code).toBe(1);
  await cli.remove();
});

test('#309 MOD_AUDIT', async () => {
  const { asOwner } = staffed;
  const { account } = await us.createUser('subject');
  const acct = account.username;
  const act = (type: string) => () => asOwner.post(`${root}/accounts/${account._id}/action`, { type });
  const undo = (name: string) => () => asOwner.post(`${root}/accounts/${account._id}/${name}`);
  const made: Record<string, string> = {};
  const create = (path: string, body: object) => async () => {
    const answer = await asOwner.post(`${root}/${path}`, body);
    made[path] = (answer.body as { id: string }).id;
    return answer;
  };
  const remove = (path: string) => () => asOwner.delete(`${root}/${path}/${made[path]}`);
  const steps: [() => PromiseLike<{ status: number }>, string, string][] = [
    [act('sensitive'), 'account.sensitive', acct],
    [undo('unsensitive'), 'account.unsensitive', acct],
    [act('silence'), 'account.silence', acct],
    [undo('unsilence'), 'account.unsilence', acct],
    [act('disable'), 'account.disable', acct],
    [undo('enable'), 'account.enable', acct],
    [act('suspend'), 'account.suspend', acct],
    [undo('unsuspend'), 'account.unsuspend', acct],
    [create('domain_blocks', { domain: 'a.example', severity: 'suspend' }), 'domain.block', 'a.example'],
    [
      () => asOwner.put(`${root}/domain_blocks/${made['domain_blocks']}`, { severity: 'silence' }),
      'domain.block',
      'a.example',
    ],
    [remove('domain_blocks'), 'domain.unblock', 'a.example'],
    [create('domain_allows', { domain: 'b.example' }), 'domain_allow.create', 'b.example'],
    [remove('domain_allows'), 'domain_allow.delete', 'b.example'],
    [create('email_domain_blocks', { domain: 'm.example' }), 'email_domain_block.create', 'm.example'],
    [remove('email_domain_blocks'), 'email_domain_block.delete', 'm.example'],
    [create('ip_blocks', { ip: '192.0.2.0/24', severity: 'no_access' }), 'ip_block.create', '192.0.2.0/24'],
    [remove('ip_blocks'), 'ip_block.delete', '192.0.2.0/24'],
    [act('suspend'), 'account.suspend', acct],
    [() => asOwner.delete(`${root}/accounts/${account._id}`), 'account.delete', acct],
  ];
  for (const [step, action, target] of steps) {
    const before = await us.ctx.db.audit.countDocuments({});
    const { status } = await step();
    const entries = await us.ctx.db.audit.find({}).sort({ sequence: 1 }).skip(before).toArray();
    const told = entries.map((e) => [e.actor, e.action, e.target]);
    expect([action, status, told[0]]).toEqual([action, 200, ['owner1', action, target]]);
  }
  await us.idle();
  expect(await us.ctx.db.accounts.findOne({ _id: account._id })).toMatchObject({ statusesCount: 0 });
  // It outlives its target, and a change of it is seen.
  expect((await actsOn(us, acct)).at(-1)).toBe('owner1 account.delete');
  const entry = await us.ctx.db.audit.findOne({ action: 'domain.unblock' });
  await us.ctx.db.audit.updateOne({ _id: entry?._id ?? '' }, { $set: { actor: 'somebody.else' } });
  expect(await findAuditBreak(us.ctx)).toBe(entry?.sequence);
  await us.ctx.db.audit.updateOne({ _id: entry?._id ?? '' }, { $set: { actor: 'owner1' } });
  await us.ctx.db.audit.deleteOne({ _id: entry?._id ?? '' });
  expect(await findAuditBreak(us.ctx)).toBe(entry?.sequence);
});

test('#309 MOD_AUDIT, #298 SECRETS', async () => {
  const cli = await createCli();
  const run = async (args: string[], stdin?: string): Promise<void> =>
    expect([args, (await cli.run(args, stdin)).code]).toEqual([args, 0]);
  await run(['account', 'create', 'ann', '--role', 'owner']);
  await run(['account', 'create', 'bob', '--password-stdin'], 'a secret of bob');
  await run(['account', 'password', 'bob', '--password-stdin'], 'another secret of bob');
  await run(['account', 'role', 'bob', 'moderator']);
  await run(['account', 'suspend', 'bob', '--dry-run']);
  await run(['account', 'suspend', 'bob']);
  await run(['account', 'suspend', 'bob', '--undo']);
  await run(['domain', 'block', 'a.example', '--reason', 'spam']);
  await run(['domain', 'unblock', 'a.example']);
  await run(['app', 'create', 'Bot']);
  await run(['instance', 'set', '--title', 'Harbour']);
  await run(['account', 'delete', 'bob', '--dry-run']);
  await run(['account', 'delete', 'bob']);
  const ctx = await createContext(loadSettings(cli.env), { mode: 'command', log: silentLogger });
  const entries = await ctx.db.audit.find({}).sort({ sequence: 1 }).toArray();
  expect(entries.map((e) => [e.action, e.target])).toEqual([
    ['account.create', 'ann'],
    ['account.create', 'bob'],
    ['account.password', 'bob'],
    ['account.role', 'bob'],
    ['account.suspend', 'bob'],
    ['account.unsuspend', 'bob'],
    ['domain.block', 'a.example'],
    ['domain.unblock', 'a.example'],
    ['app.create', 'Bot'],
    ['instance.update', 'instance'],
    ['account.delete', 'bob'],
  ]);
  for (const { actor } of entries) expect(actor).toMatch(/^console/);
  expect(JSON.stringify(entries)).not.toMatch(/secret of bob/);
  expect(await findAuditBreak(ctx)).toBeNull();
  await ctx.close();
  await cli.remove();
});

test('#321 CLI_INPUT', async () => {
  const cli = await createCli();
  await cli.run(['account', 'create', 'ann', '--role', 'owner']);
  for (const [args, stdin] of [
    [['account', 'create', 'x;$(touch /tmp/landfall-was-here)']],
    [['account', 'create', '`id`']],
    [['account', 'create', '../../etc/passwd']],
    [['account', 'create', '\u001b[31mred']],
    [['account', 'create', 'a\u0000b']],
    [['account', 'create', 'inbox'.repeat(200)]],
    [['account', 'create']],
    [['account', 'create', 'kim', '--role', 'emperor']],
    [['account', 'create', 'kim', '--password-stdin'], ''],
    [['account', 'password', 'ann', '--password-stdin'], ''],
    [['account', 'password', 'nobody']],
    [['account', 'show', '\u001b]0;owned\u0007@evil.example']],
    [['account', 'list', '--limit', '1e9; rm -rf /']],
    [['domain', 'block', 'exa/mple.com']],
    [['domain', 'block', '$(id).example/']],
    [['domain', 'unblock', 'unknown.example']],
    [['queue', '--host', '\u001b[2J']],
    [['no-such-command']],
    [['--help=\u001b[31m']],
  ] as [string[], string?][]) {
    const { code, out, err } = await cli.run(args, stdin);
    const queue = args[0] === 'queue';
    expect([args, queue ? 'any' : code > 0]).toEqual([args, queue ? 'any' : true]);
    // Nothing that a terminal would obey, and no stack.
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect([args, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\n\s+at /.test(out + err)]).toEqual([
      args,
      false,
    ]);
  }
  // What strangers call themselves is shown, not obeyed; as JSON it is the same string.
  const name = 'a\u001b[2Jb\u009b31mc\u202ed';
  await cli.run(['instance', 'set', '--title', name]);
  const shown = await cli.run(['instance', 'show']);
  expect(shown.out).toContain('a\\u001b[2Jb\\u009b31mc\\u202ed');
  expect((await cli.run(['instance', 'show', '--json'])).json()).toMatchObject({ title: name });
  expect((await cli.run(['account', 'show', 'kim'])).code).toBe(1);
  await cli.remove();
});
