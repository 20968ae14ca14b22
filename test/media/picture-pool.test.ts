import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const hooks = new URL('../support/typescript.mjs', import.meta.url).href;
const source = (path: string): string =>
  JSON.stringify(new URL(`../../src/media/${path}`, import.meta.url).href);

test('a command that processed a picture comes to its end, though nothing else keeps it running', async () => {
  const program = `
    import sharp from 'sharp';
    const { createPicturePool } = await import(${source('picture-pool.ts')});
    const { mediaLimits } = await import(${source('limits.ts')});
    const data = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).png().toBuffer();
    const pool = createPicturePool({ maxBytes: 1e9, execArgv: ['--import', ${JSON.stringify(hooks)}] });
    const target = { width: 8, height: 8, fit: 'inside' };
    const made = await pool.make({ task: 'profile', data, kind: 'png', target }, mediaLimits({ seconds: 60 }));
    await pool.close();
    console.log(typeof made);
  `;
  const args = ['--import', hooks, '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 170_000 });
  expect(stdout.trim()).toBe('object');
});
