import { isActivityStreamsType } from '../fetch/document.js';
import type { JsonObject } from '../ports.js';
import { isHttpIri } from '../vocabulary/iris.js';
import { filledText, isRecord, list, type Loose } from '../vocabulary/values.js';
import { parseHandle, toAcct, type Handle } from './resource.js';

const PROFILE_PAGE = 'http://webfinger.net/rel/profile-page';
const AVATAR = 'http://webfinger.net/rel/avatar';
const SUBSCRIBE = 'http://ostatus.org/schema/1.0/subscribe';
/** By this property Lemmy tells apart a person and a community of the same name. */
const TYPE_PROPERTY = 'https://www.w3.org/ns/activitystreams#type';

const MAX_LINKS = 256;
const MAX_TEXT = 2048;

/** What we use of a JSON Resource Descriptor (RFC 7033 section 4.4). */
export interface Descriptor {
  /** Null: missing, or no handle with a domain (Hubzilla sends `acct:user`). */
  subject: Handle | null;
  /** The ActivityPub actor; null: this is no fediverse account. */
  actorUri: string | null;
  profileUrl: string | null;
  /** Where a visitor from another server is sent to follow; holds `{uri}`. */
  subscribeTemplate: string | null;
}

const member = (link: Loose, name: string): string => filledText(link[name], MAX_TEXT) ?? '';
const isRel = (link: Loose, rel: string): boolean => link['rel'] === rel;

/** People before services before communities: a handle that somebody typed means a person first. */
function rank(link: Loose): number {
  const properties = link['properties'];
  const type = isRecord(properties) ? properties[TYPE_PROPERTY] : undefined;
  if (type === undefined) return 1;
  return type === 'Person' ? 0 : type === 'Group' ? 3 : 2;
}

function actorOf(links: readonly Loose[]): string | null {
  const selves = links.filter(
    (link) =>
      isRel(link, 'self') && isActivityStreamsType(member(link, 'type')) && isHttpIri(member(link, 'href')),
  );
  const best = selves.toSorted((a, b) => rank(a) - rank(b))[0];
  return best === undefined ? null : member(best, 'href');
}

/** Reads a descriptor; missing and broken members are null. Never throws. */
export function parseDescriptor(json: unknown): Descriptor {
  const jrd = isRecord(json) ? json : {};
  const links = list(jrd['links'], MAX_LINKS).filter(isRecord);
  const subject = filledText(jrd['subject'], MAX_TEXT + 256);
  const page = links.find((link) => isRel(link, PROFILE_PAGE) && isHttpIri(member(link, 'href')));
  const subscribe = links.find(
    (link) => isRel(link, SUBSCRIBE) && member(link, 'template').includes('{uri}'),
  );
  const template = subscribe ? member(subscribe, 'template') : null;
  return {
    subject: subject === null ? null : parseHandle(subject),
    actorUri: actorOf(links),
    profileUrl: page ? member(page, 'href') : null,
    subscribeTemplate: template !== null && isHttpIri(template.replace('{uri}', 'x')) ? template : null,
  };
}

export interface WebfingerInput extends Handle {
  actorUri: string;
  profileUrl: string;
  /** Further URLs of the same account. */
  aliases?: readonly string[];
  avatar?: { url: string; mediaType: string };
  /** With `{uri}` in it. */
  subscribeTemplate?: string;
}

/** Builds our answer to a WebFinger query, to be sent as `application/jrd+json`. */
export function toWebfinger(input: WebfingerInput): JsonObject {
  const { actorUri, profileUrl, avatar, subscribeTemplate } = input;
  return {
    subject: toAcct(input),
    aliases: [...new Set([profileUrl, actorUri, ...(input.aliases ?? [])])],
    links: [
      { rel: PROFILE_PAGE, type: 'text/html', href: profileUrl },
      { rel: 'self', type: 'application/activity+json', href: actorUri },
      ...(subscribeTemplate === undefined ? [] : [{ rel: SUBSCRIBE, template: subscribeTemplate }]),
      ...(avatar === undefined ? [] : [{ rel: AVATAR, type: avatar.mediaType, href: avatar.url }]),
    ],
  };
}
