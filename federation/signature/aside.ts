import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** What a dialect signs, and how the signature becomes header fields. */
export interface Prepared {
  bytes: NodeJS.ArrayBufferView;
  hash: string | null;
  finish(signature: Buffer): Record<string, string>;
}

/** Signs on one of libuv's threads. */
export const signAside = promisify(sign) as (
  hash: string | null,
  bytes: NodeJS.ArrayBufferView,
  key: KeyObject,
) => Promise<Buffer>;
