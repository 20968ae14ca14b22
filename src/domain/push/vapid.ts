import { createECDH, createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Ctx } from '../ctx.js';
import { getInstance } from '../instance.js';

/** The key by which push services know this server (RFC 8292): P-256, base64url, the private part sealed. */
interface Vapid {
  publicKey: string;
  privateKey: string;
}

const purpose = 'vapid';
const validForSeconds = 12 * 3600;

/** The public key that clients subscribe with. Made once: a new one would make every subscription useless. */
export async function vapidPublicKey(ctx: Ctx): Promise<string> {
  const known = (await getInstance(ctx)).vapid;
  if (known) return known.publicKey;
  const pair = createECDH('prime256v1');
  const publicKey = pair.generateKeys().toString('base64url');
  const sealedPrivateKey = await ctx.seals.seal(purpose, padded(pair.getPrivateKey()).toString('base64url'));
  await ctx.db.instance.updateOne(
    { _id: '1', vapid: { $exists: false } },
    { $set: { vapid: { publicKey, sealedPrivateKey } } },
  );
  const stored = (await getInstance(ctx)).vapid;
  if (!stored) throw new Error('The key for Web Push could not be stored');
  return stored.publicKey;
}

async function load(ctx: Ctx): Promise<Vapid> {
  const publicKey = await vapidPublicKey(ctx);
  const { vapid } = await getInstance(ctx);
  const privateKey = vapid ? await ctx.seals.open(purpose, vapid.sealedPrivateKey) : null;
  if (privateKey === null)
    throw new Error(
      'The key for Web Push cannot be unsealed: secrets.json or LANDFALL_SECRET is another instance’s',
    );
  return { publicKey, privateKey };
}

/** Short private keys lose their leading zeros otherwise. */
const padded = (key: Buffer): Buffer => Buffer.concat([Buffer.alloc(32 - key.length), key]);

/** A statement of who pushes, good for one push service for some hours. */
export async function vapidToken(ctx: Ctx, endpoint: string): Promise<{ jwt: string; publicKey: string }> {
  const { publicKey, privateKey } = await load(ctx);
  const point = Buffer.from(publicKey, 'base64url');
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33, 65).toString('base64url'),
      d: privateKey,
    },
  });
  const { contactEmail } = await getInstance(ctx);
  const now = Math.floor(ctx.clock.now().getTime() / 1000);
  const jwt = await new SignJWT({})
    .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
    .setAudience(new URL(endpoint).origin)
    .setSubject(contactEmail ? `mailto:${contactEmail}` : ctx.names.origin)
    .setExpirationTime(now + validForSeconds)
    .sign(key);
  return { jwt, publicKey };
}
