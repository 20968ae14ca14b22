import { generate } from 'lean-qr';
import { toSvgSource } from 'lean-qr/extras/svg';
import { html, raw, type Html } from './html.js';

/** Modules of white around it, as readers need (ISO/IEC 18004 section 6.3.8). */
const quietZone = 4;

/**
 * A text as QR code, drawn here: the page needs no script, no style of its own and no picture from elsewhere. Dark on
 * white in every colour scheme, because many readers see nothing else. `label` is read out in its place.
 * @throws when the text has more than some 2,900 bytes
 */
export function qrCode(text: string, label: string): Html {
  const svg = toSvgSource(generate(text), { on: 'black', off: 'white', pad: quietZone });
  return html`<div class="qr" role="img" aria-label="${label}">${raw(svg)}</div>`;
}
