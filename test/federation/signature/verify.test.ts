import { sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PublicKey } from '../../../federation/ports.js';
import type { SignatureClaim } from '../../../federation/signature/claim.js';
import { toContentDigest, toDigest } from '../../../federation/signature/digest.js';
import { toHttpDate } from '../../../federation/signature/http-date.js';
import { headersFromRaw, type SignedRequest } from '../../../federation/signature/request.js';
import { signRequest } from '../../../federation/signature/sign.js';
import { verifyRequest, verifyWithKeys, type VerifyDeps } from '../../../federation/signature/verify.js';
import { parseWebUrl } from '../../../federation/signature/web-url.js';
import { fixedClock, HOUR, makeSigner, NOW, resolverFor, resolverOf, toRequest, type Signer } from './kit.js';
import { cpuTime } from '../../support/cpu.js';

const alice = makeSigner('https://peer.example/users/alice');
const mallory = makeSigner('https://evil.example/users/mallory');
const both = () => resolverFor(alice, mallory);
const body = Buffer.from('{"type":"Like"}');
const inbox = 'https://us.example/inbox';
const date = toHttpDate(NOW);

async function decide(request: SignedRequest, deps: Partial<VerifyDeps> = {}): Promise<string> {
  const result = await verifyRequest(request, { keys: both(), clock: fixedClock(), ...deps });
  return result.outcome === 'verified' ? result.key.owner : result.reason;
}

/** Signs any list of lines as draft-cavage, right or wrong. */
function cavage(lines: Record<string, string>, parameters = '', signer: Signer = alice): string {
  const text = Object.entries(lines)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  const signature = sign('sha256', Buffer.from(text), signer.signing.privateKey).toString('base64');
  const names = Object.keys(lines).join(' ');
  return `keyId="${signer.signing.keyId}",headers="${names}"${parameters},signature="${signature}"`;
}

const good = { '(request-target)': 'post /inbox', host: 'us.example', date, digest: toDigest(body) };
const fields = { host: 'us.example', date, digest: toDigest(body) };
const post = (headers: Record<string, string | string[]> | string[]) =>
  toRequest('POST', inbox, headers, body);
const without = (...names: (keyof typeof good)[]) =>
  Object.fromEntries(Object.entries(good).filter(([name]) => !names.includes(name as keyof typeof good)));

/** Signs any components as RFC 9421, right or wrong. */
function rfc9421(lines: Record<string, string>, parameters?: string, signer: Signer = alice, label = 'sig1') {
  const names = Object.keys(lines).map((name) => `"${name}"`);
  const list = `(${names.join(' ')})${parameters ?? `;created=${NOW.getTime() / 1000};keyid="${signer.signing.keyId}"`}`;
  const base =
    Object.entries(lines)
      .map(([name, value]) => `"${name}": ${value}\n`)
      .join('') + `"@signature-params": ${list}`;
  const signature = sign('sha256', Buffer.from(base), signer.signing.privateKey).toString('base64');
  return { 'signature-input': `${label}=${list}`, signature: `${label}=:${signature}:` };
}
const rfcLines = { '@method': 'POST', '@target-uri': inbox, 'content-digest': toContentDigest(body) };
const rfcFields = { host: 'us.example', 'content-digest': toContentDigest(body) };
const created = NOW.getTime() / 1000;

