import { entriesOf } from './collection.js';
import { dateOf } from './dates.js';
import { contextLanguage, languageTag } from './languages.js';
import { LIMITS } from './limits.js';
import { isActivityType } from './names.js';
import { emojiOf, type RemoteEmoji } from './tags.js';
import { filledText, idOf, idsOf, isRecord, list, ownIdOf, text, typesOf, type Loose } from './values.js';
import type { JsonObject } from '../ports.js';

/** An activity of another server, read and bounded; what is embedded in it is still untrusted JSON. */
export interface RemoteActivity {
  /** Null: a transient activity; it can be processed but not stored or referred to. */
  id: string | null;
  /** The first known type, else the first. */
  type: string;
  types: string[];
  /** The one actor. Nothing but the id is taken from an embedded actor. */
  actor: string;
  /** The first object: its id (null when it is embedded without one), and itself when it is embedded. */
  object: string | null;
  embedded: JsonObject | null;
  /** All objects as sent (Flag names several). */
  objects: (string | JsonObject)[];
  objectIds: string[];
  target: string | null;
  origin: string | null;
  instrument: string | null;
  /** FEP-044f: the approval that comes with an Accept. */
  result: string | null;
  to: string[];
  cc: string[];
  audience: string[];
  /** Flag: the comment. Like and EmojiReact: the emoji. Plain text. */
  content: string | null;
  summary: string | null;
  published: string | null;
  updated: string | null;
  /** What the document's `@context` declares, for the embedded object. */
  defaultLanguage: string | null;
}

export type InvalidActivity = {
  invalid: 'not-an-object' | 'no-type' | 'no-actor' | 'several-actors' | 'conflicting-id';
};

/** An actor may be written as an id, as an object or in a list; more than one is nobody we could hold to account. */
function actorOf(value: unknown): string | 'no-actor' | 'several-actors' {
  const entries = list(value, 2);
  if (entries.length > 1) return 'several-actors';
  return idOf(entries[0]) ?? 'no-actor';
}

function participantsOf(activity: Loose) {
  const objects = entriesOf(activity['object'], LIMITS.objects);
  const lead = objects[0] ?? null;
  return {
    object: idOf(lead),
    embedded: typeof lead === 'string' ? null : lead,
    objects,
    objectIds: idsOf(objects, LIMITS.objects),
    target: idOf(activity['target']),
    origin: idOf(activity['origin']),
    instrument: idOf(activity['instrument']),
    result: idOf(activity['result']),
    to: idsOf(activity['to']),
    cc: idsOf(activity['cc']),
    audience: idsOf(activity['audience']),
  };
}

const holdsId = (activity: Loose): boolean =>
  typeof activity['id'] === 'string' && typeof activity['@id'] === 'string';

/**
 * Reads an activity (ActivityStreams section 4.3). Never throws. Unknown types are read as well, so that they can be
 * recorded as ignored.
 */
export function parseActivity(json: unknown): RemoteActivity | InvalidActivity {
  const activity = json;
  if (!isRecord(activity)) return { invalid: 'not-an-object' };
  const types = typesOf(activity);
  const type = types.find(isActivityType) ?? types[0];
  if (type === undefined) return { invalid: 'no-type' };
  const id = ownIdOf(activity);
  if (id === null && holdsId(activity)) return { invalid: 'conflicting-id' };
  const actor = actorOf(activity['actor']);
  if (actor === 'no-actor' || actor === 'several-actors') return { invalid: actor };
  return {
    id,
    type,
    types,
    actor,
    ...participantsOf(activity),
    content: filledText(activity['content'], LIMITS.summary),
    summary: filledText(activity['summary'], LIMITS.summary),
    published: dateOf(activity['published']),
    updated: dateOf(activity['updated']),
    defaultLanguage: contextLanguage(activity) ?? languageTag(activity['@language']),
  };
}

/** An emoji reaction: Pleroma's EmojiReact, or a Like that carries an emoji (Misskey, Mitra). */
export interface RemoteReaction {
  /** A Unicode emoji, or `:shortcode:`. */
  content: string;
  emoji: RemoteEmoji | null;
}

/** One or a few Unicode emoji; not the words of old Misskey ("pudding"). */
const isUnicodeEmoji = (value: string): boolean =>
  /^(?:\p{Extended_Pictographic}|\p{Emoji_Component})+$/u.test(value) &&
  /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u.test(value);

/** The emoji of a Like or EmojiReact; null for a plain Like. Misskey sends its plain like as "❤". */
export function reactionOf(json: unknown): RemoteReaction | null {
  if (!isRecord(json)) return null;
  const content = text(json['content'], 256)?.trim() || (text(json['_misskey_reaction'], 256)?.trim() ?? '');
  if (content === '') return null;
  // Akkoma names the emoji's home: `:blob@a.example:`.
  const shortcode = /^:([A-Za-z0-9_+-]+)(?:@[^:\s]+)?:$/.exec(content)?.[1] ?? null;
  if (shortcode === null)
    return content.length <= 64 && isUnicodeEmoji(content) ? { content, emoji: null } : null;
  for (const tag of list(json['tag'], LIMITS.tags)) {
    const emoji = isRecord(tag) && typesOf(tag).includes('Emoji') ? emojiOf(tag) : null;
    if (emoji?.shortcode === shortcode) return { content: `:${shortcode}:`, emoji };
  }
  return { content: `:${shortcode}:`, emoji: null };
}
