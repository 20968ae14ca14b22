import { linkSync, readFileSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StartError } from './errors.js';

export interface Lock {
  release(): void;
}

interface Holder {
  pid: number;
  host: string;
  /** When the process began, in ticks since the machine started: tells it from a later one with the same number. */
  began: string | null;
}

const fileName = 'server.lock';
/** How often the holder shows that it lives; only holders on other machines (or containers) are judged by it. */
const beatMs = 5000;
const silentMs = 20_000;

/**
 * Claims a data folder for one server process. A lock whose holder is dead is taken over.
 * @throws StartError when another server lives in this folder
 */
export function takeLock(dir: string): Lock {
  const file = join(dir, fileName);
  const own: Holder = { pid: process.pid, host: hostname(), began: beginOf(process.pid) };
  const text = `${JSON.stringify(own)}\n`;
  for (let attempt = 0; !tryCreate(file, text); attempt++) {
    const holder = readHolder(file);
    if (holder && isAlive(holder, file)) {
      const where = holder.host === own.host ? '' : ` on ${holder.host}`;
      throw new StartError(
        `Another server (process ${holder.pid}${where}) runs on the data folder ${dir}. Stop it first, or set LANDFALL_DATA.`,
      );
    }
    if (attempt > 3) throw new StartError(`${file} cannot be taken over. Remove it if no other server runs.`);
    discard(file);
  }
  const beat = setInterval(() => touch(file), beatMs).unref();
  return {
    release: () => {
      clearInterval(beat);
      if (readText(file) === text) unlinkSync(file);
    },
  };
}

/** Creates the file with its content in one step, or not at all. */
function tryCreate(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

/** By renaming, so that of two processes that find the same dead lock only one takes it away. */
function discard(file: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    unlinkSync(aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function isAlive(holder: Holder, file: string): boolean {
  if (holder.host !== hostname()) return Date.now() - modifiedAt(file) < silentMs;
  if (holder.pid === process.pid) return holder.began !== null && holder.began === beginOf(process.pid);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return holder.began === null || holder.began === beginOf(holder.pid);
}

/** Linux only; null elsewhere. */
function beginOf(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  // The second field is the command in brackets, and may hold anything; the 22nd is the start time.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function readHolder(file: string): Holder | null {
  try {
    const { pid, host, began } = JSON.parse(readText(file) ?? '') as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host, began: began ?? null } : null;
  } catch {
    return null;
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function modifiedAt(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The folder was removed under us; the store will say so.
  }
}
