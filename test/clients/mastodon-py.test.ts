import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Instance } from '../support/instance.js';
import { password, recordCalls, run, startTown, tell, type Recorder } from './kit.js';

/** Debian's own Python, where its packages are; another one on the path has none of them. */
const python = '/usr/bin/python3';
const isInstalled = existsSync(python) && existsSync('/usr/lib/python3/dist-packages/mastodon/__init__.py');
if (!isInstalled) tell('SKIPPED: Mastodon.py is not installed (apt-get install python3-mastodon)');

(isInstalled ? describe : describe.skip)('Mastodon.py', () => {
  let instance: Instance;
  let recorder: Recorder;

  beforeAll(async () => {
    ({ instance } = await startTown(['alice', 'bob']));
    await instance.ctx.db.instance.updateOne(
      { _id: '1' },
      { $set: { rules: [{ id: '1', text: 'Be kind', hint: '' }] } },
    );
    recorder = recordCalls(instance);
  });
  afterAll(async () => {
    await instance.close();
    recorder.stop();
  });

  test('does across the API what its methods promise', async () => {
    const script = fileURLToPath(new URL('mastodon_py.py', import.meta.url));
    const env = { LANDFALL_URL: instance.url, LANDFALL_PASSWORD: password, PYTHONUNBUFFERED: '1' };
    const ran = await run(python, ['-W', 'ignore', script], { env });
    expect(ran).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' });
  });

  test('made at least sixty calls, and the server failed at none', () => {
    tell(recorder.summary('Mastodon.py'));
    expect(recorder.calls.length).toBeGreaterThanOrEqual(60);
    expect(recorder.failures()).toEqual([]);
  });
});
