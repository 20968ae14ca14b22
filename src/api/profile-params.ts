import type { Request } from 'express';
import { z } from 'zod';
import type { Ctx } from '../domain/ctx.js';
import type { ProfileInput } from '../domain/profile.js';
import { acceptProfilePicture } from '../domain/uploads.js';
import { invalid } from '../errors.js';
import { bool, listOf, oneOf, stringList, text } from '../http/coerce.js';
import { readDataUrl } from '../http/data-url.js';
import { filesOf, parseParams } from '../http/params.js';
import type { Preferences, ProfileImage } from '../model/account.js';
import { parseLanguage } from '../text/language.js';

const fieldText = z.object({ name: text(5000).default(''), value: text(5000).default('') });

const profileParams = z.object({
  display_name: text(5000).optional(),
  note: text(50_000).optional(),
  locked: bool().optional(),
  bot: bool().optional(),
  discoverable: bool().optional(),
  hide_collections: bool().optional(),
  indexable: bool().optional(),
  avatar: text(20_000_000).optional(),
  header: text(20_000_000).optional(),
  avatar_description: text(10_000).optional(),
  header_description: text(10_000).optional(),
  attribution_domains: stringList(200).optional(),
  show_media: bool().optional(),
  show_media_replies: bool().optional(),
  show_featured: bool().optional(),
  fields_attributes: listOf(fieldText, 50).optional(),
  source: z
    .object({
      privacy: oneOf(['public', 'unlisted', 'private', 'direct']).optional(),
      sensitive: bool().optional(),
      language: text(64).optional(),
      quote_policy: oneOf(['public', 'followers', 'nobody']).optional(),
    })
    .optional(),
});

/** What `update_credentials` (and `profile`) may change, read and with its pictures stored. */
export async function readProfile(
  ctx: Ctx,
  req: Request,
): Promise<{ profile: ProfileInput; preferences: Partial<Preferences> }> {
  const params = parseParams(profileParams, req);
  const profile: ProfileInput = {
    displayName: params.display_name,
    note: params.note,
    locked: params.locked,
    bot: params.bot,
    discoverable: params.discoverable,
    hideCollections: params.hide_collections,
    indexable: params.indexable,
    avatar: await readPicture(ctx, req, { kind: 'avatar', given: params.avatar }),
    header: await readPicture(ctx, req, { kind: 'header', given: params.header }),
    avatarDescription: params.avatar_description,
    headerDescription: params.header_description,
    attributionDomains: params.attribution_domains,
    fields: params.fields_attributes,
    tabs: {
      media: params.show_media,
      mediaReplies: params.show_media_replies,
      featured: params.show_featured,
    },
  };
  return { profile, preferences: toPreferences(params.source ?? {}) };
}

interface SourceParams {
  privacy?: 'public' | 'unlisted' | 'private' | 'direct' | undefined;
  sensitive?: boolean | undefined;
  language?: string | undefined;
  quote_policy?: 'public' | 'followers' | 'nobody' | undefined;
}

function toPreferences(source: SourceParams): Partial<Preferences> {
  const { privacy, sensitive, language, quote_policy: quotePolicy } = source;
  if (privacy === 'direct') throw invalid('Default privacy is not included in the list');
  return {
    ...(privacy !== undefined && { defaultVisibility: privacy }),
    ...(sensitive !== undefined && { defaultSensitive: sensitive }),
    ...(language !== undefined && { defaultLanguage: parseLanguage(language) }),
    ...(quotePolicy !== undefined && { defaultQuotePolicy: quotePolicy }),
  };
}

/** An uploaded file, or a `data:` URL as some clients send it; anything else leaves the picture as it is. */
async function readPicture(
  ctx: Ctx,
  req: Request,
  { kind, given }: { kind: 'avatar' | 'header'; given: string | undefined },
): Promise<ProfileImage | undefined> {
  const file = filesOf(req).get(kind);
  if (file) return acceptProfilePicture(ctx, kind, file.data);
  const inText = readDataUrl(given);
  return inText ? acceptProfilePicture(ctx, kind, inText.data) : undefined;
}
