import { removeUnusedFiles } from './files.js';
import type { Ctx } from './ctx.js';

/** Files lie in folders by the first two bytes of their hash: `ab/cd`. */
const folders = 0x1_0000;
/** So many are looked through in one round; all of them in three days of rounds of a minute. */
const perRound = 16;
const dayMs = 86_400_000;

/**
 * Removes files that nothing refers to: of uploads that came to no document, and of documents whose files could not be
 * removed with them. Written a day ago at least: whoever stores one has not said yet what it belongs to.
 */
export function createOrphanSweep(): (ctx: Ctx) => Promise<void> {
  let next: number | null = null;
  return async (ctx) => {
    // Anywhere: a server that is started again and again gets to all of them, too.
    let at = next ?? Math.floor(ctx.random() * folders);
    next = (at + perRound) % folders;
    // Their age is the file system's, not the clock's of a test.
    const before = new Date(Date.now() - dayMs);
    for (let i = 0; i < perRound; i++, at = (at + 1) % folders)
      await removeUnusedFiles(ctx, await ctx.files.listOld(folderAt(at), before));
  };
}

function folderAt(index: number): string {
  const name = index.toString(16).padStart(4, '0');
  return `${name.slice(0, 2)}/${name.slice(2)}`;
}
