import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { StartError } from '../../src/errors.js';
import { takeLock } from '../../src/lock.js';

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'landfall-lock-'));
  file = join(dir, 'server.lock');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const hold = (holder: object): void => writeFileSync(file, JSON.stringify(holder));

describe('a data folder', () => {
  test('belongs to one server until that one lets go', () => {
    const lock = takeLock(dir);
    expect(() => takeLock(dir)).toThrow(StartError);
    expect(() => takeLock(dir)).toThrow(`process ${process.pid}`);
    lock.release();
    expect(existsSync(file)).toBe(false);
    takeLock(dir).release();
  });

  test('is taken over from a process that is dead', async () => {
    const child = spawn(process.execPath, ['-e', '0']);
    await once(child, 'exit');
    hold({ pid: child.pid, host: hostname(), began: '1' });
    takeLock(dir).release();
  });

  test('is taken over when the number now belongs to another process, this one included', () => {
    hold({ pid: process.ppid, host: hostname(), began: '1' });
    takeLock(dir).release();
    hold({ pid: process.pid, host: hostname(), began: '1' });
    takeLock(dir).release();
  });

  test('is taken over when the lock cannot be read', () => {
    writeFileSync(file, 'half a lo');
    takeLock(dir).release();
  });

  test('is left alone when a living process holds it', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    await once(child, 'spawn');
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    hold({ pid: child.pid, host: hostname(), began });
    expect(() => takeLock(dir)).toThrow(`process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    takeLock(dir).release();
  });

  test('held on another machine is judged by its heartbeat', () => {
    hold({ pid: 1, host: 'elsewhere', began: '1' });
    expect(() => takeLock(dir)).toThrow('on elsewhere');
    utimesSync(file, new Date(0), new Date(0));
    takeLock(dir).release();
  });

  test('is not let go by one that lost it', () => {
    const lock = takeLock(dir);
    const other = JSON.stringify({ pid: 1, host: 'elsewhere', began: '1' });
    writeFileSync(file, other);
    lock.release();
    expect(readFileSync(file, 'utf8')).toBe(other);
  });
});
