import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openDiskFiles } from '../../src/media/disk.js';
import type { FilesPort } from '../../src/media/port.js';
import { contentPath, isSafePath } from '../../src/media/port.js';

let folder: string;
let files: FilesPort;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-disk-'));
  files = await openDiskFiles(join(folder, 'media'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const path = contentPath('ab12'.repeat(16), 'png');
const parts = async (): Promise<string[]> => readdir(join(folder, 'media', '.incoming'));

describe('files on disk', () => {
  test('what was put is found, whole and in part', async () => {
    await files.put(path, Buffer.from('0123456789'));
    expect(await readFile(join(folder, 'media', path), 'utf8')).toBe('0123456789');
    expect(await files.exists(path)).toBe(true);
    expect(await files.findSize(path)).toBe(10);
    const whole = await files.get(path);
    expect(whole.size).toBe(10);
    expect((await buffer(whole.stream)).toString()).toBe('0123456789');
    const part = await files.get(path, { start: 2, end: 4 });
    expect(part.size).toBe(10);
    expect((await buffer(part.stream)).toString()).toBe('234');
    expect(await parts()).toEqual([]);
  });

  test('streams are taken too, and the same path may be written again, also at once', async () => {
    const put = async (): Promise<void> =>
      files.put(path, Readable.from([Buffer.from('ab'), Buffer.from('cd')]));
    await Promise.all([put(), put(), put()]);
    expect((await buffer((await files.get(path)).stream)).toString()).toBe('abcd');
    expect(await parts()).toEqual([]);
  });

  test('a stream that breaks off leaves nothing', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('half');
      throw new Error('broken off');
    }
    await expect(files.put(path, Readable.from(broken()))).rejects.toThrow('broken off');
    expect(await files.exists(path)).toBe(false);
    expect(await parts()).toEqual([]);
  });

  test('old ones of a folder are listed, but not those that were touched since, nor anything that is no file', async () => {
    const other = contentPath('ab12'.repeat(15) + 'ab13', 'png');
    for (const each of [path, other]) {
      await files.put(each, Buffer.from('x'));
      await utimes(join(folder, 'media', each), 1000, 1000);
    }
    await symlink('/etc/passwd', join(folder, 'media', 'ab', '12', 'link.png'));
    await mkdir(join(folder, 'media', 'ab', '12', 'folder.png'));
    expect((await files.listOld('ab/12', new Date())).sort()).toEqual([path, other].sort());
    const before = new Date(Date.now() - 1000);
    await files.touch(path);
    await files.touch(contentPath('cd34'.repeat(16), 'png'));
    expect(await files.listOld('ab/12', before)).toEqual([other]);
    expect(await files.listOld('cd/34', new Date())).toEqual([]);
    expect(await files.findSize(path)).toBe(1);
  });

  test('what is not there: NotFound, null, false, and no error when removed', async () => {
    await expect(files.get(path)).rejects.toMatchObject({ status: 404 });
    expect(await files.findSize(path)).toBeNull();
    expect(await files.exists(path)).toBe(false);
    await files.remove(path);
    await files.put(path, Buffer.from('x'));
    await files.remove(path);
    expect(await files.exists(path)).toBe(false);
  });

  test('a folder is no file', async () => {
    await files.put(path, Buffer.from('x'));
    expect(await files.exists('ab/12')).toBe(false);
    await expect(files.get('ab/12')).rejects.toMatchObject({ status: 404 });
  });

  test('old parts are removed, young ones stay', async () => {
    const incoming = join(folder, 'media', '.incoming');
    for (const name of ['part-old', 'part-new']) await mkdir(join(incoming, name));
    await writeFile(join(incoming, 'part-old', 'data'), 'x');
    await utimes(join(incoming, 'part-old'), 1000, 1000);
    expect(await files.removeStaleParts(new Date(2_000_000))).toBe(1);
    expect(await parts()).toEqual(['part-new']);
  });
});

const hostile = [
  '../secret',
  'a/../../secret',
  '/etc/passwd',
  'a//b',
  './a',
  'a/./b',
  '',
  '.incoming/x',
  'a/.htaccess',
  'a\0.png',
  'a\\..\\b',
  'C:\\x',
  'a b',
  'A.png',
  'a.png/',
  'é.png',
  '\u202egnp.exe',
  'x'.repeat(300),
  'a/'.repeat(50) + 'b',
];

describe('paths that lead elsewhere', () => {
  test.each(hostile)('%j is refused by every method', async (bad) => {
    expect(isSafePath(bad)).toBe(false);
    await writeFile(join(folder, 'secret'), 'x');
    await expect(files.put(bad, Buffer.from('x'))).rejects.toThrow('not a path');
    await expect(files.get(bad)).rejects.toThrow('not a path');
    await expect(files.exists(bad)).rejects.toThrow('not a path');
    await expect(files.findSize(bad)).rejects.toThrow('not a path');
    await expect(files.remove(bad)).rejects.toThrow('not a path');
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('x');
  });

  test('a symbolic link is not followed, as file or as folder', async () => {
    await mkdir(join(folder, 'outside'));
    await writeFile(join(folder, 'outside', 'secret.png'), 'x');
    await symlink(join(folder, 'outside'), join(folder, 'media', 'link'));
    await symlink(join(folder, 'outside', 'secret.png'), join(folder, 'media', 'secret.png'));
    for (const bad of ['link/secret.png', 'secret.png']) {
      expect(await files.exists(bad)).toBe(false);
      await expect(files.get(bad)).rejects.toMatchObject({ status: 404 });
      await files.remove(bad);
    }
    await expect(files.put('link/new.png', Buffer.from('x'))).rejects.toThrow('symbolic link');
    expect(await readdir(join(folder, 'outside'))).toEqual(['secret.png']);
  });
});