describe('draft-cavage: what must be signed', () => {
  const unix = (offset: number) => String(created + offset);
  test.each([
    ['all of it', { ...fields, signature: cavage(good) }, alice.published.owner],
    ['no digest', { ...fields, signature: cavage(without('digest')) }, 'digest-not-signed'],
    ['no request-target', { ...fields, signature: cavage(without('(request-target)')) }, 'target-not-signed'],
    ['no host', { ...fields, signature: cavage(without('host')) }, 'host-not-signed'],
    [
      'no date, though a fresh one is there',
      { ...fields, signature: cavage(without('date')) },
      'date-not-signed',
    ],
    ['date alone', { ...fields, signature: cavage({ date }) }, 'target-not-signed'],
    [
      'no list',
      { ...fields, signature: cavage({ date }).replace('headers="date",', '') },
      'target-not-signed',
    ],
    [
      'an unknown pseudo header',
      { ...fields, signature: cavage({ ...good, '(opaque)': 'x' }) },
      'unsupported-component',
    ],
    [
      'request-line of old drafts',
      { ...fields, signature: cavage({ ...without('(request-target)'), 'request-line': 'x' }) },
      'target-not-signed',
    ],
    [
      'a field that is not there',
      { ...fields, signature: cavage({ ...good, 'x-a': '1' }) },
      'missing-header',
    ],
    [
      'a field from the prototype',
      { ...fields, signature: cavage({ ...good, constructor: '1' }) },
      'missing-header',
    ],
    [
      'content-digest in place of digest',
      {
        host: 'us.example',
        date,
        'content-digest': toContentDigest(body),
        signature: cavage({ ...without('digest'), 'content-digest': toContentDigest(body) }),
      },
      alice.published.owner,
    ],
    [
      'a good signed digest beside a bad unsigned one',
      { ...fields, 'content-digest': toContentDigest(Buffer.from('x')), signature: cavage(good) },
      'digest-mismatch',
    ],
    [
      'a bad unsigned digest beside a good signed one',
      {
        ...fields,
        digest: toDigest(Buffer.from('x')),
        'content-digest': toContentDigest(body),
        signature: cavage({ ...without('digest'), 'content-digest': toContentDigest(body) }),
      },
      'digest-mismatch',
    ],
    [
      'a weak digest',
      { ...fields, digest: 'MD5=AAAA', signature: cavage({ ...good, digest: 'MD5=AAAA' }) },
      'digest-weak',
    ],
    [
      '(created) in place of date',
      { ...fields, signature: cavage({ ...without('date'), '(created)': unix(0) }, `,created=${unix(0)}`) },
      alice.published.owner,
    ],
    [
      '(created) quoted, hs2019',
      {
        ...fields,
        signature: cavage(
          { ...without('date'), '(created)': unix(0) },
          `,algorithm="hs2019",created="${unix(0)}"`,
        ),
      },
      alice.published.owner,
    ],
    [
      '(created) without a value',
      { ...fields, signature: cavage({ ...without('date'), '(created)': unix(0) }) },
      'malformed-signature',
    ],
    [
      '(created) with rsa-sha256',
      {
        ...fields,
        signature: cavage(
          { ...without('date'), '(created)': unix(0) },
          `,algorithm="rsa-sha256",created=${unix(0)}`,
        ),
      },
      'malformed-signature',
    ],
    [
      'created, but not signed',
      { ...fields, signature: cavage(without('date'), `,created=${unix(0)}`) },
      'date-not-signed',
    ],
    [
      '(expires) ahead',
      { ...fields, signature: cavage({ ...good, '(expires)': unix(9) }, `,expires=${unix(9)}`) },
      alice.published.owner,
    ],
    [
      '(expires) past',
      { ...fields, signature: cavage({ ...good, '(expires)': unix(-9) }, `,expires=${unix(-9)}`) },
      'expired',
    ],
    ['expires past, not signed', { ...fields, signature: cavage(good, `,expires=${unix(-9)}`) }, 'expired'],
    [
      '(created) too old with a long life',
      {
        ...fields,
        signature: cavage(
          { ...without('date'), '(created)': unix(-13 * 3600), '(expires)': unix(864_000) },
          `,created=${unix(-13 * 3600)},expires=${unix(864_000)}`,
        ),
      },
      'too-old',
    ],
  ])('%s', async (_, headers, result) => {
    expect(await decide(post(headers))).toBe(result);
  });

  test('one signed field over several lines is joined', async () => {
    const lines = { ...good, 'x-a': '1, 2' };
    expect(await decide(post({ ...fields, 'X-A': ['1', ' 2 '], signature: cavage(lines) }))).toBe(
      alice.published.owner,
    );
    expect(await decide(post({ ...fields, 'X-A': ['2', '1'], signature: cavage(lines) }))).toBe(
      'bad-signature',
    );
  });

  test('bytes beyond ASCII are signed as they came', async () => {
    const text = Object.entries({ ...good, 'x-a': 'é' })
      .map(([n, v]) => `${n}: ${v}`)
      .join('\n');
    const signature = sign('sha256', Buffer.from(text, 'utf8'), alice.signing.privateKey).toString('base64');
    const header = `keyId="${alice.signing.keyId}",headers="${Object.keys(good).join(' ')} x-a",signature="${signature}"`;
    // Node hands over each byte as one character.
    const wire = Buffer.from('é', 'utf8').toString('latin1');
    expect(await decide(post({ ...fields, 'x-a': wire, signature: header }))).toBe(alice.published.owner);
  });

  test.each(['a\nb', 'a\rb', 'a\0b', 'Ł'])('a field with %p cannot be signed', async (value) => {
    const headers = { ...fields, 'x-a': value, signature: cavage({ ...good, 'x-a': value }) };
    expect(await decide(post(headers))).toBe('missing-header');
  });

  test('the request target may leave out the query, not change it', async () => {
    const lines = { '(request-target)': 'get /x', host: 'us.example', date };
    const get = (path: string, target: string) =>
      toRequest('GET', `https://us.example${path}`, {
        host: 'us.example',
        date,
        signature: cavage({ ...lines, '(request-target)': target }),
      });
    expect(await decide(get('/x?a=1', 'get /x?a=1'))).toBe(alice.published.owner);
    expect(await decide(get('/x?a=1', 'get /x'))).toBe(alice.published.owner);
    expect(await decide(get('/x?a=2', 'get /x?a=1'))).toBe('bad-signature');
    expect(await decide(get('/x', 'get /x?a=1'))).toBe('bad-signature');
    expect(await decide(get('/x', 'post /x'))).toBe('bad-signature');
  });

  test('a GET with a body must sign it', async () => {
    const lines = { '(request-target)': 'get /x', host: 'us.example', date };
    const request = toRequest(
      'GET',
      'https://us.example/x',
      { host: 'us.example', date, signature: cavage(lines) },
      body,
    );
    expect(await decide(request)).toBe('digest-not-signed');
  });
});

