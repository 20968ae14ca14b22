import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { software } from '../../src/config/software.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const main = join(root, 'dist', 'src', 'cli', 'main.js');
const chunks = join(root, 'dist', 'chunks');
const run = promisify(execFile);

beforeAll(async () => {
  await run(process.execPath, [join(root, 'scripts', 'build.mjs'), '--if-needed'], { cwd: root });
});

/** Every file of the bundle that `files` import statically, and the packages that these files import. */
function importedBy(files: string[]): { files: Set<string>; packages: Set<string> } {
  const found = { files: new Set(files), packages: new Set<string>() };
  for (const file of found.files) {
    const code = readFileSync(file, 'utf8');
    for (const [, name = ''] of code.matchAll(/^import (?:[^'"\n]*? from )?"([^"]+)";$/gm)) {
      if (name.startsWith('.')) found.files.add(join(dirname(file), name));
      else if (!name.startsWith('node:')) found.packages.add(name);
    }
  }
  return found;
}

/** The files that one of the bundle was made of: `src/server.ts`, or from the name of the package on. */
function sourcesOf(file: string): string[] {
  const { sources } = JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { sources: string[] };
  return sources.map((path) => relative(root, resolve(dirname(file), path)).replace(/^.*node_modules\//, ''));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the built program', () => {
  test('can be run, as npx does', async () => {
    const { stdout } = await run(main, ['--version']);
    expect(stdout.trim()).toBe(software.version);
  });

  test('loads for a start only what an idle server needs', () => {
    const { files, packages } = importedBy([main, join(chunks, 'context.js'), join(chunks, 'server.js')]);
    expect(files.size).toBeLessThan(15);
    // sharp, mongodb and activitypub-express come when they are wanted.
    expect([...packages].filter((name) => !/^(libsql|@node-rs\/argon2)(\/|$)/.test(name))).toEqual([]);
    const mapped = [...files].filter((file) => existsSync(`${file}.map`));
    const sources = mapped.flatMap(sourcesOf);
    expect(sources).toContain('src/server.ts');
    const later =
      /^(nodemailer|prom-client|@simplewebauthn|@peculiar|undici\/index|undici\/lib\/web\/(cache|cookies))/;
    expect(sources.filter((name) => later.test(name))).toEqual([]);
  });

  test('has no character that makes V8 keep a file at two bytes for each', () => {
    const wide = readdirSync(chunks).filter(
      // eslint-disable-next-line no-control-regex -- all of Latin-1
      (name) => name.endsWith('.js') && /[^\u0000-\u00ff]/.test(readFileSync(join(chunks, name), 'utf8')),
    );
    expect(wide).toEqual([]);
  });

  test('serves, and finds the files that lie beside its sources', async () => {
    const data = mkdtempSync(join(tmpdir(), 'landfall-built-'));
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const child = spawn(process.execPath, [main, 'serve'], {
      env: { PATH: process.env['PATH'], LANDFALL_URL: url, LANDFALL_PORT: String(port), LANDFALL_DATA: data },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('Ready')) break;
      const picture = await fetch(`${url}/assets/avatars/missing.png`);
      expect(picture.status).toBe(200);
      const home = await fetch(url);
      expect(home.status).toBe(200);
      child.stdout.resume();
      child.kill('SIGTERM');
      expect((await once(child, 'exit'))[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
      rmSync(data, { recursive: true, force: true });
    }
  });
});
