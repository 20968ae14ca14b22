// `npm run config:generate`: writes the settings table of src/config/settings.ts where people read it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
build({ ifNeeded: true });
const { toDefaultJson, toExampleEnv, withTable } = await import('../dist/src/config/render.js');

mkdirSync(join(root, 'config'), { recursive: true });
writeFileSync(join(root, 'config', 'default.json'), toDefaultJson());
writeFileSync(join(root, 'config', 'example.env'), toExampleEnv());
const operating = join(root, 'docs', 'operating.md');
writeFileSync(operating, withTable(readFileSync(operating, 'utf8')));
