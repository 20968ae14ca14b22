import { describe, expect, test } from '@jest/globals';
import {
  clip,
  contextLanguage,
  count,
  declaredLanguage,
  first,
  flag,
  hostOf,
  idOf,
  idsOf,
  isHttpIri,
  isPublicAddress,
  isRelatedHost,
  isSameDocument,
  isSameHost,
  languageTag,
  list,
  naturalLanguage,
  optionalFlag,
  ownIdOf,
  text,
  typesOf,
} from '../../../federation/vocabulary/readers.js';

const A = 'https://a.example/1';

describe('list and first', () => {
  test.each([
    [undefined, []],
    [null, []],
    ['x', ['x']],
    [false, [false]],
    [
      ['x', null, 'y'],
      ['x', 'y'],
    ],
    [{ '@list': ['x', 'y'] }, ['x', 'y']],
    [{ '@set': 'x' }, [{ '@set': 'x' }]],
    [{ id: A }, [{ id: A }]],
  ])('%j', (value, expected) => {
    expect(list(value)).toEqual(expected);
    expect(first(value)).toEqual(expected[0] ?? null);
  });

  test('stops at the given number', () => {
    expect(list(Array(50_000).fill('x'), 3)).toEqual(['x', 'x', 'x']);
  });
});

describe('idOf', () => {
  test.each([
    [A, A],
    [{ id: A }, A],
    [{ '@id': A }, A],
    [{ type: 'Link', href: A }, A],
    [[{ id: A }, 'https://b.example/2'], A],
    [[null, A], A],
    [{ id: A, '@id': A }, A],
    [{ id: '', '@id': A }, A],
    ['tag:example.com,2011:martin', 'tag:example.com,2011:martin'],
    // Not ids: empty, not text, two that disagree, white space, controls, overlong.
    ['', null],
    [{ id: null }, null],
    [{ id: 1 }, null],
    [{ id: [A] }, null],
    [{}, null],
    [[], null],
    [7, null],
    [true, null],
    [{ id: A, '@id': 'https://b.example/2' }, null],
    ['https://a.example/1\nX', null],
    ['https://a.example/ 1', null],
    ['\u0000', null],
    [`https://a.example/${'a'.repeat(100_000)}`, null],
  ])('%j', (value, expected) => {
    expect(idOf(value)).toBe(expected);
  });

  test('ids of a list, each once', () => {
    expect(idsOf([A, { id: A }, { href: 'https://b.example/2' }, 3, null])).toEqual([
      A,
      'https://b.example/2',
    ]);
    expect(
      idsOf(
        Array.from({ length: 5000 }, (_, i) => `https://a.example/${i}`),
        10,
      ),
    ).toHaveLength(10);
  });

  test('the own id is never a link', () => {
    expect(ownIdOf({ href: A })).toBeNull();
    expect(ownIdOf({ id: A })).toBe(A);
    expect(ownIdOf(A)).toBeNull();
  });
});

describe('typesOf', () => {
  test.each([
    [{ type: 'Note' }, ['Note']],
    [{ '@type': 'Note' }, ['Note']],
    [{ type: ['Note', 'Event'] }, ['Note', 'Event']],
    [{ type: 'as:Note' }, ['Note']],
    [{ type: 'https://www.w3.org/ns/activitystreams#Note' }, ['Note']],
    [{ type: 'http://www.w3.org/ns/activitystreams#Create' }, ['Create']],
    [{ type: 'toot:Emoji' }, ['Emoji']],
    [{ type: 'http://schema.org#PropertyValue' }, ['PropertyValue']],
    [{ type: 'https://w3id.org/fep/044f#QuoteRequest' }, ['QuoteRequest']],
    [{ type: 'https://evil.example/ns#Note' }, ['https://evil.example/ns#Note']],
    [{ type: 'as:Note', '@type': 'Note' }, ['Note']],
    [{ type: 'Note', '@type': 'Delete' }, []],
    [{ type: 1 }, []],
    [{}, []],
    ['Note', []],
  ])('%j', (value, expected) => {
    expect(typesOf(value)).toEqual(expected);
  });
});

describe('texts, flags, counts', () => {
  test.each([
    ['x', 'x'],
    [['x', 'y'], 'x'],
    [{ '@value': 'x', '@language': 'en' }, 'x'],
    [12, '12'],
    [true, null],
    [{ en: 'x' }, null],
    [Number.NaN, null],
    ['a\u0000b', 'ab'],
    ['a\ud800b', 'a\ufffdb'],
  ])('text %j', (value, expected) => {
    expect(text(value, 100)).toBe(expected);
  });

  test('cutting never leaves half a character', () => {
    expect(clip('ab😀', 3)).toBe('ab');
    expect(clip('ab😀', 4)).toBe('ab😀');
    expect(text('x'.repeat(10), 4)).toBe('xxxx');
  });

  test('flags', () => {
    expect([true, 'true', { '@value': true }].map(flag)).toEqual([true, true, true]);
    expect(['false', 1, 'yes', null, {}, []].map(flag)).toEqual(Array(6).fill(false));
    expect([false, 'false', undefined, 'no'].map(optionalFlag)).toEqual([false, false, null, null]);
  });

  test.each([
    [0, 0],
    [12, 12],
    ['12', 12],
    [-5, null],
    [1.5, null],
    [1e300, null],
    [1e18, null],
    ['many', null],
    [null, null],
    [{ '@value': 3 }, 3],
  ])('COLL_COUNTS %j', (value, expected) => {
    expect(count(value)).toBe(expected);
  });
});

