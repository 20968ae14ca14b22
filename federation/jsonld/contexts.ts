import { readFileSync } from 'node:fs';

/** The contexts that come with us. No context is ever fetched: one that is not here defines nothing. */
const files: Readonly<Record<string, string>> = {
  'https://www.w3.org/ns/activitystreams': 'activitystreams',
  'https://w3id.org/security/v1': 'security-v1',
  'https://w3id.org/security/data-integrity/v1': 'security-data-integrity-v1',
  'https://w3id.org/security/data-integrity/v2': 'security-data-integrity-v2',
  'https://w3id.org/security/multikey/v1': 'security-multikey-v1',
  'https://www.w3.org/ns/did/v1': 'did-v1',
};

export interface ContextDocument {
  contextUrl?: string;
  documentUrl: string;
  document: object;
}

/** A document loader for JSON-LD processors that knows the bundled contexts and nothing else. */
export function createContextLoader(): (url: string) => Promise<ContextDocument> {
  const loaded = new Map<string, object>();
  return async (url) => {
    const name = files[url.replace(/^http:/, 'https:').replace(/#$/, '')];
    if (name === undefined) return { documentUrl: url, document: { '@context': {} } };
    const document = loaded.get(name) ?? readContext(name);
    loaded.set(name, document);
    return { documentUrl: url, document };
  };
}

function readContext(name: string): object {
  return JSON.parse(readFileSync(new URL(`./contexts/${name}.json`, import.meta.url), 'utf8')) as object;
}
