import { hostOf as hostOfIri } from '../../federation/vocabulary/iris.js';
import type { OwnNames } from './ctx.js';

/** Every URL of ours is derived here and nowhere else; ids are opaque to everybody. */

export const actorUri = (names: OwnNames, username: string): string => `${names.origin}/users/${username}`;
export const profileUrl = (names: OwnNames, username: string): string => `${names.origin}/@${username}`;
export const instanceActorUri = (names: OwnNames): string => `${names.origin}/actor`;
/** The username of the instance actor: the handle domain. With a port, it would be a name that no server takes. */
export const instanceUsername = (names: OwnNames): string => names.handleDomain.replace(/:\d+$/, '');
export const sharedInboxUri = (names: OwnNames): string => `${names.origin}/inbox`;
export const tagUrl = (names: OwnNames, tag: string): string =>
  `${names.origin}/tags/${encodeURIComponent(tag)}`;
export const statusUrl = (names: OwnNames, username: string, id: string): string =>
  `${profileUrl(names, username)}/${id}`;
export const mediaUrl = (names: OwnNames, path: string): string => `${names.origin}/media/${path}`;

/** Public objects are named by their id; others by something nobody can guess (DESIGN.md section 4.6). */
export function objectUri(
  names: OwnNames,
  username: string,
  name: { id: string; secret: string | null },
): string {
  const base = `${actorUri(names, username)}/statuses/${name.id}`;
  return name.secret === null ? base : `${base}-${name.secret}`;
}

/** An activity that belongs to an account, e.g. `…/users/alice/activities/follow-1234`. */
export function activityUri(accountUri: string, kind: string, id: string): string {
  return `${accountUri}/activities/${kind}-${id}`;
}

/** The host (with port) of a URL; null when it is none, not http(s), or hides its host (see iris.ts). */
export const hostOf = (url: string): string | null => hostOfIri(url);

/** For a URL that leads to this server, the path; otherwise null. Former hosts count. */
export function ownPath(names: OwnNames, url: string): string | null {
  const host = hostOf(url);
  if (host === null || !names.isOwn(host)) return null;
  const parsed = new URL(url);
  return parsed.pathname + parsed.search;
}
