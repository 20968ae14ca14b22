import type { JsonObject } from '../../../federation/ports.js';
import { isActorType } from '../../../federation/vocabulary/names.js';
import { typesOf } from '../../../federation/vocabulary/values.js';
import { adaptActivity } from './adapt.js';
import type { Entry } from './entries.js';
import type { Hosts } from './hosts.js';
import { fillTemplate, hostIn, isObject, looseId, moveHost, senderHost, type Adaptation } from './rewrite.js';
import { createStage, offerWhatItNames, type Local, type Stage } from './stage.js';

/** One payload, ready to be sent or fetched. */
export interface Prepared {
  entry: Entry;
  /** Name and port of the sender's host. */
  host: string;
  sender: string;
  adapted: Set<Adaptation>;
  /** Bodies to be POSTed, in this order; the last one is the payload. Empty for actors and other documents. */
  bodies: string[];
  /** The payload after all changes; null when it is no JSON object. */
  json: JsonObject | null;
  /** The payload has no actor that could sign it: sent as it is first, to be refused. */
  lacksActor: boolean;
  /** The payload with nothing changed but its hosts. */
  original: string;
}

export interface PrepareOptions {
  entry: Entry;
  bytes: Buffer;
  /** Makes its hosts its own. */
  number: number;
  hosts: Hosts;
  local: Local;
  publicKeyPem: string;
}

/** Gives a payload a sender that can be reached, and serves what its servers would serve. */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { entry, hosts, number, local, publicKeyPem } = options;
  const adapted = new Set<Adaptation>();
  const origin = hosts.originOf(`f${number}`);
  const elsewhere = hosts.originOf(`e${number}`);
  const filled = fillTemplate(options.bytes.toString('utf8'));
  if (filled.filled) adapted.add('template');
  const text = moved(filled.text, { entry, origin, elsewhere, local, adapted });
  const json = parse(text);
  const sender = senderOf(json, { entry, origin });
  const stage = createStage(hosts, { origin, elsewhere, local, adapted, sender, publicKeyPem });
  const prepared: Prepared = {
    entry,
    host: origin.replace('http://', ''),
    sender,
    adapted,
    bodies: [],
    json: isObject(json) ? json : null,
    lacksActor: false,
    original: text,
  };
  if (entry.kind === 'activity') await prepareActivity(prepared, stage, text);
  if (entry.kind === 'object') prepareObject(prepared, stage, text);
  if (entry.kind === 'actor') offerActorDocument(prepared, hosts);
  return prepared;
}

type Moving = Pick<Stage, 'origin' | 'elsewhere' | 'local' | 'adapted'> & { entry: Entry };

function moved(text: string, { entry, origin, elsewhere, local, adapted }: Moving): string {
  const before = parse(text);
  let next = moveHost(text, senderHost(before, entry.kind), origin);
  if (entry.kind !== 'activity') return next;
  const json = parse(next);
  // What is only named or embedded there is to be had from there: that host gets an address, but stays another one.
  const foreign = foreignHost(json);
  if (foreign !== null) next = moveHost(next, foreign, elsewhere);
  // The pasture addresses the account that its pictures are taken of.
  const recipient = 'http://mastodon/users/hippo';
  if (!next.includes(recipient)) return next;
  adapted.add('recipient');
  return next.replaceAll(recipient, local.accountUri);
}

/** The other server in it: that of what is created, announced, or moved to. */
function foreignHost(json: unknown): string | null {
  if (!isObject(json)) return null;
  const types = typesOf(json);
  const { object, target } = json;
  const inner = isObject(object) && typesOf(object).includes('Create') ? object['object'] : object;
  const named = types.includes('Move')
    ? looseId(target)
    : types.includes('Create') || types.includes('Announce')
      ? looseId(inner)
      : null;
  const host = hostIn(named);
  return host !== null && /^[a-z0-9.-]+(?::\d+)?$/i.test(host) && !/\.localhost:\d+$/.test(host)
    ? host
    : null;
}

