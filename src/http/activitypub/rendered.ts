import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../../../federation/ports.js';
import { toWire } from '../../outbox/wire.js';
import { toRendered, type Rendered } from '../bytes.js';

export const render = (document: JsonObject): Rendered => toRendered(toWire(document));

/** Documents of ours that were asked for lately, rendered. Who may see one is decided before, each time. */
export interface RenderedDocuments {
  /**
   * The document under `key` (its id and form), as long as what it is made of is the same. `source`: the stored
   * document, of which any change counts. What is shown of others in it may be `keepMs` old.
   */
  get(key: string, source: object, load: () => Promise<JsonObject | null>): Promise<Rendered | null>;
}

const most = 2000;
const mostBytes = 16 * 1024 * 1024;
const keepMs = 10_000;

export function createRenderedDocuments(): RenderedDocuments {
  const kept = new LRUCache<string, { source: object; stamp: string; rendered: Rendered }>({
    max: most,
    maxSize: mostBytes,
    sizeCalculation: ({ stamp, rendered }) => 2 * stamp.length + rendered.body.length + 200,
    ttl: keepMs,
  });
  return {
    async get(key, source, load) {
      const known = kept.get(key);
      // A store that keeps documents hands out the very same one for as long as nothing changes it.
      if (known?.source === source && Object.isFrozen(source)) return known.rendered;
      const stamp = JSON.stringify(source);
      if (known?.stamp === stamp) return known.rendered;
      const document = await load();
      if (!document) return null;
      const rendered = render(document);
      kept.set(key, { source, stamp, rendered });
      return rendered;
    },
  };
}
