import type { Settings } from './settings.js';

/** How large, deep and wide an activity may be, at the inbox and wherever what was taken there is read again. */
export function jsonLimits({ inboxBytes, documentDepth, activityNodes }: Settings) {
  return { maxBytes: inboxBytes, maxDepth: documentDepth, maxNodes: activityNodes };
}
