import { createHash } from 'node:crypto';
import { software } from '../config/software.js';
import type { Ctx } from '../domain/ctx.js';
import { html, unturned, type Html } from './html.js';
import { stylesheet } from './styles.js';

const stylesheetHash = createHash('sha256').update(stylesheet).digest('hex').slice(0, 12);
/** Changes with its content, so that it can be cached for ever. */
export const stylesheetPath = `/assets/landfall-${stylesheetHash}.css`;

export interface PageContent {
  /** Of the document; the site's name is added. */
  title: string;
  body: Html;
  /** What stands for the server in header and title. Default: its handle domain. */
  siteName?: string;
  /** Further elements of the head: alternate links, OpenGraph. */
  head?: Html;
  /** Links in the footer. */
  footer?: Html;
  /** A narrow column for forms and short messages. */
  narrow?: boolean;
  /** Keep out of search engines. Default: true for narrow pages. */
  noIndex?: boolean;
  /** BCP 47 tag of the text. Default: `en`. */
  language?: string;
}

/** A whole HTML document around `body`. Needs no script of its own and only the one stylesheet. */
export function page(ctx: Ctx, content: PageContent): string {
  const site = content.siteName ?? ctx.names.handleDomain;
  const noIndex = content.noIndex ?? content.narrow ?? false;
  const document = html`<!doctype html>
    <html lang="${content.language ?? 'en'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${unturned(content.title)} · ${site}</title>
        ${noIndex && html`<meta name="robots" content="noindex" />`}
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" type="image/png" sizes="192x192" href="/assets/icon-192x192.png" />
        <link rel="stylesheet" href="${stylesheetPath}" />
        ${content.head}
      </head>
      <body>
        <header class="top"><a class="brand" href="/">${site}</a></header>
        <main class="${content.narrow ? 'narrow' : 'full'}">${content.body}</main>
        <footer class="foot">
          ${content.footer ?? html`<a href="/about">About this server</a> <span>Run with ${software.title}</span>`}
        </footer>
      </body>
    </html> `;
  return document.text;
}

/** A short message as a page of its own: errors and confirmations. */
export function messagePage(ctx: Ctx, message: { title: string; text: string; details?: Html }): string {
  const body = html`<section class="card">
    <h1>${message.title}</h1>
    <p>${message.text}</p>
    ${message.details}
  </section>`;
  return page(ctx, { title: message.title, body, narrow: true });
}

/** The page for an HTTP error; see `AppParts.errorPage` of http/app.ts. */
export function errorPage(ctx: Ctx): (answer: { status: number; text: string }) => string {
  return ({ status, text }) => {
    const title =
      status === 404 ? 'Nothing here' : status >= 500 ? 'Something went wrong' : 'That did not work';
    return messagePage(ctx, {
      title,
      text: status === 404 ? 'This page does not exist, or not any more.' : text,
    });
  };
}
