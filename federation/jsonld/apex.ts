import utils from 'activitypub-express/pub/utils.js';
import { createContextLoader } from './contexts.js';
import { extensionTerms } from './terms.js';

/**
 * activitypub-express' JSON-LD face, bound to our bundled contexts and our document loader: its own loader would fetch
 * from the network. Nothing else of its networking, queue or signature check is used.
 */
const settings = {
  context: ['https://www.w3.org/ns/activitystreams', 'https://w3id.org/security/v1', extensionTerms],
  jsonldContextLoader: createContextLoader(),
};

/** Any JSON-LD spelling of ActivityStreams → compact, single values unboxed. Rejects what is no JSON-LD. */
export async function toCompact(document: object): Promise<unknown> {
  // `fromJSONLD` reads the document's own contexts, and boxes every value; `toJSONLD` takes the boxes off again.
  const boxed = await utils.fromJSONLD.call(settings, structuredClone(document));
  return utils.toJSONLD.call(settings, boxed);
}
