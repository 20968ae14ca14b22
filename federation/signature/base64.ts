/**
 * Decodes standard base64 (RFC 4648 section 4) strictly: alphabet, padding and length must be right.
 * `Buffer.from(text, 'base64')` skips what it does not know, so that many texts would mean the same bytes.
 */
export function parseBase64(text: string): Buffer | null {
  if (text.length % 4 !== 0) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
