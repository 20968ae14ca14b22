import { createDecipheriv, createECDH, hkdfSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { arePushKeys, encryptLegacy, encryptStandard } from '../../src/domain/push/encryption.js';

/** The example of RFC 8291, appendix A. */
const example = {
  message: 'When I grow up, I want to be a watermelon',
  receiver: {
    private: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
  senderPrivate: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  body:
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_' +
    'yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

describe('encryption for Web Push', () => {
  test('agrees with the example of RFC 8291', () => {
    const sender = createECDH('prime256v1');
    sender.setPrivateKey(Buffer.from(example.senderPrivate, 'base64url'));
    const random = { sender, salt: Buffer.from(example.salt, 'base64url') };
    const { body, headers } = encryptStandard(Buffer.from(example.message), example.receiver, random);
    expect(body.toString('base64url')).toBe(example.body);
    expect(headers).toEqual({ 'Content-Encoding': 'aes128gcm' });
  });

  test('in the older form, what is sent can be read by the receiver', () => {
    const { body, headers } = encryptLegacy(Buffer.from(example.message), example.receiver);
    const receiver = createECDH('prime256v1');
    receiver.setPrivateKey(Buffer.from(example.receiver.private, 'base64url'));
    const value = (header: string | undefined, name: string): Buffer =>
      Buffer.from(new RegExp(`${name}=([\\w-]+)`).exec(header ?? '')?.[1] ?? '', 'base64url');
    const dh = value(headers['Crypto-Key'], 'dh');
    const salt = value(headers['Encryption'], 'salt');
    const size = Buffer.from([0, 65]);
    const context = Buffer.concat([Buffer.from('P-256\0'), size, receiver.getPublicKey(), size, dh]);
    const auth = Buffer.from(example.receiver.auth, 'base64url');
    const secret = Buffer.from(
      hkdfSync('sha256', receiver.computeSecret(dh), auth, Buffer.from('Content-Encoding: auth\0'), 32),
    );
    const derive = (coding: string, length: number): Buffer =>
      Buffer.from(
        hkdfSync(
          'sha256',
          secret,
          salt,
          Buffer.concat([Buffer.from(`Content-Encoding: ${coding}\0`), context]),
          length,
        ),
      );
    const decipher = createDecipheriv('aes-128-gcm', derive('aesgcm', 16), derive('nonce', 12));
    decipher.setAuthTag(body.subarray(-16));
    const plain = Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]);
    expect(plain.subarray(2).toString()).toBe(example.message);
  });

  test.each([
    [example.receiver.p256dh, example.receiver.auth, true],
    [example.receiver.p256dh, 'AAAA', false],
    ['AAAA', example.receiver.auth, false],
    [Buffer.alloc(65, 4).toString('base64url'), example.receiver.auth, false],
  ])('knows keys that can be used (%#)', (p256dh, auth, expected) => {
    expect(arePushKeys({ p256dh, auth })).toBe(expected);
  });
});
