import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { openStore } from '../../src/store/open.js';
import { findInconsistencies } from './consistency.js';
import { durabilitySpecs as specs } from './durability-specs.js';
import type { Doc } from './engines.js';

const here = dirname(fileURLToPath(import.meta.url));

/** Runs the writing child until it has said `lines` lines, kills it, and gives what it said in whole lines. */
async function writeUntilKilled(dataDir: string, lines: number, args: string[]): Promise<string[]> {
  const loader = join(here, '../support/typescript.mjs');
  const script = join(here, 'durability-child.ts');
  const child = spawn(process.execPath, ['--import', loader, script, dataDir, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_, signal) => resolve(signal)),
  );
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === lines) child.kill('SIGKILL');
  }
  expect(await ended).toBe('SIGKILL');
  return said;
}

/** What must be there: id → the least value of n. */
function promised(said: readonly string[], earlier: ReadonlyMap<string, number>): Map<string, number> {
  const state = new Map(earlier);
  for (const line of said) {
    const [word, id = '', n] = line.split(' ');
    if (word === '+') state.set(id, 0);
    else if (word === '=' && state.has(id)) state.set(id, Number(n));
    // From the moment it asks for the delete, both outcomes are right.
    else if (word === '?') state.delete(id);
    else expect(line).toMatch(/^[-=] /);
  }
  return state;
}

const title = 'whatever was acknowledged before a SIGKILL is there afterwards, and the indexes agree with it';
test.each(['here', 'thread'])(`${title} (written: %s)`, async (where) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'landfall-durability-'));
  let state: ReadonlyMap<string, number> = new Map();
  const deleted = new Set<string>();
  try {
    // Killed in the middle of the first batch, and at later points that differ from round to round.
    for (const [round, lines] of [1, 7, 40, 111, 260, 523].entries()) {
      const said = await writeUntilKilled(dataDir, lines, [String(round), where]);
      state = promised(said, state);
      for (const line of said) if (line.startsWith('- ')) deleted.add(line.slice(2));
      const store = await openStore({ url: 'embedded:', dataDir, specs });
      await store.migrate();
      const found = await store.collection<Doc>('items').find({}).toArray();
      await store.close();
      const values = new Map(found.map(({ _id, n }) => [_id, n as number]));
      const lost = [...state].filter(([id, n]) => !((values.get(id) ?? -1) >= n));
      expect(lost).toEqual([]);
      expect([...deleted].filter((id) => values.has(id))).toEqual([]);
      expect(findInconsistencies(join(dataDir, 'landfall.sqlite'), specs)).toEqual([]);
    }
    expect(state.size).toBeGreaterThan(300);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
