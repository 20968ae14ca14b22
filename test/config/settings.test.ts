import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadSettings } from '../../src/config/load.js';
import {
  tableBegin,
  tableEnd,
  toDefaultJson,
  toExampleEnv,
  toMarkdownTable,
} from '../../src/config/render.js';
import { settingsTable } from '../../src/config/settings.js';
import { StartError } from '../../src/errors.js';

const root = join(import.meta.dirname, '..', '..');
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

describe('what is written elsewhere agrees with the table of settings (npm run config:generate)', () => {
  test('config/default.json', () => expect(read('config', 'default.json')).toBe(toDefaultJson()));
  test('config/example.env', () => expect(read('config', 'example.env')).toBe(toExampleEnv()));
  test('docs/operating.md', () => {
    const text = read('docs', 'operating.md');
    const table = text.slice(text.indexOf(tableBegin) + tableBegin.length, text.indexOf(tableEnd));
    expect(table.trim()).toBe(toMarkdownTable());
  });
});

describe('loading', () => {
  test('an empty environment gives the defaults', () => {
    const settings = loadSettings({});
    expect(settings).toMatchObject({
      url: 'http://localhost:3000',
      port: 3000,
      databaseUrl: 'embedded:',
      role: 'web,worker',
    });
  });

  test('every setting is named LANDFALL_… once, and has a default that passes its own type', () => {
    const specs = Object.values(settingsTable);
    expect(new Set(specs.map((spec) => spec.env)).size).toBe(specs.length);
    for (const spec of specs) {
      expect(spec.env).toMatch(/^LANDFALL_[A-Z_]+$/);
      expect(spec.type.safeParse(spec.default)).toEqual({ success: true, data: spec.default });
    }
  });

  test('text becomes numbers and flags; the origin loses its slash', () => {
    const settings = loadSettings({
      LANDFALL_PORT: '8080',
      LANDFALL_SECURE_MODE: 'yes',
      LANDFALL_URL: 'https://a.example/',
    });
    expect(settings).toMatchObject({ port: 8080, secureMode: true, url: 'https://a.example' });
  });

  test('an empty variable counts as not set', () => {
    expect(loadSettings({ LANDFALL_PORT: '' }).port).toBe(3000);
  });

  test('every bad setting is named, all at once', () => {
    const load = () =>
      loadSettings({ LANDFALL_PORT: 'many', LANDFALL_LOG_LEVEL: 'loud', LANDFALL_URL: 'nowhere' });
    expect(load).toThrow(StartError);
    expect(load).toThrow(/LANDFALL_PORT[\s\S]*LANDFALL_LOG_LEVEL|LANDFALL_LOG_LEVEL[\s\S]*LANDFALL_PORT/);
    expect(load).toThrow(/LANDFALL_URL/);
  });
});

describe('settings that contradict each other refuse to start', () => {
  test.each([
    [
      'development settings with a public URL',
      { LANDFALL_URL: 'https://a.example', LANDFALL_TEST_MODE: 'true' },
      /TEST_MODE/,
    ],
    [
      'loopback with a public URL',
      { LANDFALL_URL: 'https://a.example', LANDFALL_FEDERATE_LOOPBACK: 'true' },
      /FEDERATE_LOOPBACK/,
    ],
    ['http with a public name', { LANDFALL_URL: 'http://a.example' }, /https/],
    ['a path', { LANDFALL_URL: 'https://a.example/social' }, /without a path/],
    ['another scheme', { LANDFALL_URL: 'ftp://localhost' }, /https/],
    ['split roles on the embedded database', { LANDFALL_ROLE: 'worker' }, /MongoDB/],
    ['an unknown database', { LANDFALL_DATABASE_URL: 'postgres://x' }, /LANDFALL_DATABASE_URL/],
  ])('%s', (_name, env, text) => {
    expect(() => loadSettings(env)).toThrow(text);
  });

  test('they work on this machine, and roles may be split over MongoDB', () => {
    const local = { LANDFALL_TEST_MODE: 'true', LANDFALL_FEDERATE_LOOPBACK: 'true' };
    for (const url of [
      'http://localhost:4000',
      'http://127.0.0.1:4000',
      'http://a.localhost',
      'http://[::1]:4000',
    ])
      expect(loadSettings({ ...local, LANDFALL_URL: url }).testMode).toBe(true);
    expect(loadSettings({ LANDFALL_ROLE: 'web', LANDFALL_DATABASE_URL: 'mongodb://db/x' }).role).toBe('web');
    expect(loadSettings({ LANDFALL_URL: 'http://abcdef.onion' }).url).toBe('http://abcdef.onion');
  });
});
