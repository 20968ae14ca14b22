import { parseHttp } from '../vocabulary/iris.js';

/** Reads an untrusted http(s) URL of any type: see `parseHttp`, which decides. */
export function parseWebUrl(text: unknown): URL | null {
  return typeof text === 'string' ? parseHttp(text) : null;
}
