import { createCipheriv, createECDH, hkdfSync, randomBytes, type ECDH } from 'node:crypto';

/** The receiver's keys, base64url: an uncompressed P-256 point and 16 random bytes. */
export interface PushKeys {
  p256dh: string;
  auth: string;
}

export interface EncryptedPush {
  body: Buffer;
  headers: Record<string, string>;
}

/** What is random in an encryption; given only by tests of the specification's examples. */
export interface Randomness {
  sender: ECDH;
  salt: Buffer;
}

const recordSize = 4096;

function fresh(): Randomness {
  const sender = createECDH('prime256v1');
  sender.generateKeys();
  return { sender, salt: randomBytes(16) };
}

function derive(secret: Buffer, salt: Buffer, { info, length }: { info: Buffer; length: number }): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length));
}

function encrypt(plain: Buffer, key: Buffer, nonce: Buffer): Buffer {
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

const text = (value: string): Buffer => Buffer.from(value, 'latin1');

/** Message encryption for Web Push (RFC 8291, with the aes128gcm coding of RFC 8188), in one record. */
export function encryptStandard(
  message: Buffer,
  keys: PushKeys,
  random: Randomness = fresh(),
): EncryptedPush {
  const { sender, salt } = random;
  const receiver = Buffer.from(keys.p256dh, 'base64url');
  const own = sender.getPublicKey();
  const shared = sender.computeSecret(receiver);
  const keyInfo = Buffer.concat([text('WebPush: info\0'), receiver, own]);
  const secret = derive(shared, Buffer.from(keys.auth, 'base64url'), { info: keyInfo, length: 32 });
  const key = derive(secret, salt, { info: text('Content-Encoding: aes128gcm\0'), length: 16 });
  const nonce = derive(secret, salt, { info: text('Content-Encoding: nonce\0'), length: 12 });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(recordSize, 0);
  head.writeUInt8(own.length, 4);
  // The delimiter of the last record (RFC 8188 section 2).
  const sealed = encrypt(Buffer.concat([message, Buffer.from([2])]), key, nonce);
  return { body: Buffer.concat([salt, head, own, sealed]), headers: { 'Content-Encoding': 'aes128gcm' } };
}

/** The draft that came before (draft-ietf-webpush-encryption-04, coding aesgcm), which many clients still ask for. */
export function encryptLegacy(message: Buffer, keys: PushKeys, random: Randomness = fresh()): EncryptedPush {
  const { sender, salt } = random;
  const receiver = Buffer.from(keys.p256dh, 'base64url');
  const own = sender.getPublicKey();
  const shared = sender.computeSecret(receiver);
  const auth = Buffer.from(keys.auth, 'base64url');
  const secret = derive(shared, auth, { info: text('Content-Encoding: auth\0'), length: 32 });
  const context = Buffer.concat([text('P-256\0'), withLength(receiver), withLength(own)]);
  const info = (coding: string): Buffer => Buffer.concat([text(`Content-Encoding: ${coding}\0`), context]);
  const key = derive(secret, salt, { info: info('aesgcm'), length: 16 });
  const nonce = derive(secret, salt, { info: info('nonce'), length: 12 });
  // Two bytes tell the length of the padding: none.
  return {
    body: encrypt(Buffer.concat([Buffer.alloc(2), message]), key, nonce),
    headers: {
      'Content-Encoding': 'aesgcm',
      Encryption: `salt=${salt.toString('base64url')}`,
      'Crypto-Key': `dh=${own.toString('base64url')}`,
    },
  };
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}

/** True for a point of the curve and a secret of the right size. */
export function arePushKeys({ p256dh, auth }: PushKeys): boolean {
  if (Buffer.from(auth, 'base64url').length !== 16) return false;
  const point = Buffer.from(p256dh, 'base64url');
  if (point.length !== 65) return false;
  try {
    const probe = createECDH('prime256v1');
    probe.generateKeys();
    probe.computeSecret(point);
    return true;
  } catch {
    return false;
  }
}
