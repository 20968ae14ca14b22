import { describe, expect, test } from '@jest/globals';
import {
  attachmentsOf,
  imageOf,
  imagesOf,
  mediaTypeOf,
  pageUrlOf,
  tagsOf,
  urlOf,
} from '../../../federation/vocabulary/readers.js';
import { corpusEntries, fixture } from '../support/corpus.js';

const html = { type: 'Link', mediaType: 'text/html', href: 'https://html.example/1' };
const video = { type: 'Link', mediaType: 'video/mp4', href: 'https://video.example/1' };

describe('urlOf', () => {
  test.each([
    ['https://a.example/1', 'https://a.example/1'],
    [['https://a.example/1', 'https://b.example/1'], 'https://a.example/1'],
    [html, 'https://html.example/1'],
    [[video, html], 'https://html.example/1'],
    [['https://a.example/1', html], 'https://html.example/1'],
    [[video, 'https://a.example/1'], 'https://a.example/1'],
    [{ href: 'https://notype.example/' }, 'https://notype.example/'],
    [{ type: 'Link', url: 'https://a.example/1' }, 'https://a.example/1'],
    [[{ ...html, mediaType: 'TEXT/HTML; charset=utf-8' }], 'https://html.example/1'],
    [video, null],
    ['javascript:alert(1)', null],
    [{ href: 'data:text/html,x', mediaType: 'text/html' }, null],
    [{ href: ['ftp://x/1', 'https://a.example/1'] }, 'https://a.example/1'],
    [7, null],
    [{}, null],
    [null, null],
  ])('%j', (value, expected) => {
    expect(urlOf(value)).toBe(expected);
  });

  test('URL_HOST: a page on an unrelated host is no page', () => {
    const id = 'https://evil.example/notes/1';
    expect(pageUrlOf('https://bank.example/login', id)).toBeNull();
    expect(pageUrlOf([{ ...html, href: 'https://bank.example/login' }], id)).toBeNull();
    expect(pageUrlOf('https://www.evil.example/notes/1', id)).toBe('https://www.evil.example/notes/1');
    expect(pageUrlOf('https://evil.example/@m/1', id)).toBe('https://evil.example/@m/1');
  });
});

describe('pictures', () => {
  test.each([
    ['https://a.example/i.png', 'https://a.example/i.png'],
    [{ type: 'Image', url: 'https://a.example/i.png' }, 'https://a.example/i.png'],
    [{ type: 'Image', url: [{ type: 'Link', href: 'https://a.example/i.png' }] }, 'https://a.example/i.png'],
    [{ type: 'Link', href: 'https://a.example/i.png' }, 'https://a.example/i.png'],
    [{ type: 'Image', url: 'file:///etc/passwd' }, null],
    [{ type: 'Image' }, null],
    [[], null],
    [0, null],
  ])('%j', (value, expected) => {
    expect(imageOf(value)?.url ?? null).toBe(expected);
  });

  test('of several sizes the widest', () => {
    const sizes = [48, 120, 600, 300].map((width) => ({
      type: 'Image',
      width,
      url: `https://a.example/${width}.png`,
    }));
    expect(imageOf(sizes)?.url).toBe('https://a.example/600.png');
    expect(imagesOf(sizes)).toHaveLength(4);
    expect(imageOf(['https://a.example/1.png', 'https://a.example/2.png'])?.url).toBe(
      'https://a.example/1.png',
    );
  });

  test.each([
    ['image/PNG', 'image/png'],
    ['text/html; charset=utf-8', 'text/html'],
    ['png', null],
    ['image/png<script>', null],
    [5, null],
  ])('media type %j', (value, expected) => {
    expect(mediaTypeOf(value)).toBe(expected);
  });
});

