import type { AccountFacts } from '../../domain/facts/accounts.js';
import type { FeaturedTagFacts } from '../../domain/featured-tags.js';
import { tabsOf } from '../../model/account.js';
import { toField, toPictures } from './accounts.js';
import { toFeaturedTag } from './tags.js';
import type { View } from './view.js';

export function toProfile(view: View, facts: AccountFacts, featured: readonly FeaturedTagFacts[]) {
  const { account } = facts;
  const pictures = toPictures(view, account);
  const tabs = tabsOf(account);
  return {
    id: account._id,
    display_name: account.displayName,
    note: account.note,
    fields: account.fields.map(toField),
    avatar: account.avatar && pictures.avatar,
    avatar_static: account.avatar && pictures.avatar_static,
    avatar_description: pictures.avatar_description,
    header: account.header && pictures.header,
    header_static: account.header && pictures.header_static,
    header_description: pictures.header_description,
    locked: account.locked,
    bot: account.bot,
    hide_collections: account.hideCollections,
    discoverable: account.discoverable,
    indexable: account.indexable,
    show_media: tabs.media,
    show_media_replies: tabs.mediaReplies,
    show_featured: tabs.featured,
    attribution_domains: account.attributionDomains ?? [],
    formatted_note: facts.note,
    formatted_fields: facts.fields.map(toField),
    featured_tags: featured.map(toFeaturedTag),
  };
}
