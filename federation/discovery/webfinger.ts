import { isLoopbackHost } from '../fetch/address.js';
import type { HttpClient, HttpOutcome } from '../fetch/client.js';
import { explainFailure, type LoadFailure } from '../fetch/explain.js';
import { hostOf } from '../vocabulary/iris.js';
import { parseJsonObject } from '../vocabulary/json.js';
import { parseHostMeta } from './host-meta.js';
import { parseDescriptor, type Descriptor } from './jrd.js';
import { isSameHandle, parseHandle, toAcct, type Handle } from './resource.js';

export { parseHandle, parseResource, toAcct, type Handle, type Resource } from './resource.js';
export { parseDescriptor, toWebfinger, type Descriptor, type WebfingerInput } from './jrd.js';

type Http = Pick<HttpClient, 'request' | 'allowLoopback'>;

export type DiscoveryFailure = LoadFailure;

export interface FoundHandle {
  outcome: 'ok';
  actorUri: string;
  /** The account's own name for itself, vouched for by its own domain; may differ from what was asked. */
  subject: Handle;
  profileUrl: string | null;
  subscribeTemplate: string | null;
  /**
   * True when the actor lives on the domain that vouches for it. False: the domain points elsewhere, and only
   * `confirmHandle` with the actor's document tells whether that actor agrees.
   */
  confirmed: boolean;
}

const MAX_BYTES = 256 * 1024;
const failure = (outcome: DiscoveryFailure['outcome'], reason: string): DiscoveryFailure => ({
  outcome,
  reason,
});

const originOf = (domain: string, http: Http): string =>
  `${http.allowLoopback === true && isLoopbackHost(domain) ? 'http' : 'https'}://${domain}`;

const ask = (http: Http, url: string, types: readonly string[]): Promise<HttpOutcome> =>
  http.request({
    method: 'GET',
    url,
    headers: { accept: types.join(', ') },
    contentTypes: types,
    // Large sites send their bare domain on to www and from there to the server that runs the accounts.
    redirects: 3,
    maxBytes: MAX_BYTES,
    timeoutMs: 10_000,
  });

const jrdTypes = [
  'application/jrd+json',
  'application/json',
  'application/activity+json',
  'application/ld+json',
];
const hostMetaTypes = ['application/xrd+xml', 'application/xml', 'text/xml', ...jrdTypes];

function read(outcome: HttpOutcome): Descriptor | DiscoveryFailure {
  const problem = explainFailure(outcome);
  if (problem || outcome.outcome !== 'response') return problem ?? failure('unavailable', 'no answer');
  const json = parseJsonObject(outcome.body, { maxBytes: MAX_BYTES });
  return json.outcome === 'ok' ? parseDescriptor(json.value) : failure('invalid', json.reason);
}

/** Asks a domain about one of its handles; where it has no WebFinger endpoint, where its host-meta says. */
async function query(handle: Handle, http: Http): Promise<Descriptor | DiscoveryFailure> {
  const origin = originOf(handle.domain, http);
  const resource = encodeURIComponent(toAcct(handle));
  const url = `${origin}/.well-known/webfinger?resource=${resource}`;
  const direct = read(await ask(http, url, jrdTypes));
  if (!('outcome' in direct) || direct.outcome !== 'not-found') return direct;
  const meta = await ask(http, `${origin}/.well-known/host-meta`, hostMetaTypes);
  if (meta.outcome !== 'response' || meta.status !== 200) return direct;
  const target = parseHostMeta(meta.body)?.replace('{uri}', resource);
  return target === undefined || target === url ? direct : read(await ask(http, target, jrdTypes));
}

/** Asks the subject's own domain, and takes its word only if it names the same actor and the same handle. */
async function vouches(subject: Handle, actorUri: string, http: Http): Promise<true | DiscoveryFailure> {
  const own = await query(subject, http);
  if ('outcome' in own) return own.outcome === 'unavailable' ? own : failure('refused', 'imposter');
  const named = own.subject ?? subject;
  return own.actorUri === actorUri && isSameHandle(named, subject) ? true : failure('refused', 'imposter');
}

/**
 * Finds the actor behind a handle (`alice@a.example`, with or without `@` or `acct:` before it). A descriptor may name
 * another subject on its own domain freely; a subject on another domain counts only when that domain points to the
 * same actor (Pleroma 2.7.0, Fedify 0.12.3). Of several actors a Person comes before a Group.
 */
export async function lookupHandle(
  handle: string | Handle,
  http: Http,
): Promise<FoundHandle | DiscoveryFailure> {
  const asked = typeof handle === 'string' ? parseHandle(handle) : handle;
  if (asked === null) return failure('invalid', 'handle');
  const found = await query(asked, http);
  if ('outcome' in found) return found;
  const { actorUri, profileUrl, subscribeTemplate } = found;
  if (actorUri === null) return failure('invalid', 'no-actor');
  // Without a domain of its own (Hubzilla) a subject can only mean the handle that was asked for.
  const subject = found.subject ?? asked;
  if (subject.domain !== asked.domain) {
    const vouched = await vouches(subject, actorUri, http);
    if (vouched !== true) return vouched;
  }
  const confirmed = hostOf(actorUri) === subject.domain;
  return { outcome: 'ok', actorUri, subject, profileUrl, subscribeTemplate, confirmed };
}

export type ConfirmedHandle = {
  outcome: 'ok';
  subject: Handle;
  /** False: the actor's host runs no WebFinger; the handle is what its document and host suggest. */
  verified: boolean;
};

/**
 * Settles the handle of an actor whose document was loaded: its host is asked about `preferredUsername`. The answer
 * must point back to the actor, else somebody else owns that name (`refused`). It may name a handle on another domain
 * if that domain agrees; otherwise the handle stays on the actor's host.
 */
export async function confirmHandle(
  actor: { actorUri: string; username: string },
  http: Http,
): Promise<ConfirmedHandle | DiscoveryFailure> {
  const domain = hostOf(actor.actorUri);
  if (domain === null) return failure('invalid', 'actor');
  const fallback: Handle = { username: actor.username, domain };
  const found = await query(fallback, http);
  if ('outcome' in found) {
    return found.outcome === 'unavailable' ? found : { outcome: 'ok', subject: fallback, verified: false };
  }
  if (found.actorUri !== actor.actorUri) return failure('refused', 'self-mismatch');
  const subject = found.subject ?? fallback;
  const sameName = subject.username.toLowerCase() === actor.username.toLowerCase();
  if (!sameName || subject.domain === domain) return { outcome: 'ok', subject: fallback, verified: true };
  const vouched = await vouches(subject, actor.actorUri, http);
  if (vouched !== true && vouched.outcome === 'unavailable') return vouched;
  return { outcome: 'ok', subject: vouched === true ? subject : fallback, verified: true };
}