describe('RFC 9421: what must be signed', () => {
  const query = 'https://us.example/inbox?x=1';
  const parts = {
    '@method': 'POST',
    '@authority': 'us.example',
    '@path': '/inbox',
    'content-digest': toContentDigest(body),
  };
  const owner = alice.published.owner;
  const keyid = `;keyid="${alice.signing.keyId}"`;
  const omit = (lines: Record<string, string>, name: string) =>
    Object.fromEntries(Object.entries(lines).filter(([n]) => n !== name));

  test.each([
    ['method, target, digest', inbox, rfc9421(rfcLines), owner],
    ['no method', inbox, rfc9421(omit(rfcLines, '@method')), 'target-not-signed'],
    ['no target', inbox, rfc9421(omit(rfcLines, '@target-uri')), 'host-not-signed'],
    ['no digest', inbox, rfc9421(omit(rfcLines, 'content-digest')), 'digest-not-signed'],
    ['authority and path', inbox, rfc9421(parts), owner],
    ['host and path', inbox, rfc9421({ ...omit(parts, '@authority'), host: 'us.example' }), owner],
    [
      'authority and request-target',
      inbox,
      rfc9421({ ...omit(parts, '@path'), '@request-target': '/inbox' }),
      owner,
    ],
    ['path without authority', inbox, rfc9421(omit(parts, '@authority')), 'host-not-signed'],
    ['authority without path', inbox, rfc9421(omit(parts, '@path')), 'target-not-signed'],
    ['path, but not the query', query, rfc9421(parts), 'target-not-signed'],
    ['path and query', query, rfc9421({ ...parts, '@query': '?x=1' }), owner],
    ['path and another query', query, rfc9421({ ...parts, '@query': '?x=2' }), 'bad-signature'],
    ['an absent query as the RFC says', inbox, rfc9421({ ...parts, '@query': '?' }), owner],
    ['an absent query as Misskey says', inbox, rfc9421({ ...parts, '@query': '' }), owner],
    ['the empty form where there is a query', query, rfc9421({ ...parts, '@query': '' }), 'bad-signature'],
    ['scheme too', inbox, rfc9421({ ...rfcLines, '@scheme': 'https' }), owner],
    [
      'another scheme',
      inbox,
      rfc9421({ ...rfcLines, '@target-uri': 'http://us.example/inbox' }),
      'bad-signature',
    ],
    ['no created', inbox, rfc9421(rfcLines, keyid), 'malformed-signature'],
    ['created as text', inbox, rfc9421(rfcLines, `;created="${created}"${keyid}`), 'malformed-signature'],
    ['no keyid', inbox, rfc9421(rfcLines, `;created=${created}`), 'malformed-key-id'],
    ['expired', inbox, rfc9421(rfcLines, `;created=${created - 9};expires=${created}${keyid}`), 'expired'],
    ['old', inbox, rfc9421(rfcLines, `;created=${created - 13 * 3600}${keyid}`), 'too-old'],
    ['future', inbox, rfc9421(rfcLines, `;created=${created + 2 * 3600}${keyid}`), 'in-future'],
    ['nonce and tag', inbox, rfc9421(rfcLines, `;created=${created}${keyid};nonce="a";tag="b"`), owner],
    [
      'an unknown derived component',
      inbox,
      rfc9421({ ...rfcLines, '@status': '200' }),
      'unsupported-component',
    ],
    [
      'a component from the prototype',
      inbox,
      rfc9421({ ...rfcLines, '@constructor': '200' }),
      'unsupported-component',
    ],
    ['a name in upper case', inbox, rfc9421({ ...rfcLines, Host: 'us.example' }), 'unsupported-component'],
    ['a field that is not there', inbox, rfc9421({ ...rfcLines, 'x-a': '1' }), 'missing-header'],
  ])('%s', async (_, url, signed, result) => {
    expect(await decide(toRequest('POST', url, { ...rfcFields, ...signed }, body))).toBe(result);
  });

  test('a component may come once only, and without parameters', async () => {
    const signed = rfc9421(rfcLines);
    for (const extra of ['"@method"', '"host";sf', '"@query-param";name="x"', '"@method";req']) {
      const changed = { ...signed, 'signature-input': signed['signature-input'].replace(')', ` ${extra})`) };
      expect(await decide(post({ ...rfcFields, ...changed }))).toBe('unsupported-component');
    }
  });

  test('labels must agree', async () => {
    const signed = rfc9421(rfcLines);
    const renamed = { ...signed, signature: signed.signature.replace('sig1', 'sig2') };
    expect(await decide(post({ ...rfcFields, ...renamed }))).toBe('malformed-signature');
    const { signature: _, ...inputOnly } = signed;
    expect(await decide(post({ ...rfcFields, ...inputOnly }))).toBe('malformed-signature');
  });

  test.each(['sig1="x"', 'sig1', 'sig1=()', 'sig1=:AQ==:;', 'sig1=1, sig1=2', ''])(
    'Signature %p is malformed',
    async (signature) => {
      expect(await decide(post({ ...rfcFields, ...rfc9421(rfcLines), signature }))).toBe(
        'malformed-signature',
      );
    },
  );
});

