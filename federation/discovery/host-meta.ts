import type { JsonObject } from '../ports.js';
import { parseJsonObject } from '../vocabulary/json.js';
import { isHttpIri } from '../vocabulary/iris.js';
import { filledText, isRecord, list } from '../vocabulary/values.js';

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const escapeXml = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => escapes[sign] ?? '');
const unescapeXml = (text: string): string =>
  text.replaceAll(
    /&(?:amp|lt|gt|quot|apos);/g,
    (name) => Object.keys(escapes).find((s) => escapes[s] === name) ?? '',
  );

const templateOf = (origin: string): string => `${origin}/.well-known/webfinger?resource={uri}`;

/** `/.well-known/host-meta` as XML (RFC 6415), to be sent as `application/xrd+xml`. */
export function toHostMetaXml(origin: string): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">',
    `  <Link rel="lrdd" template="${escapeXml(templateOf(origin))}"/>`,
    '</XRD>',
    '',
  ].join('\n');
}

/** The same as JSON (`/.well-known/host-meta.json`, RFC 6415 appendix A), to be sent as `application/json`. */
export const toHostMetaJson = (origin: string): JsonObject => ({
  links: [{ rel: 'lrdd', type: 'application/jrd+json', template: templateOf(origin) }],
});

const usable = (template: string): string | null =>
  template.length <= 2048 && template.includes('{uri}') && isHttpIri(template.replace('{uri}', 'x'))
    ? template
    : null;

function fromXml(xml: string): string | null {
  // No document type, so no entities but the five of XML itself (Pleroma 2.5.4: XXE).
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) return null;
  for (const [, attributes] of xml.matchAll(/<(?:[A-Za-z]{1,16}:)?Link\s([^<>]{1,4096})>/g)) {
    const read = (name: string): string | null => {
      const [, double, single] =
        new RegExp(`(?:^|\\s)${name}\\s?=\\s?(?:"([^"]*)"|'([^']*)')`).exec(attributes ?? '') ?? [];
      return double ?? single ?? null;
    };
    const template = read('rel') === 'lrdd' ? read('template') : null;
    if (template !== null) return usable(unescapeXml(template));
  }
  return null;
}

function fromJson(body: Buffer): string | null {
  const parsed = parseJsonObject(body);
  if (parsed.outcome !== 'ok') return null;
  for (const link of list(parsed.value['links'], 64)) {
    if (isRecord(link) && link['rel'] === 'lrdd') return usable(filledText(link['template'], 4096) ?? '');
  }
  return null;
}

/**
 * The WebFinger template of another host's host-meta document, XML or JSON: a URL with `{uri}`. Null when there is none
 * that could be used. It may lead to another host; what is found there still has to confirm its subject.
 */
export function parseHostMeta(body: Buffer): string | null {
  const text = body.subarray(0, 65_536).toString('utf8').trimStart();
  return text.startsWith('{') ? fromJson(body) : fromXml(text);
}
