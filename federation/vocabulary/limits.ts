/**
 * How much of a remote document is read. Texts are cut (UTF-16 units), lists end early; nothing is refused for being
 * long. The figures for names, bios, fields, aliases, poll options and alt texts are Mastodon's (INTEROP, section 2).
 */
export const LIMITS = {
  /** A whole JSON document, in bytes. */
  documentBytes: 1024 * 1024,
  /** Nesting of a JSON document. Deepest seen in the wild: about 12. */
  documentDepth: 32,
  /** Members and items of a JSON document, all levels together. */
  documentNodes: 100_000,
  /** Longer identifiers and URLs are treated as missing. */
  iri: 2048,
  username: 2048,
  displayName: 2048,
  bio: 20_480,
  profileFields: 50,
  profileFieldText: 2047,
  aliases: 256,
  publicKeys: 16,
  publicKeyText: 8192,
  content: 262_144,
  summary: 20_480,
  title: 2048,
  altText: 10_000,
  attachments: 32,
  images: 16,
  links: 64,
  pollOptions: 500,
  pollOptionText: 2048,
  /** Entries of `tag` that are looked at. */
  tags: 512,
  mentions: 128,
  hashtags: 64,
  hashtagText: 255,
  emojis: 128,
  shortcode: 128,
  /** Entries of each of `to`, `cc`, `audience`. */
  recipients: 1000,
  /** Objects of one activity (Flag names an actor and several statuses). */
  objects: 200,
  /** Items of one inline collection or page. */
  items: 1000,
  /** Languages of one `…Map`. */
  languages: 32,
  types: 8,
  policyEntries: 16,
} as const;
