import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { allowedImports, restrictedPackages, roomOf } from './support/direction-table.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function sources(dir: string): string[] {
  return readdirSync(join(root, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((m) => m[1] ?? '');
}

describe('each file imports only what its room may (DESIGN.md, direction table)', () => {
  test.each([...sources('src'), ...sources('federation')])('%s', (file) => {
    const room = roomOf(file);
    for (const target of importsOf(file)) {
      if (target.startsWith('.')) {
        const to = relative(root, join(root, dirname(file), target)).replace(/\.js$/, '.ts');
        const allowed = allowedImports(room, to);
        expect({ file, imports: to, allowed }).toEqual({ file, imports: to, allowed: true });
      } else {
        const only = restrictedPackages[target];
        if (only)
          expect({ file, imports: target, in: only.some((o) => file.startsWith(o)) }).toMatchObject({
            in: true,
          });
      }
    }
  });
});
