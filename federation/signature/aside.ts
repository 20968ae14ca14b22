import { sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** What a dialect signs, and how the signature becomes header fields. */
export interface Prepared {
  bytes: NodeJS.ArrayBufferView;
  hash: string | null;
  finish(signature: Buffer): Record<string, string>;
}

/** Makes the signature here and now. */
export function signNow({ bytes, hash, finish }: Prepared, key: KeyObject): Record<string, string> {
  return finish(sign(hash, bytes, key));
}

/** Makes it on one of libuv's threads: an RSA signature takes a quarter of a millisecond. */
export async function signAside(
  { bytes, hash, finish }: Prepared,
  key: KeyObject,
): Promise<Record<string, string>> {
  return finish(await signOnThread(hash, bytes, key));
}

const signOnThread = promisify(sign) as (
  hash: string | null,
  bytes: NodeJS.ArrayBufferView,
  key: KeyObject,
) => Promise<Buffer>;
