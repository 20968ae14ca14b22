import { acceptUpload } from '../../media/accept.js';
import { readPageMeta, type PageMeta } from '../../text/page-meta.js';
import type { CardImage, CardPage } from '../../model/cards.js';
import { isSuspended } from '../../policy/domains.js';
import type { Ctx } from '../ctx.js';
import { domainRules } from '../domains.js';
import { removeUnusedFiles } from '../files.js';
import { hostOf } from '../urls.js';

const maxPageBytes = 512 * 1024;
const maxImageBytes = 4 * 1024 * 1024;

/** What a page says of itself, with a copy of its picture; null when it has nothing to show or cannot be had. */
export async function fetchCardPage(ctx: Ctx, url: string): Promise<CardPage | null> {
  const host = hostOf(url);
  if (host === null || ctx.names.isOwn(host) || isSuspended(await domainRules(ctx), host)) return null;
  const answer = await ctx.http.request({
    method: 'GET',
    url,
    headers: { Accept: 'text/html, application/xhtml+xml' },
    maxBytes: maxPageBytes,
    cutBody: true,
    timeoutMs: 15_000,
    redirects: 4,
    contentTypes: ['text/html', 'application/xhtml+xml'],
  });
  if (answer.outcome !== 'response' || answer.status !== 200) return null;
  const html = decodePage(answer.body, answer.headers['content-type'] ?? '');
  const meta = readPageMeta(html, answer.url);
  return meta && toPage(ctx, meta, answer.url);
}

async function toPage(ctx: Ctx, meta: PageMeta, url: string): Promise<CardPage> {
  return {
    title: meta.title,
    description: meta.description,
    authorName: meta.author,
    providerName: meta.siteName || new URL(url).hostname.replace(/^www\./, ''),
    language: meta.language,
    publishedAt: meta.publishedAt,
    image: meta.imageUrl === null ? null : await fetchImage(ctx, meta.imageUrl, meta.imageDescription),
  };
}

/** The charset of the header, else of a `<meta>` near the beginning, else UTF-8. Unknown ones are read as UTF-8. */
function decodePage(body: Buffer, contentType: string): string {
  const head = body.subarray(0, 2048).toString('latin1');
  const named = /charset\s*=\s*["']?([\w-]{1,40})/i;
  const charset = named.exec(contentType)?.[1] ?? named.exec(head)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return body.toString('utf8');
  }
}

/** A preview of the picture in our files; null when it is none, or too large. */
async function fetchImage(ctx: Ctx, url: string, description: string): Promise<CardImage | null> {
  const answer = await ctx.http.request({
    method: 'GET',
    url,
    headers: { Accept: 'image/*' },
    maxBytes: maxImageBytes,
    timeoutMs: 15_000,
    redirects: 4,
    contentTypes: ['image/*'],
  });
  if (answer.outcome !== 'response' || answer.status !== 200) return null;
  const result = await acceptUpload(ctx.media, { data: answer.body }).catch((error: unknown) => {
    ctx.log.debug({ err: error, url }, 'the picture of a card could not be stored');
    return null;
  });
  if (result?.outcome !== 'ready' || result.media.type !== 'image') return null;
  const { original, preview, blurhash, meta } = result.media;
  const shown = preview ?? original;
  const size = preview ? meta.small : meta.original;
  if (shown.path !== original.path) await removeUnusedFiles(ctx, [original.path]);
  return {
    path: shown.path,
    width: size?.width ?? 0,
    height: size?.height ?? 0,
    blurhash,
    description,
  };
}
