import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const read = (path: string): string => readFileSync(path, 'utf8');

interface Locked {
  version: string;
  license?: string;
  dev?: boolean;
  devOptional?: boolean;
  hasInstallScript?: boolean;
}
const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
/** What is installed where only what runs is installed. */
const runtime = Object.entries(packages).filter(([path, p]) => path !== '' && !p.dev && !p.devOptional);

/** The cells of the rows of a page's first table with this heading. */
function tableOf(page: string, heading: string): string[][] {
  const lines = page.slice(page.indexOf(heading)).split('\n').slice(2);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('docs/dependencies.md lists exactly the dependencies of package.json, each with all that is asked', () => {
  const rows = tableOf(read('docs/dependencies.md'), '| package | for |');
  expect(rows.map(([name]) => name)).toEqual(Object.keys(dependencies).sort());
  for (const row of rows)
    expect([row[0], row.length, row.every((cell) => cell !== '')]).toEqual([row[0], 5, true]);
  for (const [name = '', , , licence] of rows) {
    const locked = packages[`node_modules/${name}`]?.license;
    // busboy names its licence in a form that npm no longer reads.
    if (locked !== undefined) expect([name, licence]).toEqual([name, locked]);
    else expect(read(`node_modules/${name}/LICENSE`)).toMatch(/Permission is hereby granted, free of charge/);
  }
});

test('nothing that runs needs an install script, and scripts are off', () => {
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  expect(runtime.length).toBeGreaterThan(100);
  expect(runtime.filter(([, p]) => p.hasInstallScript).map(([path]) => path)).toEqual([]);
});

test('the licences of all that runs go with AGPL-3.0-or-later, and docs/dependencies.md names them', () => {
  const page = read('docs/dependencies.md');
  const named = /Licences of everything installed to run: ([^:]+):/s.exec(page)?.[1] ?? '';
  const compatible = new Set(named.split(/,\s+/));
  expect(compatible.size).toBeGreaterThan(5);
  for (const [path, { license }] of runtime) {
    // Without a licence of the modern form: busboy and its streamsearch, both MIT by their LICENSE files.
    const text =
      license ??
      (/Permission is hereby granted, free of charge/.test(read(`${path}/LICENSE`)) ? 'MIT' : 'none');
    const choices = text.replace(/[()]/g, '').split(' OR ');
    const fits = choices.some((choice) => choice.split(' AND ').every((one) => compatible.has(one)));
    expect([path, text, fits]).toEqual([path, text, true]);
  }
});

test.each(['SECURITY.md', 'docs/dependencies.md', 'docs/architecture.md', 'FEDERATION.md'])(
  'the files that %s names exist',
  (page) => {
    const named = [
      ...read(page).matchAll(/`((?:src|federation|test|docs|attack|bench|demo)\/[\w./-]*)`/g),
    ].map(([, path]) => path ?? '');
    expect(page === 'SECURITY.md' ? named.length > 10 : true).toBe(true);
    const missing = named.filter((path) => !existsSync(path));
    expect(missing).toEqual([]);
  },
);

test('every defence in SECURITY.md names the file that holds it', () => {
  const rows = tableOf(read('SECURITY.md'), '| threat | defence | file |');
  expect(rows.length).toBeGreaterThan(15);
  for (const [threat, , files = ''] of rows)
    expect([threat, /`(?:src|federation)\//.test(files)]).toEqual([threat, true]);
});
