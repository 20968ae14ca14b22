import type { JsonObject } from '../../../federation/ports.js';

/** What had to be changed in a payload besides its sender's host. */
export type Adaptation = 'template' | 'actor' | 'id' | 'target' | 'recipient';

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The id that a property refers to, as loosely as senders write it. */
export function looseId(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return looseId(value[0]);
  if (!isObject(value)) return null;
  const { id, '@id': keyword } = value;
  return typeof id === 'string' ? id : typeof keyword === 'string' ? keyword : null;
}

export const hostIn = (id: string | null): string | null =>
  /^https?:\/\/([^/?#\s"]+)/i.exec(id ?? '')?.[1] ?? null;

/** Some payloads are templates of test suites. */
export function fillTemplate(text: string): { text: string; filled: boolean } {
  const filled = text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) =>
    /domain/i.test(name) ? 'template.example' : /nick|user/i.test(name) ? 'nick' : '1',
  );
  return { text: filled, filled: filled !== text };
}

/** Whose host becomes that of the peer: the actor's, else the author's, else the document's own. */
export function senderHost(json: unknown, kind: string): string | null {
  if (!isObject(json)) return null;
  const object = isObject(json['object']) ? json['object'] : {};
  const own = looseId(json);
  const ids =
    kind === 'activity'
      ? [looseId(json['actor']), looseId(object['attributedTo']), own]
      : [own, looseId(json['attributedTo'])];
  return ids.map(hostIn).find((host) => host !== null) ?? null;
}

/**
 * Moves everything that is said of a host (and the names below it) to another origin, in the text, so that whatever is
 * odd about the JSON stays. Other hosts stay foreign; those that mean this machine are taken away.
 */
export function moveHost(text: string, host: string | null, origin: string): string {
  const target = origin.replace('http://', '');
  const slashes = String.raw`(https?):((?:\\?/){2})`;
  const end = String.raw`(?=[/"?#\\\s<'&)]|$)`;
  const below = String.raw`((?:[a-z0-9_-]+\.)*)`;
  const moved =
    host === null
      ? text
      : text.replaceAll(
          new RegExp(`${slashes}${below}${escape(host)}${end}`, 'gi'),
          (_, _scheme: string, gap: string, names: string) => `http:${gap}${names}${target}`,
        );
  return moved.replaceAll(
    new RegExp(`${slashes}(?:localhost|127\\.0\\.0\\.1|\\[::1\\])(?::\\d+)?${end}`, 'gi'),
    (_, scheme: string, gap: string) => `${scheme}:${gap}this-machine.invalid`,
  );
}

const escape = (literal: string): string => literal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
