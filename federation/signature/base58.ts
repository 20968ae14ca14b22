const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Decoding is quadratic, so the input is kept short. An Ed25519 Multikey needs 47 characters. */
const MAX_LENGTH = 128;

/** Decodes base58btc text of at most 128 characters; null when it is longer or has a foreign character. */
export function parseBase58(text: string): Buffer | null {
  if (text.length > MAX_LENGTH) return null;
  const bytes: number[] = [];
  for (const character of text) {
    let carry = ALPHABET.indexOf(character);
    if (carry < 0) return null;
    for (let i = 0; i < bytes.length; i++) {
      carry += (bytes[i] ?? 0) * 58;
      bytes[i] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 0xff);
  }
  return Buffer.concat([Buffer.alloc(leading(text, '1')), Buffer.from(bytes.reverse())]);
}

/** Encodes bytes as base58btc. For short input only: the cost is quadratic. */
export function toBase58(bytes: Uint8Array): string {
  const digits: number[] = [];
  let zeros = 0;
  for (const byte of bytes) {
    if (byte === 0 && digits.length === 0) zeros++;
    let carry = byte;
    for (let i = 0; i < digits.length; i++) {
      carry += (digits[i] ?? 0) << 8;
      digits[i] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  return (
    '1'.repeat(zeros) +
    digits
      .reverse()
      .map((digit) => ALPHABET[digit])
      .join('')
  );
}

function leading(text: string, character: string): number {
  let count = 0;
  while (text[count] === character) count++;
  return count;
}