describe('RFC 9421: several labels', () => {
  const join = (...signed: ReturnType<typeof rfc9421>[]) => ({
    ...rfcFields,
    'signature-input': signed.map((s) => s['signature-input']).join(', '),
    signature: signed.map((s) => s.signature).join(', '),
  });
  const a = rfc9421(rfcLines, undefined, alice, 'a');
  const m = rfc9421(rfcLines, undefined, mallory, 'm');
  const broken = (s: typeof a) => ({ ...s, signature: s.signature.replace(/.{8}==:$/, 'AAAAAAAA==:') });

  test('the one that verifies decides who signed', async () => {
    expect(await decide(post(join(a, m)))).toBe(alice.published.owner);
    expect(await decide(post(join(broken(a), m)))).toBe(mallory.published.owner);
    expect(await decide(post(join(m, broken(a))))).toBe(mallory.published.owner);
    expect(await decide(post(join(broken(a), broken(m))))).toBe('bad-signature');
  });

  test('a label that covers too little does not count', async () => {
    const poor = rfc9421({ '@method': 'POST' }, undefined, alice, 'p');
    expect(await decide(post(join(poor, m)))).toBe(mallory.published.owner);
    expect(await decide(post(join(poor)))).toBe('host-not-signed');
  });

  test('a blocked label is not asked for', async () => {
    const keys = both();
    const isBlocked = (host: string) => host === 'evil.example';
    expect(await decide(post(join(m, a)), { keys, isBlocked })).toBe(alice.published.owner);
    expect(keys.calls).toEqual([alice.published.keyId]);
    expect(await decide(post(join(m)), { keys, isBlocked })).toBe('blocked');
  });

  test('an unreachable key makes the refusal worth a retry', async () => {
    const keys = resolverOf({ [alice.published.keyId]: 'unavailable', [mallory.published.keyId]: 'refused' });
    const deps = { keys, clock: fixedClock() };
    for (const request of [post(join(a, m)), post(join(m, a))])
      expect(await verifyRequest(request, deps)).toEqual({
        outcome: 'refused',
        reason: 'key-unavailable',
        retryable: true,
      });
  });

  test('no more than three labels cost anything', async () => {
    const many = Array.from({ length: 10 }, (_, i) =>
      rfc9421(rfcLines, `;created=${created};keyid="https://victim.example/${i}"`, alice, `l${i}`),
    );
    const keys = both();
    expect(await decide(post(join(...many)), { keys })).toBe('key-unavailable');
    expect(keys.calls).toHaveLength(3);
  });
});

