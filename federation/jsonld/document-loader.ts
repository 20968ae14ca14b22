import { readFileSync } from 'node:fs';
import { EXTENSION_CONTEXT } from './terms.js';

/** A loaded context document, as JSON-LD processors want it. */
export interface LoadedContext {
  contextUrl: null;
  documentUrl: string;
  document: unknown;
}

const read = (name: string): { '@context': Record<string, unknown> } =>
  JSON.parse(readFileSync(new URL(`./contexts/${name}.json`, import.meta.url), 'utf8')) as never;

const activitystreams = read('activitystreams');

const bundled: Readonly<Record<string, unknown>> = {
  'www.w3.org/ns/activitystreams': activitystreams,
  'w3id.org/security/v1': read('security-v1'),
  'w3id.org/security/data-integrity/v1': read('security-data-integrity-v1'),
  'w3id.org/security/data-integrity/v2': read('security-data-integrity-v2'),
  'w3id.org/security/multikey/v1': read('security-multikey-v1'),
  'www.w3.org/ns/did/v1': read('did-v1'),
};

/** The terms of ActivityStreams itself. */
export const CORE_TERMS: ReadonlySet<string> = new Set(Object.keys(activitystreams['@context']));

/** Contexts whose terms we describe ourselves; every Pleroma server has its own copy of litepub's. */
const described = [
  /^joinmastodon\.org\/ns$/,
  /^gotosocial\.org\/ns$/,
  /^join-lemmy\.org\/context\.json$/,
  /^purl\.archive\.org\/(?:miscellany|socialweb\/webfinger)$/,
  /^w3id\.org\/fep\/044f$/,
  /\/schemas\/litepub-0\.1\.jsonld$/,
];

/**
 * Finds a context without the network: the bundled ones, whatever scheme, `#` or `.jsonld` their address is written
 * with; our own description for well-known extensions; an empty context for everything else. A document must never
 * make us fetch something while it is being read (ATTACKS 100).
 */
export function loadContext(url: string): LoadedContext {
  const name = url
    .slice(0, 512)
    .replace(/^https?:\/\//i, '')
    .replace(/[#/]{1,8}$/, '')
    .replace(/^(www\.w3\.org\/ns\/activitystreams)\.jsonld$/, '$1');
  const known = Object.hasOwn(bundled, name) ? bundled[name] : undefined;
  const extension = described.some((pattern) => pattern.test(name)) ? EXTENSION_CONTEXT : {};
  return { contextUrl: null, documentUrl: url, document: known ?? { '@context': extension } };
}
