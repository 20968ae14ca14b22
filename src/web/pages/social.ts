import { html, safeUrl, unturned, type Html } from '../html.js';

export interface Social {
  title: string;
  description: string;
  url: string;
  type: 'website' | 'profile' | 'article';
  image?: string | undefined;
  /** The ActivityStreams document behind this page. */
  alternate?: string | undefined;
}

/** What link previews and other servers look for: OpenGraph, canonical and alternate links. */
export function social(siteName: string, about: Social): Html {
  return html`<link rel="canonical" href="${safeUrl(about.url)}" />
    ${about.alternate && html`<link rel="alternate" type="application/activity+json" href="${safeUrl(about.alternate)}" />`}
    <meta name="description" content="${unturned(about.description)}" />
    <meta property="og:site_name" content="${siteName}" />
    <meta property="og:type" content="${about.type}" />
    <meta property="og:title" content="${unturned(about.title)}" />
    <meta property="og:description" content="${unturned(about.description)}" />
    <meta property="og:url" content="${safeUrl(about.url)}" />
    ${about.image && html`<meta property="og:image" content="${safeUrl(about.image)}" />`}
    <meta
      name="twitter:card"
      content="${about.type === 'article' && about.image ? 'summary_large_image' : 'summary'}"
    />`;
}

/** At most `max` characters, cut at a word. */
export function shorten(text: string, max = 200): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= max) return line;
  return `${line.slice(0, max).replace(/\s+\S*$/, '')}…`;
}
