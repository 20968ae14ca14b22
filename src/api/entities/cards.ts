import { mediaUrl } from '../../domain/urls.js';
import type { TrendingLink } from '../../domain/trends.js';
import type { PreviewCard } from '../../model/cards.js';
import { toTimeOrNull, type View } from './view.js';

/** Null when the page had nothing to show. */
export function toCard(view: View, { url, page }: PreviewCard) {
  if (page === null) return null;
  const { image } = page;
  return {
    url,
    title: page.title,
    description: page.description,
    language: page.language,
    type: 'link',
    authors: page.authorName ? [{ name: page.authorName, url: '', account: null }] : [],
    author_name: page.authorName,
    author_url: '',
    provider_name: page.providerName,
    provider_url: '',
    html: '',
    width: image?.width ?? 0,
    height: image?.height ?? 0,
    image: image && mediaUrl(view.names, image.path),
    image_description: image?.description ?? '',
    embed_url: '',
    blurhash: image?.blurhash ?? null,
    published_at: toTimeOrNull(page.publishedAt),
  };
}

export function toTrendingLink(view: View, { card, history }: TrendingLink) {
  return {
    ...toCard(view, card),
    history: history.map(({ day, uses, accounts }) => ({
      day: String(day.getTime() / 1000),
      uses: String(uses),
      accounts: String(accounts),
    })),
  };
}
