// `npm start`: build when needed, then serve in this same process, so that signals reach it directly.
import { build } from './build.mjs';

build({ ifNeeded: true });
process.argv = [process.argv[0], 'landfall', 'serve', ...process.argv.slice(2)];
await import('../dist/src/cli/main.js');
