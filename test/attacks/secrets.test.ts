import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Logger } from '../../src/log.js';
import { createCli } from '../cli/support.js';
import {
  authorizeUrl,
  codeFor,
  callback,
  pkce,
  register,
  request,
  submitSignIn,
  toConsent,
} from '../oauth/support.js';
import { createOf, deliver, noteOf, post, raw, startScene, type Scene } from './kit.js';

/** Everything that was logged, at every level, as a careless transport would write it. */
const logged: string[] = [];
const keep = (fields: object, message: string): void => void logged.push(`${message} ${textOf(fields)}`);
const log: Logger = { debug: keep, info: keep, warn: keep, error: keep };

/** With the stacks and causes of errors, which JSON leaves out. */
function textOf(value: unknown, depth = 0): string {
  if (value instanceof Error)
    return `${value.stack ?? ''} ${textOf(Object.assign({}, value), depth + 1)} ${textOf(value.cause, depth + 1)}`;
  if (typeof value !== 'object' || value === null || depth > 6) return String(value);
  return Object.entries(value)
    .map(([key, inner]) => `${key}=${textOf(inner, depth + 1)}`)
    .join(' ');
}

const password = 'correct horse battery';
const wrong = 'Tr0ub4dor-and-3-guesses';
let s: Scene;
beforeAll(async () => {
  s = await startScene({ log, logLevel: 'debug' });
});
afterAll(() => s?.close());