describe('attachmentsOf', () => {
  test('reads what Mastodon sends', () => {
    const [attachment] = attachmentsOf([
      {
        type: 'Document',
        mediaType: 'image/jpeg',
        url: 'https://a.example/1',
        name: 'a cat',
        blurhash: 'UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH',
        focalPoint: [-0.42, 1],
        width: 1200,
        height: 800,
      },
    ]);
    expect(attachment).toEqual({
      kind: 'image',
      url: 'https://a.example/1',
      mediaType: 'image/jpeg',
      description: 'a cat',
      blurhash: 'UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH',
      focalPoint: { x: -0.42, y: 1 },
      width: 1200,
      height: 800,
      duration: null,
      sensitive: false,
      previewUrl: null,
    });
  });

  test.each([
    ['image', { url: 'https://a.example/005.png' }],
    ['image', { type: 'Image', url: 'https://a.example/logo.svg' }],
    ['video', { type: 'Document', url: 'https://a.example/1.mp4' }],
    ['audio', { type: 'Document', mediaType: 'audio/ogg', url: 'https://a.example/1' }],
    ['unknown', { type: 'Document', url: 'https://a.example/1' }],
    ['link', { type: 'Link', href: 'https://a.example/article' }],
    ['link', { href: 'https://a.example/article' }],
    ['image', { type: 'Link', mediaType: 'image/webp', href: 'https://a.example/1' }],
    ['video', { type: 'Video', url: [{ ...html }, { ...video }] }],
    ['image', 'https://a.example/1.gif'],
  ])('is a %s: %j', (kind, value) => {
    expect(attachmentsOf(value).map((attachment) => attachment.kind)).toEqual([kind]);
  });

  test('the summary is read before the name, the name map last', () => {
    const image = { type: 'Image', url: 'https://a.example/1.png' };
    expect(attachmentsOf({ ...image, summary: 'S', name: 'N' })[0]?.description).toBe('S');
    expect(attachmentsOf({ ...image, nameMap: { en: 'M' } })[0]?.description).toBe('M');
    expect(attachmentsOf({ ...image, name: 'x'.repeat(20_000) })[0]?.description).toHaveLength(10_000);
  });

  test('leaves out what is no file, and what lies', () => {
    const image = { type: 'Image', url: 'https://a.example/1.png' };
    expect(attachmentsOf([{ type: 'PropertyValue', name: 'a', value: 'b' }, 'text', 5, null, {}])).toEqual(
      [],
    );
    const odd = {
      ...image,
      focalPoint: [5, 'x'],
      blurhash: '<script>',
      width: -1,
      height: 1e9,
      duration: 'soon',
    };
    expect(attachmentsOf(odd)[0]).toMatchObject({
      focalPoint: null,
      blurhash: null,
      width: null,
      height: null,
      duration: null,
    });
    expect(attachmentsOf([image, image])).toHaveLength(1);
  });

  test('a file without url is taken by its id where its media type says that it is one (FEP-b2b8)', () => {
    const id = 'https://peer.example/1.jpg';
    expect(attachmentsOf({ type: 'Image', id, mediaType: 'image/jpeg' })).toMatchObject([
      { kind: 'image', url: id },
    ]);
    expect(attachmentsOf({ type: 'Image', id })).toEqual([]);
  });

  test('IN_ATTACH: a thousand attachments are cut', () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({
      type: 'Image',
      url: `https://a.example/${i}.png`,
    }));
    expect(attachmentsOf(many)).toHaveLength(32);
  });

  const shown = corpusEntries().filter((entry) => entry.file.includes('activity-image-attachments'));
  test.each(shown.map((entry) => entry.file))('shows the picture of %s', (file) => {
    const note = fixture(file)['object'] as Record<string, unknown>;
    expect(attachmentsOf(note['attachment'])).toMatchObject([{ kind: 'image' }]);
  });
});

describe('tagsOf', () => {
  test('mentions, hashtags, emojis and links, one or many', () => {
    const tags = tagsOf([
      { type: 'Mention', href: 'https://a.example/u/1', name: '@one@a.example' },
      { type: ['Mention'], href: 'https://a.example/u/1' },
      { type: 'as:Mention', href: 'https://a.example/u/2' },
      { name: '@three', href: 'https://a.example/u/3' },
      { type: 'Hashtag', name: '#CamelCase', href: 'https://a.example/t/camelcase' },
      { type: 'Hashtag', name: '#camelcase' },
      { type: 'as:Hashtag', name: 'ümläütß' },
      { name: '#typeless' },
      {
        type: 'toot:Emoji',
        name: ':blob:',
        icon: { type: 'Image', url: 'https://a.example/blob.png' },
        updated: 'x',
      },
      { type: 'Link', href: 'https://a.example/1', rel: 'x', mediaType: 'application/activity+json' },
      'text',
      null,
      7,
    ]);
    expect(tags.mentions.map((mention) => mention.href)).toEqual(
      [1, 2, 3].map((n) => `https://a.example/u/${n}`),
    );
    expect(tags.hashtags.map((tag) => tag.name)).toEqual(['CamelCase', 'ümläütß', 'typeless']);
    expect(tags.hashtags[0]?.href).toBe('https://a.example/t/camelcase');
    expect(tags.emojis).toEqual([
      { id: null, shortcode: 'blob', url: 'https://a.example/blob.png', mediaType: null, updated: null },
    ]);
    expect(tags.links).toMatchObject([{ href: 'https://a.example/1', rel: ['x'] }]);
    expect(tagsOf({ type: 'Hashtag', name: '#one' }).hashtags).toHaveLength(1);
  });

  test.each([
    ['#'],
    ['#💣'],
    ['#with white space'],
    ['#with(subtag)'],
    ['#1234'],
    ['#<b>'],
    [`#${'x'.repeat(300)}`],
    [''],
    [7],
  ])('IN_HASHTAG: %j is no hashtag', (name) => {
    expect(tagsOf({ type: 'Hashtag', name }).hashtags).toEqual([]);
  });

  test.each([
    [{ name: ':a:' }],
    [{ icon: { url: 'https://a.example/1.png' } }],
    [{ name: ':a b:', icon: 'https://a.example/1.png' }],
    [{ name: ':<i>:', icon: 'https://a.example/1.png' }],
    [{ name: `:${'x'.repeat(10_000)}:`, icon: 'https://a.example/1.png' }],
  ])('IN_EMOJI: %j is no emoji', (tag) => {
    expect(tagsOf({ type: 'Emoji', ...tag }).emojis).toEqual([]);
  });

  test('IN_TAGS: thousands of tags are cut', () => {
    const mentions = Array.from({ length: 5000 }, (_, i) => ({
      type: 'Mention',
      href: `https://a.example/u/${i}`,
    }));
    expect(tagsOf(mentions).mentions).toHaveLength(128);
  });
});
