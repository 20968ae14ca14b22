import type { RemoteActor } from '../../../federation/vocabulary/actor.js';
import { parseMultikey, parsePublicKey, toPublicKeyPem } from '../../../federation/signature/keys.js';
import { now, type Ctx } from '../ctx.js';

/** `…/users/alice#main-key` (most servers), `…/users/alice/main-key` (GoToSocial). */
const isNamedAfter = (keyId: string, actorId: string): boolean =>
  keyId.startsWith(`${actorId}#`) || keyId.startsWith(`${actorId}/`);

/** Are the keys that a document lists those that were fetched from the actor's own id? */
export async function hasKnownKeys(ctx: Ctx, actor: RemoteActor): Promise<boolean> {
  const known = await ctx.db.remoteKeys.find({ owner: actor.id }).toArray();
  const listed = listedKeys(ctx, actor);
  return known.length === listed.size && known.every((key) => listed.get(key.keyId) === key.publicPem);
}

/**
 * Keeps the public keys that an actor's own document lists, and forgets those that it no longer lists. Keys that are
 * too short, revoked or expired are left out.
 */
export async function storeKeys(ctx: Ctx, actor: RemoteActor): Promise<void> {
  const listed = listedKeys(ctx, actor);
  const fetchedAt = now(ctx);
  for (const [keyId, publicPem] of listed) {
    const holder = await ctx.db.remoteKeys.findOne({ keyId });
    // Of two actors of a host that list one key, it is the one's whose IRI the key's begins with.
    if (holder && holder.owner !== actor.id && !isNamedAfter(keyId, actor.id)) continue;
    await ctx.db.remoteKeys.updateOne(
      { keyId },
      { $set: { owner: actor.id, publicPem, fetchedAt }, $setOnInsert: { _id: ctx.ids.next() } },
      { upsert: true },
    );
  }
  // Nearly always there is none, and looking is cheaper than a write that does nothing.
  const unlisted = { owner: actor.id, keyId: { $nin: [...listed.keys()] } };
  if (await ctx.db.remoteKeys.findOne(unlisted)) await ctx.db.remoteKeys.deleteMany(unlisted);
}

/** Key ids and SPKI PEM of the keys that can be used now. */
function listedKeys(ctx: Ctx, actor: RemoteActor): Map<string, string> {
  const at = now(ctx);
  return new Map([...rsaKeys(actor), ...multikeys(actor)]);

  function usable(key: { revoked: string | null; expires: string | null }): boolean {
    return (key.revoked === null || key.revoked > at) && (key.expires === null || key.expires > at);
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
