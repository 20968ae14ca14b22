import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * True where HEIC pictures can be decoded. They need a patented codec that sharp's own libvips leaves out; only one that
 * was built on this system's libvips has to be loaded to know.
 */
export async function canDecodeHeic(): Promise<boolean> {
  return !hasOwnLibvips && (await import('./decoder.js')).canDecodeHeic;
}

const hasOwnLibvips = ((): boolean => {
  try {
    const sharp = dirname(createRequire(import.meta.url).resolve('sharp/package.json'));
    return readdirSync(join(sharp, '..', '@img')).some((name) => name.startsWith('sharp-libvips-'));
  } catch {
    return false;
  }
})();
