import type { JsonObject } from '../../../federation/ports.js';
import type { Account } from '../../../src/model/account.js';
import { resolveActor } from '../../../src/domain/remote/actors.js';
import type { Instance } from '../../support/instance.js';
import type { PeerActor } from './peer.js';

export const activityJson = 'application/activity+json';
export const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

export interface Answer {
  status: number;
  headers: Headers;
  /** Empty where the body is no JSON. */
  json: JsonObject;
  text: string;
}

/** GET without following redirects. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return read(await fetch(url, { headers: { accept: activityJson, ...headers }, redirect: 'manual' }));
}

export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

/** An actor of the peer, as the instance knows it after fetching it. */
export async function known(instance: Instance, actor: PeerActor): Promise<Account> {
  const account = await resolveActor(instance.ctx, actor.uri);
  if (!account) throw new Error(`The instance could not fetch ${actor.uri}`);
  return account;
}

/** `follower` follows `target`, accepted. */
export async function follows(instance: Instance, follower: Account, target: Account): Promise<void> {
  await instance.ctx.db.follows.insertOne({
    _id: instance.ctx.ids.next(),
    accountId: follower._id,
    targetId: target._id,
    state: 'accepted',
    uri: `${follower.uri}/follows/${target._id}`,
    reblogs: true,
    notify: false,
    languages: null,
    createdAt: new Date().toISOString(),
  });
}
