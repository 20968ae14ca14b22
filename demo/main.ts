import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crash } from './crash.js';
import { createInstance, type Instance } from './instance.js';
import { provision } from './person.js';
import { story, type Tell } from './story.js';

/** `npm run demo`: two servers on loopback tell a story. Exits 0 only if every step was confirmed by the other side. */

const colour = process.stdout.isTTY
  ? (code: number, text: string): string => `\u001b[${code}m${text}\u001b[0m`
  : (_: number, text: string): string => text;

const tell: Tell = async (line, act) => {
  const began = performance.now();
  try {
    const result = await act();
    const ms = Math.round(performance.now() - began);
    console.log(`  ${colour(32, '✓')} ${line} ${colour(90, `${ms} ms`)}`);
    return result;
  } catch (error) {
    console.log(`  ${colour(31, '✗')} ${line}`);
    throw error;
  }
};

async function main(): Promise<void> {
  const began = performance.now();
  const scripts = await mkdtemp(join(tmpdir(), 'landfall-demo-'));
  const [a, b] = [await createInstance('a'), await createInstance('b')];
  try {
    await play(a, b, scripts);
    console.log(`\nAll confirmed in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  } finally {
    await Promise.all([a.remove(), b.remove(), rm(scripts, { recursive: true })]);
  }
}

async function play(a: Instance, b: Instance, scripts: string): Promise<void> {
  console.log(`Two servers, real HTTP, real signatures:\n  A ${a.url}  alice, carol\n  B ${b.url}  bob\n`);
  const cast = async (instance: Instance, names: string[]) => {
    const file = join(scripts, `${instance.name}.json`);
    const app = {
      name: 'Demo',
      client_id: 'demo',
      redirect_uris: ['urn:ietf:wg:oauth:2.0:oob'],
      scopes: 'read write follow push',
    };
    const tokens = names.map((account) => ({ account, client_id: 'demo', scopes: 'read write follow push' }));
    await writeFile(
      file,
      JSON.stringify({ accounts: names.map((username) => ({ username })), apps: [app], tokens }),
    );
    return provision(instance, names, file);
  };
  const [[alice, carol], [bob]] = await Promise.all([cast(a, ['alice', 'carol']), cast(b, ['bob'])]);
  if (!alice || !bob || !carol) throw new Error('the cast is not complete');
  await Promise.all([a.start(), b.start()]);
  await story(tell, { alice, bob });
  console.log('\nNow a crash:');
  await crash(tell, { a, b, carol, bob });
}

main().catch((error: unknown) => {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
