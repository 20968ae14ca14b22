/** What this program calls itself. A test compares the version with package.json. */
export const software = {
  name: 'landfall',
  title: 'Landfall',
  version: '0.1.0',
  /**
   * The Mastodon whose client API this is, before our own name: clients read the first number of the version to know
   * what they may use.
   */
  mastodonVersion: '4.5.0',
} as const;

/** `4.5.0 (compatible; Landfall 0.1.0)` */
export const compatibleVersion = `${software.mastodonVersion} (compatible; ${software.title} ${software.version})`;
