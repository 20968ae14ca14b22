import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
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
  const file = fileOf(settings);
  if (!existsSync(file)) {
    if (hasDatabase(settings))
      throw new StartError(`${file} is missing, although there is a database. ${lost}`);
    createSecretsFile(settings.data, file);
  }
  keepPrivate(file);
  try {
    const { instanceKey } = JSON.parse(readFileSync(file, 'utf8')) as { instanceKey?: unknown };
    return { instanceKey: parseKey(instanceKey, file) };
  } catch (error) {
    if (error instanceof StartError) throw error;
    // What a parser says quotes the text, and with it the key.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : String(error);
    throw new StartError(`${file} cannot be read (${reason}). ${lost}`);
  }
}

const lost =
  'Restore it from a backup: without it the private keys stay sealed. If it is lost for good, ' +
  '`landfall keys renew --all --secret-lost` makes a new one, and new keys for everybody.';

const fileOf = ({ data }: Settings): string => join(data, 'secrets.json');

/** Makes a new secret where the old one is lost; where there is one nothing happens. */
export function replaceLostSecrets(settings: Settings): void {
  if (!settings.secret && !existsSync(fileOf(settings))) createSecretsFile(settings.data, fileOf(settings));
}

/** An embedded database whose keys were sealed with a secret that must have been here. */
function hasDatabase({ data, databaseUrl }: Settings): boolean {
  const found = statSync(join(data, 'landfall.sqlite'), { throwIfNoEntry: false });
  return databaseUrl === 'embedded:' && found !== undefined && found.size > 0;
}

/** @throws StartError when others on this machine can read it and that cannot be changed */
function keepPrivate(file: string): void {
  const isOpen = (): boolean => (statSync(file).mode & 0o007) !== 0;
  if (!isOpen()) return;
  try {
    chmodSync(file, 0o600);
  } catch {
    // Said below.
  }
  if (isOpen())
    throw new StartError(`${file} can be read by everybody on this machine. Do: chmod 600 ${file}`);
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
