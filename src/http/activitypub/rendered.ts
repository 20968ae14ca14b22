import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../../../federation/ports.js';
import { toWire } from '../../outbox/wire.js';

/** A document as it goes over the wire, with the ETag of its content. */
export interface Rendered {
  body: Buffer;
  tag: string;
}

export function render(document: JsonObject): Rendered {
  const body = Buffer.from(JSON.stringify(toWire(document)));
  return { body, tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` };
}

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
  const kept = new LRUCache<string, { stamp: string; rendered: Rendered }>({
    max: most,
    maxSize: mostBytes,
    sizeCalculation: ({ stamp, rendered }) => 2 * stamp.length + rendered.body.length + 200,
    ttl: keepMs,
  });
  return {
    async get(key, source, load) {
      const stamp = JSON.stringify(source);
      const known = kept.get(key);
      if (known?.stamp === stamp) return known.rendered;
      const document = await load();
      if (!document) return null;
      const rendered = render(document);
      kept.set(key, { stamp, rendered });
      return rendered;
    },
  };
}
