import type { RemoteActor } from '../../../federation/vocabulary/actor.js';
import { parseMultikey, parsePublicKey, toPublicKeyPem } from '../../../federation/signature/keys.js';
import { now, type Ctx } from '../ctx.js';

/**
 * Keeps the public keys that an actor's own document lists, and forgets those that it no longer lists. Keys that are
 * too short, revoked or expired are left out.
 */
export async function storeKeys(ctx: Ctx, actor: RemoteActor): Promise<void> {
  const listed = new Map([...rsaKeys(actor), ...multikeys(actor)]);
  const fetchedAt = now(ctx);
  for (const [keyId, publicPem] of listed) {
    await ctx.db.remoteKeys.updateOne(
      { keyId },
      { $set: { owner: actor.id, publicPem, fetchedAt }, $setOnInsert: { _id: ctx.ids.next() } },
      { upsert: true },
    );
  }
  await ctx.db.remoteKeys.deleteMany({ owner: actor.id, keyId: { $nin: [...listed.keys()] } });

  function usable(key: { revoked: string | null; expires: string | null }): boolean {
    return (
      (key.revoked === null || key.revoked > fetchedAt) && (key.expires === null || key.expires > fetchedAt)
    );
  }
  function rsaKeys({ publicKeys }: RemoteActor): [string, string][] {
    return publicKeys.filter(usable).flatMap((k): [string, string][] => {
      const parsed = k.pem === null ? null : parsePublicKey(k.pem);
      return parsed ? [[k.id, toPublicKeyPem(parsed.publicKey)]] : [];
    });
  }
  function multikeys({ assertionMethods }: RemoteActor): [string, string][] {
    return assertionMethods.filter(usable).flatMap((k): [string, string][] => {
      const parsed = parseMultikey(k.publicKeyMultibase);
      return parsed ? [[k.id, toPublicKeyPem(parsed.publicKey)]] : [];
    });
  }
}
