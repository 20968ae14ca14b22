import type { Ctx } from '../../domain/ctx.js';
import { getInstance } from '../../domain/instance.js';
import { plainToHtml } from '../../text/remote.js';
import { html, raw } from '../html.js';
import { page } from '../layout.js';

const titles = { privacyPolicy: 'Privacy policy', terms: 'Terms of service' } as const;

/** A longer text of the operator; null when there is none. */
export async function textPage(ctx: Ctx, which: keyof typeof titles): Promise<string | null> {
  const instance = await getInstance(ctx);
  const document = instance[which];
  if (!document) return null;
  const body = html`<section class="card" dir="auto">
    <h1>${titles[which]}</h1>
    ${raw(plainToHtml(document.text))}
    <p class="soft">Last changed on ${document.updatedAt.slice(0, 10)}</p>
  </section>`;
  return page(ctx, { title: titles[which], siteName: instance.title, body });
}
