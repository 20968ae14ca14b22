// Builds dist/: tsc for every file, then bundle.mjs. `--if-needed` skips when no source is newer than the last build.
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
export function build({ ifNeeded = false } = {}) {
  const now = sources
    .filter((s) => existsSync(join(root, s)))
    .map((s) => fingerprint(join(root, s)))
    .join('');
  if (ifNeeded && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return false;
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  for (const dir of ['src', 'federation']) copyData(join(root, dir), join(root, 'dist', dir));
  // In a process of its own: `npm start` would keep the bundler's memory, 500 MB, for as long as it serves.
  execFileSync(process.execPath, [join(root, 'scripts', 'bundle.mjs')], { cwd: root, stdio: 'inherit' });
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
  build({ ifNeeded: process.argv.includes('--if-needed') });
