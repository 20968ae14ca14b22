import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { endpoints, isAbsent, nameOf } from './contract.js';
import { notCalled } from './reasons.js';
import { report, tiers } from './report.js';

const file = new URL('../../docs/client-api-endpoints.md', import.meta.url);

test('the report on every endpoint is the one in docs', async () => {
  if (process.env['UPDATE_REPORT']) await writeFile(file, report());
  expect(report()).toBe(await readFile(file, 'utf8'));
  const lines = tiers().map(({ tier, passing, total }) => `${tier} ${passing}/${total}`);
  process.stdout.write(`Contract: ${lines.join(', ')}\n`);
});

test('reasons are given for endpoints of the contract only, and not for those that are not there', () => {
  const known = new Set(endpoints.filter((e) => !isAbsent(e)).map(nameOf));
  expect(Object.keys(notCalled).filter((name) => !known.has(name))).toEqual([]);
});
