import type { Preferences } from '../../model/account.js';
import type { Marker } from '../../model/relations.js';
import { toTime } from './view.js';

export function toPreferences(preferences: Preferences) {
  return {
    'posting:default:visibility': preferences.defaultVisibility,
    'posting:default:sensitive': preferences.defaultSensitive,
    'posting:default:language': preferences.defaultLanguage,
    'posting:default:quote_policy': preferences.defaultQuotePolicy ?? 'public',
    'reading:expand:media': preferences.expandMedia,
    'reading:expand:spoilers': preferences.expandSpoilers,
  };
}

/** By timeline. */
export function toMarkers(markers: readonly Marker[]) {
  return Object.fromEntries(
    markers.map((m) => [
      m.timeline,
      { last_read_id: m.lastReadId, version: m.version, updated_at: toTime(m.updatedAt) },
    ]),
  );
}
