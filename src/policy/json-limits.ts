import type { JsonLimits } from '../../federation/vocabulary/json.js';

/** How large, deep and wide an activity may be, at the inbox and wherever what was taken there is read again. */
export function jsonLimits(settings: {
  inboxBytes: number;
  documentDepth: number;
  activityNodes: number;
}): JsonLimits {
  const { inboxBytes, documentDepth, activityNodes } = settings;
  return { maxBytes: inboxBytes, maxDepth: documentDepth, maxNodes: activityNodes };
}
