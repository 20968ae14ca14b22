import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clientOf, ok, post, type StatusJson } from '../api/support.js';
import type { Instance, TestUser } from '../support/instance.js';
import {
  authorizeByHand,
  password,
  picture,
  recordCalls,
  run,
  startTown,
  tell,
  type Recorder,
} from './kit.js';

const program = '/usr/bin/toot';
const isInstalled = existsSync(program);
if (!isInstalled) tell(`SKIPPED: ${program} is not installed (apt-get install toot)`);

/** Debian's `toot`, the command-line client, used as a person would. */
(isInstalled ? describe : describe.skip)('toot', () => {
  let instance: Instance;
  let alice: TestUser, bob: TestUser;
  let recorder: Recorder;
  let home: string;
  let host: string;

  beforeAll(async () => {
    ({
      instance,
      people: { alice, bob },
    } = await startTown(['alice', 'bob']));
    host = new URL(instance.url).host;
    home = await mkdtemp(join(tmpdir(), 'landfall-toot-'));
    recorder = recordCalls(instance);
  });
  afterAll(async () => {
    await instance.close();
    recorder.stop();
    await rm(home, { recursive: true, force: true });
  });

  const env = (): Record<string, string> => ({ HOME: home, XDG_CONFIG_HOME: home, PYTHONUNBUFFERED: '1' });

  /** Its output, when it went well. */
  async function toot(...args: string[]): Promise<string> {
    const ran = await run(program, args, { env: env() });
    expect({ args, ...ran }).toMatchObject({ exitCode: 0, stderr: '' });
    await instance.idle();
    return ran.stdout;
  }
  const idIn = (output: string): string => /\/(\d+)\s*$/.exec(output.trim())?.[1] ?? '';
  const asBob = () => clientOf(instance, bob);
  const shown = (id: string) => ok<StatusJson>(clientOf(instance, alice).get(`/api/v1/statuses/${id}`));

  describe('signing in', () => {
    test('in the browser, with the code typed over', async () => {
      const ran = await run(program, ['login', '-i', host, '--disable-https'], {
        env: env(),
        drive: (child) => {
          let text = '';
          let asked = false;
          child.stdout.on('data', (chunk: string) => {
            text += chunk;
            const url = /^http:\S+\/oauth\/authorize\S+/m.exec(text)?.[0];
            if (asked || !url || !text.includes('[Y/n]')) return;
            asked = true;
            child.stdin.write('n\n');
            authorizeByHand(instance, url, 'alice').then(
              (code) => child.stdin.end(`${code}\n`),
              (error: unknown) => {
                tell(String(error));
                child.kill();
              },
            );
          });
        },
      });
      expect(ran.stderr).toBe('');
      expect(ran.stdout).toMatch(`Found instance ${host} running Mastodon version 4.`);
      expect(ran.stdout).toMatch('Successfully logged in');
      expect(await toot('auth')).toMatch(`alice@${host} ACTIVE`);
    });

    test('with a password, in test mode', async () => {
      const ran = await run(
        program,
        ['login_cli', '-i', host, '-e', bob.user.email ?? '', '--disable-https'],
        {
          env: env(),
          drive: (child) => child.stdin.end(`${password}\n`),
        },
      );
      expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringMatching('Successfully logged in') });
      expect(await toot('whoami')).toMatch('@bob');
      await toot('activate', `alice@${host}`);
      expect(await toot('whoami')).toMatch('@alice');
    });

    test('a wrong password', async () => {
      const ran = await run(
        program,
        ['login_cli', '-i', host, '-e', bob.user.email ?? '', '--disable-https'],
        {
          env: env(),
          drive: (child) => child.stdin.end('wrong\n'),
        },
      );
      expect(ran).toMatchObject({ exitCode: 1, stderr: expect.stringMatching('Login failed') });
    });

    test('the instance', async () => {
      expect(await toot('instance', host, '--disable-https')).toMatch(
        `${host}\n${host}\nrunning Mastodon 4.`,
      );
    });
  });

  describe('posts', () => {
    let id = '';
    test('text, visibility, warning, language', async () => {
      id = idIn(
        await toot('post', 'Hello from the terminal #first', '-v', 'unlisted', '-p', 'mild', '-l', 'de'),
      );
      expect(await shown(id)).toMatchObject({ visibility: 'unlisted', spoiler_text: 'mild', language: 'de' });
    });

    test('with pictures', async () => {
      await writeFile(join(home, 'one.png'), await picture('teal'));
      await writeFile(join(home, 'two.png'), await picture('maroon'));
      const [one, two] = [join(home, 'one.png'), join(home, 'two.png')];
      const output = await toot('post', 'Look', '-m', one, '-d', 'teal', '-m', two, '-d', 'maroon', '-s');
      expect(await shown(idIn(output))).toMatchObject({
        sensitive: true,
        media_attachments: [{ description: 'teal' }, { description: 'maroon' }],
      });
      expect(await toot('upload', one, '-d', 'again')).toMatch(
        /Successfully uploaded media ID \d+, type 'image'/,
      );
    });

    test('a reply, its thread, and a post for later', async () => {
      const reply = idIn(await toot('post', 'And an answer', '-r', id));
      const thread = await toot('thread', reply);
      expect(thread.indexOf('Hello from the terminal')).toBeGreaterThan(-1);
      expect(thread.indexOf('And an answer')).toBeGreaterThan(thread.indexOf('Hello from the terminal'));
      expect(await toot('post', 'Later', '--scheduled-in', '1 day')).toMatch('Toot scheduled for:');
    });

    test('favourite, bookmark, pin, reblog and their undoing', async () => {
      for (const [act, mark] of [
        ['favourite', 'favourited'],
        ['bookmark', 'bookmarked'],
        ['pin', 'pinned'],
        ['reblog', 'reblogged'],
      ] as const) {
        await toot(act, id);
        expect(await shown(id)).toMatchObject({ [mark]: true });
        if (act === 'bookmark') expect(await toot('bookmarks', '-1')).toMatch('Hello from the terminal');
        if (act === 'reblog') expect(await toot('reblogged_by', id)).toMatch('@alice');
        await toot(`un${act}`, id);
        expect(await shown(id)).toMatchObject({ [mark]: false });
      }
    });

    test('deletion', async () => {
      await toot('delete', id);
      const ran = await run(program, ['thread', id], { env: env() });
      expect(ran).toMatchObject({ exitCode: 1, stderr: expect.stringMatching('Record not found') });
    });
  });

  describe('timelines', () => {
    test('home, public, local, tag and list', async () => {
      await post(asBob(), 'Bob at the #harbour');
      await toot('follow', 'bob');
      expect(await toot('timeline', '-1')).toMatch('Bob at the');
      expect(await toot('timeline', '-1', '--public')).toMatch('Bob at the');
      expect(await toot('timeline', '-1', '--public', '--local', '-c', '1')).toMatch('Bob at the');
      expect(await toot('timeline', '-1', '-t', 'harbour', '-r')).toMatch('Bob at the');
      const alices = clientOf(instance, alice);
      const { id } = await ok<{ id: string }>(alices.post('/api/v1/lists', { title: 'dock' }));
      await ok(alices.post(`/api/v1/lists/${id}/accounts`, { account_ids: [bob.account._id] }));
      await post(asBob(), 'Bob for the list');
      expect(await toot('timeline', '-1', '--list', id)).toMatch('Bob for the list');
    });

    test('search finds people, also by their full name, and hashtags', async () => {
      expect(await toot('search', 'harbour')).toMatch('#harbour');
      expect(await toot('search', `@bob@${host}`, '-r')).toMatch('@bob');
    });
  });

  describe('people', () => {
    test('follow, followers, following, unfollow', async () => {
      await toot('follow', `bob@${host}`);
      expect(await toot('following', 'alice')).toMatch('* @bob');
      expect(await toot('followers', 'bob')).toMatch('* @alice');
      expect(await toot('whois', 'bob')).toMatch('Followers: 1');
      await toot('unfollow', 'bob');
      expect(await toot('followers', 'bob')).not.toMatch('@alice');
    });

    test('mute and block', async () => {
      const relation = async (): Promise<unknown> => {
        const query = { 'id[]': bob.account._id };
        const list = await ok<object[]>(
          clientOf(instance, alice).get('/api/v1/accounts/relationships', query),
        );
        return list[0];
      };
      await toot('mute', 'bob');
      expect(await relation()).toMatchObject({ muting: true });
      await toot('unmute', 'bob');
      await toot('block', '@bob');
      expect(await relation()).toMatchObject({ muting: false, blocking: true });
      await toot('unblock', 'bob');
      expect(await relation()).toMatchObject({ blocking: false });
    });

    test('notifications', async () => {
      await post(asBob(), 'A word for @alice');
      await ok(asBob().post(`/api/v1/accounts/${alice.account._id}/follow`));
      await instance.idle();
      const all = await toot('notifications');
      expect(all).toMatch('mentioned you in');
      expect(all).toMatch('now follows you');
      expect(await toot('notifications', '--mentions', '-r')).not.toMatch('now follows you');
      await toot('notifications', '--clear');
      expect(await toot('notifications')).toMatch('No notification');
    });

    test('hashtags', async () => {
      await toot('tags_follow', '#Harbour');
      expect(await toot('tags_followed')).toMatch(/#harbour\s+http/i);
      await toot('tags_unfollow', 'harbour');
      expect(await toot('tags_followed')).not.toMatch(/#harbour/i);
    });
  });

  test('made at least sixty calls, and the server failed at none', () => {
    tell(recorder.summary('toot'));
    expect(recorder.calls.length).toBeGreaterThanOrEqual(60);
    expect(recorder.failures()).toEqual([]);
  });
});
