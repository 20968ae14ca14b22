// `node --import ./test/support/typescript.mjs file.ts`: runs the TypeScript sources in a process of their own.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
