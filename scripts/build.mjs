// Builds dist/: tsc for every file, then the program itself as a bundle. `--if-needed` skips when no source is newer than the last build.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync, readFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = [
  'src',
  'federation',
  'demo',
  'bench',
  'attack',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
  // The bundle has libraries inside.
  'package-lock.json',
  'scripts',
];
const stamp = join(root, 'dist', '.stamp');

/** A line per source file (path, size, time): equal text means that nothing changed, deletions included. */
function fingerprint(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return `${path} ${stat.size} ${stat.mtimeMs}\n`;
  return readdirSync(path)
    .sort()
    .map((name) => fingerprint(join(path, name)))
    .join('');
}

/** Compiles the sources and copies the data files (JSON, CSS) that they read at run time. */
export async function build({ ifNeeded = false } = {}) {
  const now = sources
    .filter((s) => existsSync(join(root, s)))
    .map((s) => fingerprint(join(root, s)))
    .join('');
  if (ifNeeded && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return false;
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  for (const dir of ['src', 'federation']) copyData(join(root, dir), join(root, 'dist', dir));
  // Where nothing is built, the bundler need not be installed.
  const { bundle } = await import('./bundle.mjs');
  await bundle({ root, dist: join(root, 'dist') });
  writeFileSync(stamp, now);
  return true;
}

function copyData(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyData(join(from, entry.name), join(to, entry.name));
    else if (!/\.(ts|md)$/.test(entry.name)) cpSync(join(from, entry.name), join(to, entry.name));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await build({ ifNeeded: process.argv.includes('--if-needed') });
