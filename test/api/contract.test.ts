import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { software } from '../../src/config/software.js';
import { expectEntity } from './contract.js';

describe('the contract helper', () => {
  test('refuses what is not the entity, and says where', () => {
    expect(() => expectEntity({ last_read_id: 1 }, 'Marker')).toThrow(/last_read_id/);
  });

  test('refuses times without milliseconds, which some clients cannot read', () => {
    const marker = { last_read_id: '1', version: 0, updated_at: '2025-01-31T10:00:00Z' };
    expect(() => expectEntity(marker, 'Marker')).toThrow(/updated_at/);
    expectEntity({ ...marker, updated_at: '2025-01-31T10:00:00.000Z' }, 'Marker');
  });

  test('lets members be missing that are younger than the version we claim', () => {
    const role = { id: '-99', name: '', color: '', permissions: '0', highlighted: false };
    expectEntity(role, 'Role');
  });
});

test('the program says the version of its package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(software.version).toBe(manifest.version);
});