describe('carriers', () => {
  const signature = cavage(good);
  const lines = (...pairs: [string, string][]) => post([...Object.entries(fields).flat(), ...pairs.flat()]);

  test('none', async () => {
    expect(await decide(post(fields))).toBe('unsigned');
    expect(await decide(post({ ...fields, authorization: 'Bearer abc' }))).toBe('unsigned');
    expect(await decide(post({ ...fields, authorization: 'Signature' }))).toBe('unsigned');
  });

  test('Authorization alone is read', async () => {
    expect(await decide(post({ ...fields, authorization: `Signature ${signature}` }))).toBe(
      alice.published.owner,
    );
    expect(await decide(post({ ...fields, authorization: `signature ${signature}` }))).toBe(
      alice.published.owner,
    );
  });

  test('two carriers are refused, whoever they name', async () => {
    const other = cavage(good, '', mallory);
    for (const authorization of [`Signature ${signature}`, `Signature ${other}`])
      expect(await decide(post({ ...fields, signature, authorization }))).toBe('ambiguous-headers');
    const rfc = {
      ...fields,
      ...rfcFields,
      ...rfc9421(rfcLines, undefined, mallory),
      authorization: `Signature ${signature}`,
    };
    expect(await decide(post(rfc))).toBe('ambiguous-headers');
  });

  test('with Signature-Input nothing falls back to draft-cavage', async () => {
    const input = rfc9421(rfcLines)['signature-input'];
    expect(await decide(post({ ...fields, ...rfcFields, signature, 'signature-input': input }))).toBe(
      'malformed-signature',
    );
    expect(await decide(post({ ...fields, signature, 'signature-input': '' }))).toBe('malformed-signature');
  });

  test.each([
    ['Signature', signature],
    ['Date', date],
    ['Digest', fields.digest],
    ['Host', 'us.example'],
    ['Content-Type', 'application/json'],
    ['Authorization', 'Bearer x'],
    ['Signature-Input', 'a=()'],
    ['Content-Digest', toContentDigest(body)],
  ])('two lines of %s are refused, though they are equal', async (name, value) => {
    const rest = Object.entries({ ...fields, signature }).filter(([n]) => n !== name.toLowerCase());
    expect(await decide(post([...rest.flat(), name, value, name.toUpperCase(), value]))).toBe(
      'ambiguous-headers',
    );
  });

  test('joined by a proxy they are refused too', async () => {
    expect(await decide(post({ ...fields, signature: `${signature}, ${signature}` }))).toBe(
      'malformed-signature',
    );
    expect(
      await decide(
        post({
          ...fields,
          date: `${date}, ${date}`,
          signature: cavage({ ...good, date: `${date}, ${date}` }),
        }),
      ),
    ).toBe('date-malformed');
    const digest = `${fields.digest}, ${fields.digest}`;
    expect(await decide(post({ ...fields, digest, signature: cavage({ ...good, digest }) }))).toBe(
      'digest-malformed',
    );
  });

  test('raw headers are gathered by name, nothing is lost, nothing reaches the prototype', () => {
    const headers = headersFromRaw(['A', '1', 'b', '2', 'a', '3', 'A', '4', '__proto__', 'x', 'odd']);
    expect({ ...headers }).toEqual({ a: ['1', '3', '4'], b: '2', ['__proto__']: 'x' });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect(lines(['x-a', '1']).headers['x-a']).toBe('1');
  });
});

