const picture = /^data:(?<type>[a-z]+\/[a-z0-9.+-]+);base64,(?<data>[A-Za-z0-9+/=\s]+)$/i;

/** The bytes behind `data:image/png;base64,…` (RFC 2397), as some clients send files in text fields; null for other texts. */
export function readDataUrl(text: unknown): { data: Buffer; declaredType: string } | null {
  const found = typeof text === 'string' ? picture.exec(text)?.groups : undefined;
  if (!found) return null;
  return {
    data: Buffer.from(found['data'] ?? '', 'base64'),
    declaredType: (found['type'] ?? '').toLowerCase(),
  };
}
