import { isLoopbackHost } from '../fetch/address.js';
import type { HttpClient } from '../fetch/client.js';
import type { JsonObject } from '../ports.js';
import { isRelatedHost } from '../vocabulary/iris.js';
import { parseJsonObject } from '../vocabulary/json.js';
import { count, filledText, isRecord, list, optionalFlag } from '../vocabulary/values.js';

const SCHEMA = 'http://nodeinfo.diaspora.software/ns/schema/';
/** FEP-2677: the actor that stands for the server itself. */
const APPLICATION_ACTOR = 'https://www.w3.org/ns/activitystreams#Application';

/** Media type of a NodeInfo document, with the profile that names its version. */
export const nodeinfoType = (version: '2.0' | '2.1'): string =>
  `application/json; profile="${SCHEMA}${version}#"; charset=utf-8`;

/** `/.well-known/nodeinfo`: where the documents lie, and the instance actor. */
export function toNodeinfoDiscovery(input: { origin: string; instanceActorUri?: string }): JsonObject {
  const { origin, instanceActorUri } = input;
  return {
    links: [
      ...['2.1', '2.0'].map((version) => ({
        rel: `${SCHEMA}${version}`,
        href: `${origin}/nodeinfo/${version}`,
      })),
      ...(instanceActorUri === undefined ? [] : [{ rel: APPLICATION_ACTOR, href: instanceActorUri }]),
    ],
  };
}

export interface NodeinfoInput {
  software: { name: string; version: string; repository?: string; homepage?: string };
  openRegistrations: boolean;
  usage: { users: number; activeMonth: number; activeHalfyear: number; localPosts: number };
  metadata?: JsonObject;
}

/** A NodeInfo document. 2.1 differs from 2.0 in the `repository` and `homepage` of the software. */
export function toNodeinfo(version: '2.0' | '2.1', input: NodeinfoInput): JsonObject {
  const { software, openRegistrations, usage, metadata = {} } = input;
  const { name, version: release, repository, homepage } = software;
  const more = version === '2.1' ? { ...(repository && { repository }), ...(homepage && { homepage }) } : {};
  return {
    version,
    software: { name, version: release, ...more },
    protocols: ['activitypub'],
    services: { inbound: [], outbound: [] },
    openRegistrations,
    usage: {
      users: { total: usage.users, activeMonth: usage.activeMonth, activeHalfyear: usage.activeHalfyear },
      localPosts: usage.localPosts,
    },
    metadata,
  };
}

/** What is worth knowing of another server. */
export interface RemoteNodeinfo {
  /** Lower case letters, digits, dashes, as the schema wants it; null when it is anything else. */
  software: string | null;
  version: string | null;
  openRegistrations: boolean | null;
  users: number | null;
  localPosts: number | null;
  activitypub: boolean;
}

/** Reads a NodeInfo document of any version; null when it is not an object. Never throws. */
export function parseNodeinfo(json: unknown): RemoteNodeinfo | null {
  if (!isRecord(json)) return null;
  const software = isRecord(json['software']) ? json['software'] : {};
  const usage = isRecord(json['usage']) ? json['usage'] : {};
  const users = isRecord(usage['users']) ? usage['users'] : {};
  const name = filledText(software['name'], 65)?.toLowerCase() ?? '';
  const version = filledText(software['version'], 128) ?? '';
  return {
    software: /^[a-z0-9-]{1,64}$/.test(name) ? name : null,
    version: /^[\w.+~:() -]{1,128}$/.test(version) ? version : null,
    openRegistrations: optionalFlag(json['openRegistrations']),
    users: count(users['total']),
    localPosts: count(usage['localPosts']),
    activitypub: list(json['protocols'], 32).includes('activitypub'),
  };
}

/** The newest document that a discovery document links to, 2.1 or 2.0, on the server's own or a related host. */
export function nodeinfoLink(discovery: unknown, origin: string): string | null {
  if (!isRecord(discovery)) return null;
  const links = list(discovery['links'], 32).filter(isRecord);
  for (const version of ['2.1', '2.0']) {
    const href = links.find((link) => link['rel'] === `${SCHEMA}${version}`)?.['href'];
    if (typeof href === 'string' && isRelatedHost(href, origin)) return href;
  }
  return null;
}

/** Asks a host (with port) what it runs; null whatever goes wrong: nothing depends on it. */
export async function lookupNodeinfo(
  host: string,
  http: Pick<HttpClient, 'request' | 'allowLoopback'>,
): Promise<RemoteNodeinfo | null> {
  const get = async (url: string): Promise<JsonObject | null> => {
    const outcome = await http.request({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      contentTypes: ['application/json', 'application/jrd+json'],
      redirects: 2,
      maxBytes: 64 * 1024,
      timeoutMs: 10_000,
    });
    if (outcome.outcome !== 'response' || outcome.status !== 200) return null;
    const json = parseJsonObject(outcome.body);
    return json.outcome === 'ok' ? json.value : null;
  };
  const origin = `${http.allowLoopback === true && isLoopbackHost(host) ? 'http' : 'https'}://${host}`;
  const link = nodeinfoLink(await get(`${origin}/.well-known/nodeinfo`), `${origin}/`);
  return link === null ? null : parseNodeinfo(await get(link));
}
