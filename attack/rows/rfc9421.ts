import { createSign } from 'node:crypto';
import type { Actor, Json } from '../peer.js';
import { NotApplicable } from '../row.js';
import type { Stage } from '../stage.js';
import { digestOf, type Lines } from '../wire.js';

/** The other dialect: what it covers, and which of several signatures counts. */
export async function rfc9421(t: Stage): Promise<void> {
  const made = (
    by: Actor,
    body: string,
    given: { cover?: readonly string[]; created?: number | null },
  ): Lines => {
    const { cover = ['@method', '@target-uri', 'content-digest'], created = Math.floor(Date.now() / 1000) } =
      given;
    const contentDigest = `sha-256=:${digestOf(body).slice('SHA-256='.length)}:`;
    const values: Json = {
      '@method': 'POST',
      '@target-uri': t.target.actor?.inbox,
      'content-digest': contentDigest,
    };
    const list = cover.map((name) => `"${name}"`).join(' ');
    const parameters = `(${list})${created === null ? '' : `;created=${created}`};keyid="${by.keyId}"`;
    const base = [
      ...cover.map((name) => `"${name}": ${String(values[name])}`),
      `"@signature-params": ${parameters}`,
    ].join('\n');
    const signature = createSign('sha256').update(base).sign(by.privateKey, 'base64');
    return [
      ['Content-Type', 'application/activity+json'],
      ['Content-Digest', contentDigest],
      ['Signature-Input', `sig1=${parameters}`],
      ['Signature', `sig1=:${signature}:`],
    ];
  };
  const good = t.guest();
  const body = JSON.stringify(t.follow(good));
  const control = await t.send(good, { body, lines: made(good, body, {}) });
  if (control.status >= 300) throw new NotApplicable('it takes no RFC 9421 signatures');
  for (const [what, given] of [
    ['without created', { created: null }],
    ['created a day ago', { created: Math.floor(Date.now() / 1000) - 90_000 }],
    ['method not signed', { cover: ['@target-uri', 'content-digest'] }],
    ['target not signed', { cover: ['@method', 'content-digest'] }],
    ['body not signed', { cover: ['@method', '@target-uri'] }],
  ] as [string, { cover?: string[]; created?: number | null }][]) {
    const by = t.stranger();
    const sent = JSON.stringify(t.follow(by));
    await t.refuses(what, by, { body: sent, lines: made(by, sent, given) });
  }
}
