import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { software } from '../../src/config/software.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const run = promisify(execFile);

test('what is built can be run as a program, as npx does', async () => {
  await run(process.execPath, [join(root, 'scripts', 'build.mjs'), '--if-needed'], { cwd: root });
  const { stdout } = await run(join(root, 'dist', 'src', 'cli', 'main.js'), ['--version']);
  expect(stdout.trim()).toBe(software.version);
});