describe('the host must be one of ours', () => {
  const signedFor = (host: string) => post({ ...fields, host, signature: cavage({ ...good, host }) });
  test.each([
    ['us.example', alice.published.owner],
    ['US.EXAMPLE', alice.published.owner],
    ['us.example:443', alice.published.owner],
    ['us.example:8443', 'wrong-host'],
    ['us.example.', 'wrong-host'],
    ['us.example.evil.example', 'wrong-host'],
    ['third.example', 'wrong-host'],
    ['', 'wrong-host'],
  ])('%p', async (host, result) => {
    expect(await decide(signedFor(host))).toBe(result);
  });

  test('any of several', async () => {
    expect(await decide({ ...signedFor('old.example'), hosts: ['us.example', 'old.example'] })).toBe(
      alice.published.owner,
    );
  });

  test('a forwarded host counts for nothing', async () => {
    const headers = {
      ...fields,
      host: 'third.example',
      'x-forwarded-host': 'us.example',
      signature: cavage({ ...good, host: 'third.example' }),
    };
    expect(await decide(post(headers))).toBe('wrong-host');
    const claimed = {
      ...fields,
      'x-forwarded-host': 'third.example',
      signature: cavage({ ...good, host: 'third.example' }),
    };
    expect(await decide(post(claimed))).toBe('bad-signature');
  });

  test('none at all', async () => {
    const { host: _, ...rest } = fields;
    expect(await decide(post({ ...rest, signature: cavage(good) }))).toBe('wrong-host');
  });
});

describe('key ids', () => {
  function named(keyId: string) {
    const keys = resolverOf({ [keyId]: { ...alice.published, keyId } });
    const signature = cavage(good).replace(alice.signing.keyId, keyId);
    return { request: post({ ...fields, signature }), keys };
  }

  test.each([
    'https://peer.example/users/alice#main-key',
    'https://peer.example/users/alice/main-key',
    'https://peer.example/users/alice?key=1#main-key',
    'https://peer.example/users/alice',
    'https://PEER.example:443/users/alice#ed25519-key',
  ])('%s is asked for as it is', async (keyId) => {
    const { request, keys } = named(keyId);
    expect(await decide(request, { keys })).toBe(alice.published.owner);
    expect(keys.calls).toEqual([keyId]);
  });

  test.each([
    'acct:alice@peer.example',
    'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    'file:///etc/passwd',
    'data:application/json,{}',
    'gopher://x',
    '//evil.example/k',
    'main-key',
    'https://',
    'https://user:pass@peer.example/users/alice',
    'https://peer.example./users/alice',
    'https://peer.example/a b',
    `https://peer.example/${'a'.repeat(2100)}`,
  ])('%s is refused without asking', async (keyId) => {
    const { request, keys } = named(keyId);
    expect(await decide(request, { keys })).toBe('malformed-key-id');
    expect(keys.calls).toEqual([]);
  });

  test.each(['https://us.example/users/bob#main-key', 'https://US.EXAMPLE:443/x', 'http://us.example/x'])(
    '%s is our own and not asked for',
    async (keyId) => {
      const { request, keys } = named(keyId);
      expect(await decide(request, { keys })).toBe('local-key');
      expect(keys.calls).toEqual([]);
    },
  );

  test('an owner on another host than its key is refused', async () => {
    const keyId = 'https://evil.example/k';
    const { request, keys } = named(keyId);
    expect(await decide(request, { keys })).toBe('key-refused');
  });

  test('URLs that two parsers may read differently are none', () => {
    for (const text of [
      null,
      1,
      '',
      'x',
      'https://a\n.example',
      'https://a.example/\t',
      'https://a.example/\u007f',
      'ftp://a.example',
    ])
      expect(parseWebUrl(text)).toBeNull();
    expect(parseWebUrl('https://BÜCHER.example/ä')?.href).toBe('https://xn--bcher-kva.example/%C3%A4');
  });
});