describe('languages', () => {
  test('the plain text wins and its language is the one of the same text', () => {
    const note = { content: 'hello', contentMap: { de: 'hallo', en: 'hello' } };
    expect(naturalLanguage(note, 'content', 100)).toEqual({ value: 'hello', language: 'en' });
    expect(naturalLanguage({ ...note, content: 'edited' }, 'content', 100)).toEqual({
      value: 'edited',
      language: 'de',
    });
  });

  test('only a map: its first readable entry', () => {
    const note = { contentMap: { fr: '', de: 7, es: 'hola', en: 'hello' } };
    expect(naturalLanguage(note, 'content', 100)).toEqual({ value: '7', language: 'de' });
    expect(naturalLanguage({ contentMap: {} }, 'content', 100)).toBeNull();
    expect(naturalLanguage({ content: null, contentMap: 'x' }, 'content', 100)).toBeNull();
  });

  test('a map in place of the text, and a JSON-LD value', () => {
    expect(naturalLanguage({ name: { en: 'A', fr: 'B' } }, 'name', 9)).toEqual({
      value: 'A',
      language: 'en',
    });
    expect(naturalLanguage({ name: { '@value': 'A', '@language': 'pt-br' } }, 'name', 9)).toEqual({
      value: 'A',
      language: 'pt-BR',
    });
  });

  test('LD_MAPS: ten thousand languages, and a hostile key', () => {
    const map: Record<string, string> = {};
    for (let i = 0; i < 10_000; i++) map[`x-${i}`] = '';
    map['en'] = 'never reached';
    expect(naturalLanguage({ contentMap: map }, 'content', 100)).toBeNull();
    const hostile = JSON.parse('{"contentMap":{"__proto__":"x","en":"y"}}') as Record<string, unknown>;
    expect(naturalLanguage(hostile, 'content', 9)).toEqual({ value: 'x', language: null });
  });

  test.each([
    ['en', 'en'],
    ['EN-us', 'en-US'],
    ['zh_Hant', 'zh-Hant'],
    ['und', null],
    ['de-419-DE', null],
    ['', null],
    ['not a language', null],
    [5, null],
  ])('tag %j', (value, expected) => {
    expect(languageTag(value)).toBe(expected);
  });

  test('a tag of two letters is what Intl makes of it, the usual ones included', () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    for (const code of letters.flatMap((a) => letters.map((b) => a + b)))
      expect([code, languageTag(code)]).toEqual([code, Intl.getCanonicalLocales(code)[0]]);
  });

  test('the default of the context, and a declared language', () => {
    expect(
      contextLanguage({ '@context': ['https://x', { '@language': 'und' }, { '@language': 'nl' }] }),
    ).toBe('nl');
    expect(contextLanguage({ '@context': { '@language': 'nl' } })).toBe('nl');
    expect(contextLanguage({ '@context': 'https://x' })).toBeNull();
    expect(declaredLanguage({ language: { identifier: 'ko', name: 'x' } })).toBe('ko');
    expect(declaredLanguage({ language: 'ko' })).toBe('ko');
  });
});

describe('IRIs', () => {
  test('LD_PUBLIC: three spellings are public, no other', () => {
    const full = 'https://www.w3.org/ns/activitystreams#Public';
    expect([full, 'as:Public', 'Public'].map(isPublicAddress)).toEqual([true, true, true]);
    const others = [
      'public',
      'as:public',
      full.toLowerCase(),
      `${full}/`,
      'http://www.w3.org/ns/activitystreams#Public',
    ];
    expect(others.map(isPublicAddress)).toEqual(others.map(() => false));
  });

  test.each([
    ['https://a.example/x', true],
    ['HTTP://a.example', true],
    ['ap://did:key:z6Mk/actor', false],
    ['did:key:z6Mk', false],
    ['//a.example/x', false],
    ['/x', false],
    ['https://', false],
    ['https://user@a.example/', false],
    ['https://user:pass@a.example/', false],
    ['https://a.example/in\r\nX: y', false],
    ['javascript:alert(1)', false],
    ['data:text/plain,x', false],
    ['https://[::', false],
  ])('isHttpIri %s', (iri, expected) => {
    expect(isHttpIri(iri)).toBe(expected);
  });

  test('ID_PREFIX: hosts are compared after parsing', () => {
    expect(hostOf('https://US.EXAMPLE:443/x')).toBe('us.example');
    expect(isSameHost('https://us.example/a', 'https://us.example.evil.example/a')).toBe(false);
    expect(isSameHost('https://us.example/a', 'https://us.example:8443/a')).toBe(false);
    expect(isSameHost('https://us.example/a', 'https://us.example@evil.example/a')).toBe(false);
    expect(isSameHost('https://us.example/a', 'HTTPS://Us.Example/b')).toBe(true);
    expect(isSameHost('tag:x', 'tag:x')).toBe(false);
  });

  test('related hosts', () => {
    expect(isRelatedHost('https://social.example.org/1', 'https://example.org/x')).toBe(true);
    expect(isRelatedHost('https://example.org/x', 'https://social.example.org/1')).toBe(true);
    expect(isRelatedHost('https://a.example.org/x', 'https://b.example.org/1')).toBe(false);
    expect(isRelatedHost('https://evilexample.org/x', 'https://example.org/1')).toBe(false);
    expect(isRelatedHost('https://example/x', 'https://a.example/1')).toBe(false);
  });

  test('one document, several spellings', () => {
    expect(isSameDocument('https://a.example/x#main-key', 'https://a.example/x')).toBe(true);
    expect(isSameDocument('https://A.example:443', 'https://a.example/')).toBe(true);
    expect(isSameDocument('https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC')).toBe(true);
    expect(isSameDocument('https://a.example/x/', 'https://a.example/x')).toBe(false);
    expect(isSameDocument('https://a.example/x?p=1', 'https://a.example/x')).toBe(false);
  });
});
