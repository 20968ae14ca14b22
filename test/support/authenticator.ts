import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';

/** What a test may bend about a ceremony. */
export interface Bent {
  origin?: string;
  rpId?: string;
  challenge?: string;
  type?: string;
  /** Bits of the authenticator data (WebAuthn 6.1): 1 present, 4 verified, 64 with a credential. */
  flags?: number;
  counter?: number;
  crossOrigin?: boolean;
  userHandle?: string | null;
  /** COSE algorithm that a new key claims. */
  algorithm?: number;
  /** Signs with a key that is not the one that was registered. */
  key?: KeyObject;
  credentialId?: string;
  /** Format and statement of the attestation, CBOR. */
  attestation?: { format: string; statement: Buffer };
}

export interface Authenticator {
  credentialId: string;
  /** Answers the options of `navigator.credentials.create`, both as JSON. */
  create(options: string, bent?: Bent): string;
  /** Answers the options of `navigator.credentials.get`, both as JSON. */
  get(options: string, bent?: Bent): string;
}

const present = 1;
const verified = 4;
const attested = 64;
const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const base64url = (data: string | Buffer): string => Buffer.from(data).toString('base64url');

/** A passkey in software, written for these tests: one real P-256 key, a counter, attestation `none`. */
export function createAuthenticator(origin: string): Authenticator {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = randomBytes(32);
  const credentialId = base64url(id);
  const jwk = publicKey.export({ format: 'jwk' });
  let counter = 0;
  let owner = '';

  const clientData = (type: string, challenge: string, bent: Bent): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: bent.type ?? type,
        challenge: bent.challenge ?? challenge,
        origin: bent.origin ?? origin,
        crossOrigin: bent.crossOrigin ?? false,
      }),
    );
  const authData = (rpId: string, flags: number, bent: Bent): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt8(bent.flags ?? flags, 0);
    head.writeUInt32BE(bent.counter ?? (counter += 1), 1);
    return Buffer.concat([sha256(bent.rpId ?? rpId), head]);
  };
  const answer = (response: object, bent: Bent): string => {
    const shown = bent.credentialId ?? credentialId;
    return JSON.stringify({ id: shown, rawId: shown, type: 'public-key', response });
  };
  return {
    credentialId,
    create(options, bent = {}) {
      const { challenge, rp, user } = JSON.parse(options) as {
        challenge: string;
        rp: { id: string };
        user: { id: string };
      };
      owner = user.id;
      const key = coseKey(jwk, bent.algorithm ?? -7);
      const size = Buffer.from([0, id.length]);
      const data = Buffer.concat([
        authData(rp.id, present | verified | attested, bent),
        Buffer.alloc(16),
        size,
        id,
        key,
      ]);
      const { format, statement } = bent.attestation ?? { format: 'none', statement: map([]) };
      const object = map([
        [text('fmt'), text(format)],
        [text('attStmt'), statement],
        [text('authData'), bytes(data)],
      ]);
      const client = clientData('webauthn.create', challenge, bent);
      const response = {
        clientDataJSON: base64url(client),
        attestationObject: base64url(object),
        transports: ['internal'],
      };
      return answer(response, bent);
    },
    get(options, bent = {}) {
      const { challenge, rpId } = JSON.parse(options) as { challenge: string; rpId: string };
      const data = authData(rpId, present | verified, bent);
      const client = clientData('webauthn.get', challenge, bent);
      const signature = createSign('sha256')
        .update(Buffer.concat([data, sha256(client)]))
        .sign(bent.key ?? privateKey);
      const response = {
        clientDataJSON: base64url(client),
        authenticatorData: base64url(data),
        signature: base64url(signature),
        userHandle: bent.userHandle === undefined ? owner : bent.userHandle,
      };
      return answer(response, bent);
    },
  };
}

/** EC2 key of COSE (RFC 9053): type, algorithm, curve, coordinates. */
function coseKey({ x = '', y = '' }: { x?: string; y?: string }, algorithm: number): Buffer {
  return map([
    [int(1), int(2)],
    [int(3), int(algorithm)],
    [int(-1), int(1)],
    [int(-2), bytes(Buffer.from(x, 'base64url'))],
    [int(-3), bytes(Buffer.from(y, 'base64url'))],
  ]);
}

/** The little of CBOR (RFC 8949) that is needed. */
function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}

const int = (value: number): Buffer => (value >= 0 ? head(0, value) : head(1, -1 - value));
const bytes = (value: Buffer): Buffer => Buffer.concat([head(2, value.length), value]);
const text = (value: string): Buffer =>
  Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
const map = (pairs: readonly (readonly [Buffer, Buffer])[]): Buffer =>
  Buffer.concat([head(5, pairs.length), ...pairs.flat()]);

export const cbor = { int, bytes, text, map };