describe('keys: first the stored one, at most one fresh copy', () => {
  const id = alice.published.keyId;
  const renewed = makeSigner(alice.published.owner);
  const withOld = post({ ...fields, signature: cavage(good) });
  const withNew = post({ ...fields, signature: cavage(good, '', renewed) });
  const run = (request: SignedRequest, keys: ReturnType<typeof resolverOf>) =>
    verifyRequest(request, { keys, clock: fixedClock() });

  test('a good signature asks once', async () => {
    const keys = resolverOf({ [id]: alice.published }, { [id]: renewed.published });
    expect(await run(withOld, keys)).toMatchObject({ outcome: 'verified', key: alice.published });
    expect(keys.calls).toEqual([id]);
  });

  test('after a rotation the fresh key verifies', async () => {
    const keys = resolverOf({ [id]: alice.published }, { [id]: renewed.published });
    expect(await run(withNew, keys)).toMatchObject({ outcome: 'verified', key: renewed.published });
    expect(keys.calls).toEqual([id, `${id} (refresh)`]);
  });

  test('a rotation to another kind of key', async () => {
    const ed = makeSigner(alice.published.owner, 'ed25519');
    const signed = signRequest('cavage', { method: 'POST', url: inbox, body, key: ed.signing, now: NOW });
    const keys = resolverOf({ [id]: alice.published }, { [id]: ed.published });
    expect(await run(toRequest('POST', inbox, signed, body), keys)).toMatchObject({
      outcome: 'verified',
      key: ed.published,
    });
  });

  test('the same key again is not tried again', async () => {
    const keys = resolverOf({ [id]: alice.published });
    expect(await run(withNew, keys)).toMatchObject({ reason: 'bad-signature', retryable: false });
    expect(keys.calls).toEqual([id, `${id} (refresh)`]);
  });

  test('a check is repeated only with another key', async () => {
    const checked: PublicKey[] = [];
    const claim: SignatureClaim = {
      dialect: 'cavage',
      keyId: id,
      keyHost: 'peer.example',
      covers: [],
      times: { date, created: null, expires: null },
      signature: Buffer.alloc(0),
      check: (key) => (checked.push(key), 'bad-signature'),
    };
    const clock = fixedClock();
    await verifyWithKeys([claim], { keys: resolverOf({ [id]: alice.published }), clock });
    expect(checked).toEqual([alice.published]);
    await verifyWithKeys([claim], {
      keys: resolverOf({ [id]: alice.published }, { [id]: renewed.published }),
      clock,
    });
    expect(checked).toEqual([alice.published, alice.published, renewed.published]);
  });

  test('a fresh key that does not fit either', async () => {
    const third = makeSigner(alice.published.owner);
    const keys = resolverOf({ [id]: alice.published }, { [id]: third.published });
    expect(await run(withNew, keys)).toMatchObject({ reason: 'bad-signature' });
    expect(keys.calls).toHaveLength(2);
  });

  test('a key fetched for this very request is not fetched again', async () => {
    const keys = resolverOf({ [id]: { ...alice.published, fetchedAt: NOW } }, { [id]: renewed.published });
    expect(await run(withNew, keys)).toMatchObject({ reason: 'bad-signature' });
    expect(keys.calls).toEqual([id]);
  });

  test.each([
    ['gone', 'key-gone', false],
    ['unavailable', 'key-unavailable', true],
    ['refused', 'key-refused', false],
  ] as const)('%s, at first and on refresh', async (answer, reason, retryable) => {
    expect(await run(withNew, resolverOf({ [id]: answer }))).toEqual({
      outcome: 'refused',
      reason,
      retryable,
    });
    const later = resolverOf({ [id]: alice.published }, { [id]: answer });
    expect(await run(withNew, later)).toEqual({ outcome: 'refused', reason, retryable });
  });

  test('nothing that can be judged without a key costs a look for one', async () => {
    const old = toHttpDate(new Date(NOW.getTime() - 13 * HOUR));
    const requests = [
      post(fields),
      post({ ...fields, date: old, signature: cavage({ ...good, date: old }) }),
      { ...withOld, body: Buffer.from('other') },
      { ...withOld, hosts: ['third.example'] },
      post({ ...fields, signature: cavage(without('digest')) }),
    ];
    for (const request of requests) {
      const keys = both();
      expect((await run(request, keys)).outcome).toBe('refused');
      expect(keys.calls).toEqual([]);
    }
  });

  test('a blocked host is asked about before its key, its digest and its date', async () => {
    const keys = both();
    const asked: string[] = [];
    const isBlocked = async (host: string) => asked.push(host) > 0;
    const request = {
      ...post({ ...fields, signature: cavage({ ...good, date: 'wibble' }, '', mallory), date: 'wibble' }),
      body: Buffer.from('x'),
    };
    expect(await decide(request, { keys, isBlocked })).toBe('blocked');
    expect(asked).toEqual(['evil.example']);
    expect(keys.calls).toEqual([]);
  });
});