test('#247 OA_TOKEN_LEAK, #298 SECRETS: nothing secret is logged or told in errors', async () => {
  const answers: string[] = [];
  const { us } = s;
  await us.createUser('grace', { password });
  const client = await register(us.app as never);
  const browser = request.agent(us.app);
  const { verifier, challenge } = pkce();
  const url = authorizeUrl({
    client_id: client.client_id,
    scope: 'read write',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const first = await browser.get(url);
  const failed = await submitSignIn(browser, first.text, { username: 'grace', password: wrong });
  answers.push(failed.text);
  await toConsent(browser, url, 'grace');
  const code = await codeFor(browser, url, 'grace');
  const form = {
    grant_type: 'authorization_code',
    client_id: client.client_id,
    redirect_uri: callback,
    code,
    code_verifier: verifier,
  };
  const json: [string, string] = ['Content-Type', 'application/json'];
  const token = async (body: object) =>
    raw(s, { path: '/oauth/token', lines: [json], body: JSON.stringify(body) });
  answers.push((await token({ ...form, client_secret: `${client.client_secret}x` })).body);
  answers.push((await token({ ...form, client_secret: client.client_secret, code_verifier: 'no' })).body);
  const granted = await token({ ...form, client_secret: client.client_secret });
  const { access_token: secret } = JSON.parse(granted.body) as { access_token: string };
  const bad = {
    grant_type: 'password',
    client_id: client.client_id,
    client_secret: client.client_secret,
    username: 'grace',
    password: wrong,
  };
  answers.push((await token(bad)).body);
  for (const [method, path, body] of [
    ['GET', `/api/v1/statuses/1?access_token=${secret}`, undefined],
    ['GET', `/nowhere?code=${code}&access_token=${secret}&client_secret=${client.client_secret}`, undefined],
    ['POST', '/api/v1/statuses', '{"status":'],
    ['POST', '/api/v1/statuses', JSON.stringify({ status: 5, access_token: secret, password })],
    [
      'POST',
      '/oauth/revoke',
      JSON.stringify({ token: secret, client_id: client.client_id, client_secret: 'no' }),
    ],
    ['POST', '/api/v1/accounts', JSON.stringify({ username: 'x y', email: 'no', password })],
    ['GET', '/health', undefined],
    ['GET', '/api/v1/instance', undefined],
    ['GET', '/nodeinfo/2.0', undefined],
  ] as const)
    for (const authorization of [
      `Bearer ${secret}`,
      `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
      'Bearer nonsense',
    ])
      answers.push(
        (
          await raw(s, {
            method,
            path,
            lines: [json, ['Authorization', authorization], ['Cookie', `landfall=${secret}`]],
            ...(body !== undefined && { body }),
          })
        ).body,
      );
  // Federation both ways, with failures on the way.
  s.peer.answerInbox(() => 500);
  await s.bob.client.post('/api/v1/statuses', { status: 'to followers' });
  await deliver(s, createOf(noteOf(s.alice, { inReplyTo: 'http://127.0.0.1:1/gone' })), { by: s.alice });
  answers.push((await post(s, s.mallory, {}, { keyId: s.alice.keyId })).body);
  await us.idle();
  const rest = us.ctx.settings.data;
  const { instanceKey = '' } = JSON.parse(readFileSync(join(rest, 'secrets.json'), 'utf8')) as {
    instanceKey?: string;
  };
  const sealed = await us.ctx.db.keyPairs.find({}).toArray();
  const signing = await us.ctx.keys.signingKey(s.bob.account._id, 'rsa');
  const privatePem = String(signing?.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const secrets = {
    password,
    wrong,
    secret,
    code,
    verifier,
    client: client.client_secret,
    instanceKey,
    bob: s.bob.token,
    pem: privatePem.split('\n')[3] ?? '',
  };
  for (const [name, value] of Object.entries(secrets)) {
    expect([name, value.length > 8]).toEqual([name, true]);
    expect([name, logged.filter((line) => line.includes(value))]).toEqual([name, []]);
    expect([name, answers.filter((text) => text.includes(value))]).toEqual([name, []]);
    expect([name, JSON.stringify(sealed).includes(value)]).toEqual([name, false]);
  }
  expect(logged.join('\n')).not.toMatch(/PRIVATE KEY|argon2id\$/);
  expect(logged.length).toBeGreaterThan(5);
});

test('#215 LOG_INJECT', async () => {
  const before = logged.length;
  await raw(s, { method: 'GET', path: '/%0a%1b[31mfake', lines: [['User-Agent', 'x']] });
  for (const line of logged.slice(before)) expect(line).not.toContain('\u001b');
});

test('#298 SECRETS: no command tells a secret, whatever is wrong', async () => {
  const secrets = {
    key: Buffer.alloc(32, 7).toString('base64url'),
    database: 'harbour-database-77',
    smtp: 'harbour-smtp-77',
    password: 'harbour-password-77',
    token: 'harbour-token-77',
  };
  const printed: string[] = [];
  const run = async (env: NodeJS.ProcessEnv, commands: string[][], files: Record<string, string> = {}) => {
    const cli = await createCli(env);
    try {
      for (const [name, text] of Object.entries(files)) await writeFile(join(cli.data, name), text);
      for (const command of commands) {
        const args = command.map((arg) => arg.replace('DATA', cli.data));
        const { out, err } = await cli.run(args, secrets.password);
        printed.push(`${args.join(' ')}\n${out}\n${err}`);
        expect([command, (out + err).length > 0]).toEqual([command, true]);
      }
    } finally {
      await cli.remove();
    }
  };
  const looks = [
    ['config', 'show'],
    ['config', 'show', '--json'],
    ['doctor'],
    ['doctor', '--json'],
    ['account', 'list'],
  ];
  const smtp = `smtp://harbour:${secrets.smtp}@127.0.0.1:9`;
  const mongo = `mongodb://root:${secrets.database}@127.0.0.1:9/x?serverSelectionTimeoutMS=200`;
  // All in order.
  await run({ LANDFALL_SECRET: secrets.key, LANDFALL_SMTP_URL: smtp }, [
    ['account', 'create', 'ann', '--role', 'owner', '--password-stdin'],
    ['account', 'password', 'ann', '--password-stdin'],
    ['account', 'show', 'ann'],
    ['keys', 'renew', 'ann'],
    ['queue'],
    ['instance', 'show'],
    ...looks,
  ]);
  // A database that does not answer, and addresses that are none.
  await run({ LANDFALL_DATABASE_URL: mongo, LANDFALL_SECRET: secrets.key }, [['doctor'], ['config', 'show']]);
  for (const url of [
    `mongodb://root:${secrets.database}@`,
    `mongodb://root:%zz${secrets.database}@127.0.0.1:9/`,
    `mongodb://root:${secrets.database}@a@127.0.0.1:9/?x=1&y=${secrets.database}`,
    `mongodb://root:${secrets.database}/y@127.0.0.1:9/`,
    `postgres://root:${secrets.database}@127.0.0.1/`,
  ])
    await run({ LANDFALL_DATABASE_URL: url }, [
      ['doctor', '--json'],
      ['config', 'show'],
    ]);
  for (const url of [
    `http://harbour:${secrets.smtp}@x`,
    `smtp://harbour:${secrets.smtp} x@y`,
    `smtp://${secrets.smtp}`,
  ])
    await run({ LANDFALL_SMTP_URL: url }, looks);
  for (const key of [`${secrets.key}x`, secrets.key.slice(0, 30), `${secrets.key} ${secrets.key}`])
    await run({ LANDFALL_SECRET: key }, looks);
  // A file of secrets, and one that makes accounts, with a fault in it.
  for (const text of [
    secrets.key,
    `{"instanceKey": ${secrets.key}}`,
    `{"instanceKey":"${secrets.key.slice(0, 40)}"}`,
  ])
    await run({}, looks, { 'secrets.json': text });
  for (const text of [
    `{"accounts":[{"username":"ann","password": ${secrets.password}}]}`,
    `{"tokens":[{"account":"ann","token":${secrets.token}}]}`,
    `{"accounts":[{"username":"ann","password":["${secrets.password}"]}],"apps":{"x":"${secrets.token}"}}`,
    secrets.password,
  ])
    await run({ LANDFALL_SECRET: secrets.key }, [['provision', 'DATA/accounts.json']], {
      'accounts.json': text,
    });
  // Not a piece of one either: a parser that quotes shows the beginning.
  for (const [name, value] of Object.entries(secrets)) {
    const piece = value.startsWith('harbour') ? value.slice(0, 12) : value.slice(0, 8);
    expect([name, printed.filter((text) => text.includes(piece))]).toEqual([name, []]);
  }
});
