import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../errors.js';
import type { Logger } from '../log.js';
import { openEmbeddedStore } from './embedded/open.js';
import type { CollectionSpec, Store } from './port.js';

export interface StoreOptions {
  /** `embedded:` (a file in the data folder), `embedded:memory`, `mongodb://…` or `mongodb+srv://…`. */
  url: string;
  dataDir: string;
  specs: Readonly<Record<string, CollectionSpec>>;
  log?: Logger;
  /** The embedded engine writes in a thread of its own (see EmbeddedOptions). */
  thread?: { execArgv?: readonly string[] };
}

/**
 * Opens the engine that `url` names. Call `migrate()` before use. Throws StartError, with what to do, when the URL is
 * of no known kind or the database cannot be used.
 */
export async function openStore({ url, dataDir, specs, log, thread }: StoreOptions): Promise<Store> {
  const common = { specs, ...(log && { log }) };
  if (url === 'embedded:memory') return openEmbeddedStore({ path: ':memory:', ...common });
  if (url === 'embedded:' || url === '') {
    mkdirSync(dataDir, { recursive: true });
    const path = join(dataDir, 'landfall.sqlite');
    return openEmbeddedStore({ path, ...common, ...(thread && { thread }) });
  }
  if (/^mongodb(\+srv)?:\/\//.test(url)) {
    // The driver is large, and most servers never use it.
    const { openMongoStore } = await import('./mongo/open.js');
    return openMongoStore({ url, ...common });
  }
  throw new StartError(
    `LANDFALL_DATABASE_URL must be 'embedded:', 'embedded:memory' or a mongodb:// URL, not '${url.split('@').at(-1)}'.`,
  );
}
