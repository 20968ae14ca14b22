import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createCli, type Cli } from './support.js';

let cli: Cli;
beforeAll(async () => {
  cli = await createCli();
});
afterAll(() => cli.remove());

test('an instance says what it was told, and keeps what was not named', async () => {
  await cli.run(['account', 'create', 'alice', '--role', 'owner']);
  await cli.run(['instance', 'set', '--title', 'Harbour', '--rule', 'Be kind.', 'No spam.']);
  const { code, json } = await cli.run([
    'instance',
    'set',
    '--short',
    'Lights on',
    '--email',
    'hello@example.org',
    '--json',
  ]);
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    title: 'Harbour',
    short: 'Lights on',
    email: 'hello@example.org',
    contact: 'alice',
    rules: ['Be kind.', 'No spam.'],
  });
  expect((await cli.run(['instance', 'show'])).out).toContain('Rule 2');
});

test.each([
  ['nothing to change', ['instance', 'set'], 2],
  ['no e-mail address', ['instance', 'set', '--email', 'nonsense'], 1],
  ['an account that is not there', ['instance', 'set', '--contact', 'nobody'], 1],
])('%s is refused', async (_name, args, expected) => {
  const { code, err } = await cli.run(args);
  expect({ code, said: err !== '' }).toEqual({ code: expected, said: true });
});