function senderOf(json: unknown, { entry, origin }: { entry: Entry; origin: string }): string {
  const otherwise = `${origin}/users/sender`;
  if (!isObject(json)) return otherwise;
  const told = entry.kind === 'activity' ? looseId(json['actor']) : authorIn(json);
  return told !== null && hostIn(told)?.endsWith(hostIn(origin) ?? '') && URL.canParse(told)
    ? told
    : otherwise;
}

/** Of PeerTube's Person and Group the Person; old servers write `actor`. */
function authorIn({ attributedTo, actor }: JsonObject): string | null {
  const authors = Array.isArray(attributedTo) ? attributedTo : [attributedTo];
  return (
    looseId(authors.find((a) => !typesOf(a).includes('Group'))) ?? looseId(attributedTo) ?? looseId(actor)
  );
}

/** The followers collection that somebody addresses, as its actor would name it. */
function followersIn(sender: string, ...addressed: JsonObject[]): { followers?: string } {
  const uris = addressed.flatMap(({ to, cc }) => [to, cc].flat().map((v) => looseId(v)));
  const followers = uris.find((uri) => hostIn(uri) === hostIn(sender) && uri?.endsWith('followers'));
  return followers ? { followers } : {};
}

/** Test suites write `foo` and `/bar` where a URL belongs. */
function completeIds(json: JsonObject, { origin, adapted }: Stage): void {
  const complete = (id: string): string => {
    if (id === '' || /^[a-z][a-z0-9+.-]*:/i.test(id)) return id;
    adapted.add('id');
    return `${origin}/ids/${encodeURIComponent(id.replace(/^[./#]+/, ''))}`;
  };
  for (const one of [json, json['object']])
    if (isObject(one) && typeof one['id'] === 'string') one['id'] = complete(one['id']);
  if (typeof json['object'] === 'string') json['object'] = complete(json['object']);
}

async function prepareActivity(prepared: Prepared, stage: Stage, text: string): Promise<void> {
  const { json, sender, adapted } = prepared;
  if (json === null) return void prepared.bodies.push(text);
  const before = JSON.stringify(json);
  const embedded = isObject(json['actor']) ? json['actor'] : {};
  const target = looseId(json['target']);
  const type = typesOf(embedded).find(isActorType);
  stage.offerActor(sender, {
    ...(type !== undefined && { type }),
    ...followersIn(sender, json, isObject(json['object']) ? json['object'] : {}),
    ...(target !== null && /featured|pinned/.test(target) && { featured: target }),
  });
  if (hostIn(looseId(json['actor'])) === null) {
    prepared.lacksActor = true;
    json['actor'] = sender;
    adapted.add('actor');
  }
  completeIds(json, stage);
  await adaptActivity(json, stage);
  offerWhatItNames(stage, json);
  const changed = JSON.stringify(json) !== before;
  prepared.bodies = [
    ...stage.before.map((activity) => JSON.stringify(activity)),
    changed ? JSON.stringify(json) : text,
  ];
}

/** Fetched from its own id where it has one and says whose it is; otherwise embedded in what its author sends. */
function prepareObject(prepared: Prepared, stage: Stage, text: string): void {
  const { json, sender, adapted } = prepared;
  stage.offerActor(sender, json === null ? {} : followersIn(sender, json));
  if (json === null) return void prepared.bodies.push(text);
  completeIds(json, stage);
  offerWhatItNames(stage, { object: json });
  stage.offer(json);
  const id = looseId(json);
  const fetched =
    id !== null && stage.isServed(id) && looseId(json['attributedTo'] ?? json['actor']) !== null;
  if (!fetched) adapted.add('actor');
  const activity = {
    id: `${stage.origin}/creates/1`,
    type: 'Create',
    actor: sender,
    object: fetched ? id : json,
  };
  prepared.bodies.push(JSON.stringify(activity));
}

function offerActorDocument({ json }: Prepared, hosts: Hosts): void {
  const id = looseId(json);
  if (json !== null && id !== null && URL.canParse(id) && hostIn(id)?.endsWith(`.localhost:${hosts.port}`))
    hosts.serve(id, json);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
