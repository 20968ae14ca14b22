import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { html, type Html } from './html.js';

/** The one script there is: passkeys need it. Pages that have it send a nonce in their content security policy. */
export const passkeyScript = readFileSync(new URL('./assets/passkeys.js', import.meta.url), 'utf8');

const hash = createHash('sha256').update(passkeyScript).digest('hex').slice(0, 12);
/** Changes with its content, so that it can be cached for ever. */
export const passkeyScriptPath = `/assets/passkeys-${hash}.js`;

/** For the head of a page that has buttons for passkeys. */
export const passkeyScriptTag = (nonce: string): Html =>
  html`<script src="${passkeyScriptPath}" nonce="${nonce}" defer></script>`;
