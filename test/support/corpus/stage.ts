import type { Json, JsonObject } from '../../../federation/ports.js';
import { isActorType, isObjectType } from '../../../federation/vocabulary/names.js';
import { typesOf } from '../../../federation/vocabulary/values.js';
import type { Hosts } from './hosts.js';
import { hostIn, isObject, looseId, type Adaptation } from './rewrite.js';

/** What a payload may be about on our side. */
export interface Local {
  accountUri: string;
  /** A public status. */
  statusUri: string;
  /** A poll with this option. @returns its IRI */
  pollWith(option: string): Promise<string>;
  /** A follow request of ours that waits for an answer. @returns its IRI */
  followRequest(actorUri: string): Promise<string>;
}

/** The surroundings of one payload: its own host, another one, and whoever lives there. */
export interface Stage {
  /** Host of the sender. */
  origin: string;
  /** A host of others. */
  elsewhere: string;
  sender: string;
  adapted: Set<Adaptation>;
  /** Sent before the payload: what it undoes, edits or deletes. */
  before: JsonObject[];
  local: Local;
  /** Serves an object or actor at its id, unless something is there. */
  offer(document: JsonObject): void;
  offerActor(uri: string, extra?: JsonObject): void;
  offerNote(uri: string, author: string, extra?: JsonObject): void;
  isServed(uri: string): boolean;
}

const publicAddress = 'https://www.w3.org/ns/activitystreams#Public';
const context = ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1'];

export function createStage(
  hosts: Hosts,
  options: Pick<Stage, 'origin' | 'elsewhere' | 'local' | 'adapted'> & {
    sender: string;
    publicKeyPem: string;
  },
): Stage {
  const { publicKeyPem, sender, ...rest } = options;
  const served = new Set<string>();
  const key = (uri: string): string => uri.replace(/#.*$/, '');
  const isHere = (uri: string): boolean => {
    const { port, hostname } = URL.canParse(uri) ? new URL(uri) : { port: '', hostname: '' };
    return port === String(hosts.port) && hostname.endsWith('.localhost');
  };
  const offer = (document: JsonObject): void => {
    const id = looseId(document);
    if (id === null || !isHere(id) || served.has(key(id))) return;
    served.add(key(id));
    hosts.serve(id, { '@context': context, ...document });
  };
  return {
    ...rest,
    sender,
    before: [],
    isServed: (uri) => served.has(key(uri)),
    offer,
    offerActor(uri, extra = {}) {
      const { origin, pathname } = new URL(uri);
      const name = served.size === 0 ? 'sender' : `person${served.size}`;
      const place = `${origin}${pathname.replace(/\/$/, '')}`;
      offer({
        type: 'Person',
        preferredUsername: name,
        inbox: `${place}/inbox`,
        followers: `${place}/followers`,
        ...extra,
        id: uri,
        publicKey: { id: `${key(uri)}#main-key`, owner: uri, publicKeyPem },
      });
    },
    offerNote(uri, author, extra = {}) {
      offer({
        id: uri,
        type: 'Note',
        attributedTo: author,
        content: '<p>What the payload is about.</p>',
        published: '2026-01-01T00:00:00Z',
        to: [publicAddress],
        ...extra,
      });
    },
  };
}

/** Serves what a payload embeds or refers to, as the servers that it comes from would. */
export function offerWhatItNames(stage: Stage, json: unknown): void {
  const here = (uri: string | null): uri is string =>
    hostIn(uri) !== null && /\.localhost:\d+$/.test(hostIn(uri) ?? '');
  const visit = (value: Json, depth: number): void => {
    if (Array.isArray(value)) value.forEach((item) => visit(item, depth));
    if (!isObject(value)) return;
    const types = typesOf(value);
    if (depth > 0 && types.some(isObjectType)) stage.offer(value);
    if (depth > 0 && types.some(isActorType) && typeof value['inbox'] === 'string') stage.offer(value);
    for (const [name, inner] of Object.entries(value)) if (name !== '@context') visit(inner, depth + 1);
    const author = looseId(value['attributedTo']);
    if (here(author)) stage.offerActor(author);
    const parent = looseId(value['inReplyTo']);
    if (here(parent)) stage.offerNote(parent, stage.sender);
  };
  visit(json as Json, 0);
}
