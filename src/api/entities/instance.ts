import { compatibleVersion } from '../../config/software.js';
import type { Settings } from '../../config/settings.js';
import { maxFeaturedTags } from '../../domain/featured-tags.js';
import type { InstanceStats } from '../../domain/instance.js';
import { maxPins } from '../../domain/pins.js';
import { pollLimits } from '../../domain/polls.js';
import { profileLimits } from '../../domain/profile.js';
import type { InstanceDocument, InstanceRule } from '../../model/work.js';
import { charactersReservedPerUrl } from '../../text/count.js';
import type { AccountEntity } from './accounts.js';
import type { View } from './view.js';

/** Which parts of the client API are there (`api_versions.mastodon`): quotes, and everything before them. */
export const apiVersion = 7;

export interface InstanceFacts {
  instance: InstanceDocument;
  settings: Settings;
  stats: InstanceStats;
  contact: AccountEntity | null;
  registrations: 'open' | 'approval' | 'closed';
  mimeTypes: readonly string[];
  media: {
    descriptionCharacters: number;
    imagePixels: number;
    videoPixels: number;
    videoFramesPerSecond: number;
  };
  vapidKey: string;
}

const languages = ['en'];

const thumbnailOf = (view: View): string => `${view.names.origin}/assets/thumbnail.png`;
const streamingOf = (view: View): string => view.names.origin.replace(/^http/, 'ws');

export function toInstanceV2(view: View, facts: InstanceFacts) {
  const { instance, stats, contact } = facts;
  const thumbnail = thumbnailOf(view);
  return {
    domain: view.names.handleDomain,
    title: instance.title,
    version: compatibleVersion,
    source_url: `${view.names.origin}/about`,
    description: instance.shortDescription,
    usage: { users: { active_month: stats.activeMonth } },
    thumbnail: { url: thumbnail, description: '', versions: { '@1x': thumbnail, '@2x': thumbnail } },
    icon: ['192x192', '512x512'].map((size) => ({
      src: `${view.names.origin}/assets/icon-${size}.png`,
      size,
    })),
    languages,
    configuration: toConfiguration(view, facts),
    registrations: {
      enabled: facts.registrations !== 'closed',
      approval_required: facts.registrations === 'approval',
      reason_required: facts.registrations === 'approval',
      message: null,
      min_age: null,
      url: null,
    },
    api_versions: { mastodon: apiVersion },
    contact: { email: instance.contactEmail, account: contact },
    rules: instance.rules.map(toRule),
  };
}

function toConfiguration(view: View, facts: InstanceFacts) {
  const { instance, settings } = facts;
  const { origin } = view.names;
  const feeds = settings.publicTimelines ? 'public' : 'authenticated';
  return {
    urls: {
      streaming: streamingOf(view),
      status: null,
      about: `${origin}/about`,
      privacy_policy: instance.privacyPolicy ? `${origin}/privacy-policy` : null,
      terms_of_service: instance.terms ? `${origin}/terms-of-service` : null,
    },
    vapid: { public_key: facts.vapidKey },
    accounts: {
      max_display_name_length: profileLimits.displayName,
      max_note_length: profileLimits.note,
      max_avatar_description_length: profileLimits.imageDescription,
      max_header_description_length: profileLimits.imageDescription,
      max_featured_tags: maxFeaturedTags,
      max_pinned_statuses: maxPins,
      max_profile_fields: profileLimits.fields,
      profile_field_name_limit: profileLimits.fieldName,
      profile_field_value_limit: profileLimits.fieldValue,
    },
    statuses: toStatusLimits(settings),
    media_attachments: {
      ...toMediaLimits(facts),
      description_limit: facts.media.descriptionCharacters,
    },
    polls: toPollLimits(),
    translation: { enabled: false },
    timelines_access: {
      live_feeds: { local: feeds, remote: feeds },
      hashtag_feeds: { local: feeds, remote: feeds },
      trending_link_feeds: { local: feeds, remote: feeds },
    },
    limited_federation: settings.limitedFederation,
  };
}

function toStatusLimits(settings: Settings) {
  return {
    max_characters: settings.maxCharacters,
    max_media_attachments: settings.maxMediaPerStatus,
    characters_reserved_per_url: charactersReservedPerUrl,
  };
}

function toMediaLimits({ settings, mimeTypes, media }: InstanceFacts) {
  return {
    supported_mime_types: mimeTypes,
    image_size_limit: settings.imageBytes,
    image_matrix_limit: media.imagePixels,
    video_size_limit: settings.videoBytes,
    video_frame_rate_limit: media.videoFramesPerSecond,
    video_matrix_limit: media.videoPixels,
  };
}

function toPollLimits() {
  return {
    max_options: pollLimits.maxOptions,
    max_characters_per_option: pollLimits.maxCharacters,
    min_expiration: pollLimits.minSeconds,
    max_expiration: pollLimits.maxSeconds,
  };
}

export function toInstanceV1(view: View, facts: InstanceFacts) {
  const { instance, settings, stats, registrations } = facts;
  return {
    uri: view.names.handleDomain,
    title: instance.title,
    short_description: instance.shortDescription,
    description: instance.shortDescription,
    email: instance.contactEmail,
    version: compatibleVersion,
    urls: { streaming_api: streamingOf(view) },
    stats: {
      user_count: stats.users,
      status_count: stats.localStatuses,
      domain_count: stats.domains,
    },
    thumbnail: thumbnailOf(view),
    languages,
    registrations: registrations !== 'closed',
    approval_required: registrations === 'approval',
    invites_enabled: settings.invites === 'everyone',
    configuration: {
      accounts: { max_featured_tags: maxFeaturedTags, max_pinned_statuses: maxPins },
      statuses: toStatusLimits(settings),
      media_attachments: toMediaLimits(facts),
      polls: toPollLimits(),
    },
    contact_account: facts.contact,
    rules: instance.rules.map(toRule),
    max_toot_chars: settings.maxCharacters,
  };
}

export function toRule(rule: InstanceRule) {
  return { id: rule.id, text: rule.text, hint: rule.hint, translations: {} };
}
