import { createHash } from 'node:crypto';

/** What an address comes down to, whoever spells it: lower case, no dots, nothing after a plus. As Mastodon. */
export function canonicalEmail(email: string): string {
  const [local = '', ...domain] = email.trim().toLowerCase().split('@');
  const bare = local.replaceAll('.', '').split('+', 1)[0] ?? '';
  return `${bare}@${domain.join('@')}`;
}

/** SHA-256 of the canonical address, in hexadecimal. */
export function canonicalEmailHash(email: string): string {
  return createHash('sha256').update(canonicalEmail(email)).digest('hex');
}

/** The domain of an address and its parents, the narrowest first: `a.b.example`, `b.example`, `example`. */
export function emailDomains(email: string): string[] {
  const labels = (email.trim().toLowerCase().split('@').at(-1) ?? '').split('.').filter(Boolean).slice(-20);
  return labels.map((_, i) => labels.slice(i).join('.'));
}
