import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../errors.js';
import type { Settings } from './settings.js';

/** What must survive for the instance to stay itself. Losing it makes the stored private keys unreadable. */
export interface Secrets {
  /** 32 bytes that seal private keys at rest. */
  instanceKey: Uint8Array;
}

/**
 * The instance key: from LANDFALL_SECRET, or from `secrets.json` (mode 0600) in the data folder, made on first start.
 * Two processes that start at once agree on one file.
 * @throws StartError when the key is malformed or the file cannot be read.
 */
export function loadSecrets(settings: Settings): Secrets {
  if (settings.secret) return { instanceKey: parseKey(settings.secret, 'LANDFALL_SECRET') };
  const file = join(settings.data, 'secrets.json');
  if (!existsSync(file)) createSecretsFile(settings.data, file);
  try {
    const { instanceKey } = JSON.parse(readFileSync(file, 'utf8')) as { instanceKey?: unknown };
    return { instanceKey: parseKey(instanceKey, file) };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `${file} cannot be read (${String(error)}). Restore it from a backup: without it the private keys stay sealed.`,
    );
  }
}

function createSecretsFile(dir: string, file: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(
    draft,
    `${JSON.stringify({ instanceKey: randomBytes(32).toString('base64url') }, null, 2)}\n`,
    { mode: 0o600, flush: true },
  );
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
}

function parseKey(value: unknown, source: string): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64url') : Buffer.alloc(0);
  if (bytes.length !== 32) throw new StartError(`${source} must hold 32 bytes in base64url.`);
  return new Uint8Array(bytes);
}
