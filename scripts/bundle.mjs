// Makes one program of what `landfall` loads, over tsc's output of src/cli/main.ts (and of the thread that writes): hundreds
// of small files, ours and the libraries', cost a start half its CPU time (docs/decisions/100-one-program.md). What is
// imported dynamically stays apart (dist/chunks/), to be read when it is needed.
import { chmodSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');

const programs = ['src/cli/main', 'src/store/embedded/scribe-thread'];

/** Stay packages of their own: they have native parts, or read files that lie beside them. */
const external = /^(@node-rs\/argon2|libsql|sharp|mongodb|activitypub-express)(\/|$)/;

/** Our modules find their data files, and the processes that they start, where tsc's output has them. */
const ownPlaces = {
  name: 'own-places',
  transform: {
    filter: { code: 'import.meta.url' },
    handler(code, id) {
      const path = relative(root, id).split(sep).join('/');
      if (!/^(src|federation)\/.*\.ts$/.test(path)) return null;
      // From any file in `chunks/`; `src/cli/main.ts` itself reads nothing.
      const place = `new URL('../${path.replace(/ts$/, 'js')}', import.meta.url).href`;
      return { code: code.replaceAll('import.meta.url', place), map: null };
    },
  },
};

const made = await rolldown({
  input: Object.fromEntries(programs.map((name) => [name, join(root, `${name}.ts`)])),
  cwd: root,
  platform: 'node',
  external,
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  plugins: [ownPlaces],
  checks: { sourcemapBroken: false },
});
await made.write({
  dir: dist,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name].js',
  // A single character beyond Latin-1 makes V8 keep the whole file at two bytes a character.
  charset: 'ascii',
  comments: { legal: false, annotation: false, jsdoc: false },
  // For `node --enable-source-maps`.
  sourcemap: true,
  sourcemapExcludeSources: true,
});
await made.close();
// `npx landfall` runs it as a program.
chmodSync(join(dist, 'src', 'cli', 'main.js'), 0o755);
