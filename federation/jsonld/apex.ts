import { AS_NAMESPACE } from '../vocabulary/names.js';
import { loadContext } from './document-loader.js';
import { EXTENSION_CONTEXT } from './terms.js';

/**
 * activitypub-express' JSON-LD face, bound to our contexts and our context loader; its own loader would ask the network.
 * Nothing of its networking, queue, store or signature check is used.
 */
const settings = {
  context: [AS_NAMESPACE, 'https://w3id.org/security/v1', EXTENSION_CONTEXT],
  jsonldContextLoader: async (url: string) => loadContext(url),
};

/** Any JSON-LD spelling of ActivityStreams → compact terms of ours, single values unboxed. Rejects what is no JSON-LD. */
export async function toCompact(document: object): Promise<unknown> {
  // Loaded when it is first needed: most documents never come here.
  const { default: utils } = await import('activitypub-express/pub/utils.js');
  // `fromJSONLD` reads the document's own contexts and boxes every value; `toJSONLD` takes the boxes off again.
  const boxed = await utils.fromJSONLD.call(settings, document);
  return boxed !== null && typeof boxed === 'object' ? utils.toJSONLD.call(settings, boxed) : null;
}
