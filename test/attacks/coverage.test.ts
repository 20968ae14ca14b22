import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

/** The catalogue: which of its rows a test covers, which cannot happen here, and which are still to do. */
interface Row {
  id: number;
  name: string;
  group: string;
  status: 'tested' | 'not-applicable' | 'open';
  reason?: string;
}

const folder = 'test/attacks';
const rows = JSON.parse(readFileSync(join(folder, 'coverage.json'), 'utf8')) as Row[];
const titles = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts') && name !== 'coverage.test.ts')
  .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/\btest\(\s*(['"`])(.*?)\1/gs)])
  .map(([, , title]) => title ?? '');
const titled = new Map(
  titles.flatMap((title) =>
    [...title.matchAll(/#(\d+) (\w+)/g)].map((m) => [Number(m[1]), m[2] ?? ''] as const),
  ),
);

afterAll(() => {
  const groups = [...new Set(rows.map((r) => r.group))];
  const count = (list: Row[], status: Row['status']): string =>
    String(list.filter((r) => r.status === status).length).padStart(4);
  const line = (name: string, list: Row[]): string =>
    `${name.padEnd(62)}${String(list.length).padStart(4)} rows${count(list, 'tested')} tested${count(list, 'not-applicable')} n/a${count(list, 'open')} open`;
  const report = groups.map((group) =>
    line(
      group,
      rows.filter((r) => r.group === group),
    ),
  );
  process.stdout.write(`${[...report, line('All', rows)].join('\n')}\n`);
});

test('every row of the catalogue is there once, in order', () => {
  expect(rows.map((r) => r.id)).toEqual(Array.from({ length: 380 }, (_, i) => i + 1));
});

test('what is said to be tested has a test of that name, and every test is counted', () => {
  const tested = rows.filter((r) => r.status === 'tested').map((r) => [r.id, r.name]);
  expect([...titled].sort(([a], [b]) => a - b)).toEqual(tested);
});

test('what is said not to apply says why', () => {
  for (const row of rows)
    expect([row.id, row.status === 'not-applicable', row.reason !== undefined]).toEqual([
      row.id,
      row.status === 'not-applicable',
      row.status === 'not-applicable',
    ]);
});

/** Files of the program below a folder, with their text. */
function sources(root: string): [path: string, text: string][] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path, 'utf8')]);
}

test('what is said not to be here is not here: no such library, no such door', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const installed = Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  expect(installed).toContain('express');
  // Directories, other sign-ins, archives, XML, feeds, tables, object storage, cache servers, translators (213 to 322).
  const absent =
    /ldap|saml|passport|openid|oidc|zip|^tar|xml|^sax|rss|^feed|csv|@aws-sdk|minio|redis|memcache|deepl|libretranslate/i;
  expect(installed.filter((name) => absent.test(name))).toEqual([]);
  const program = [...sources('src'), ...sources('federation')];
  expect(program.length).toBeGreaterThan(300);
  const door = /['"`]\/[^'"`\s]*(?:\bimport|\bexport|archive|backup|takeout|\.csv|\.zip)\b[^'"`\s]*['"`]/;
  const type = /text\/csv|application\/(?:zip|x-tar|gzip)/;
  for (const [path, text] of program)
    expect([path, door.exec(text)?.[0], type.exec(text)?.[0]]).toEqual([path, undefined, undefined]);
});