describe('whatever the headers hold', () => {
  const pieces = fc.constantFrom(
    'keyId="',
    alice.signing.keyId,
    '"',
    ',',
    '=',
    'headers=',
    '(request-target) host date digest',
    'signature=',
    'AQID',
    'sig1',
    '("@method" "@target-uri" "content-digest")',
    ';created=',
    String(created),
    ';keyid=',
    ':',
    ' ',
    '\\',
    'é',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 25 }).map((p) => p.join('')),
  );
  const value = fc.oneof(text, fc.array(text, { maxLength: 3 }));
  const headers = fc.record(
    {
      signature: value,
      'signature-input': value,
      authorization: value,
      date: value,
      digest: value,
      'content-digest': value,
      host: fc.oneof(fc.constant('us.example'), value),
    },
    { requiredKeys: [] },
  );

  test('nothing throws and nothing verifies', async () => {
    await fc.assert(
      fc.asyncProperty(headers, fc.webPath(), fc.uint8Array({ maxLength: 20 }), async (h, url, bytes) => {
        const request = { method: 'POST', url, hosts: ['us.example'], headers: h, body: Buffer.from(bytes) };
        expect((await verifyRequest(request, { keys: both(), clock: fixedClock() })).outcome).toBe('refused');
      }),
      { numRuns: 1000 },
    );
  });

  test('a good header with a piece spliced in never verifies for another signer or another body', async () => {
    const signed = signRequest('cavage', { method: 'POST', url: inbox, body, key: alice.signing, now: NOW });
    const original = signed['signature'] ?? '';
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length), fc.nat(20), text, async (at, cut, piece) => {
        const signature = original.slice(0, at) + piece + original.slice(at + cut);
        const request = toRequest('POST', inbox, { ...signed, signature }, body);
        const result = await verifyRequest(request, { keys: both(), clock: fixedClock() });
        if (result.outcome === 'verified') expect(result.key).toBe(alice.published);
        const forged = { ...request, body: Buffer.from('{"type":"Delete"}') };
        expect((await verifyRequest(forged, { keys: both(), clock: fixedClock() })).outcome).toBe('refused');
      }),
      { numRuns: 500 },
    );
  });

  test('long hostile headers are refused at once', async () => {
    const spent = cpuTime();
    for (const signature of [
      'a'.repeat(60_000),
      ','.repeat(10_000),
      'keyId="'.repeat(8000),
      `keyId="${'a'.repeat(60_000)}`,
    ])
      expect(await decide(post({ ...fields, signature }))).toBe('malformed-signature');
    expect(spent()).toBeLessThan(2000);
  });
});
