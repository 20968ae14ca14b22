import { describe, expect, test } from '@jest/globals';
import { findFieldLink, profileMentions, renderBio, renderField } from '../../src/text/profile.js';

const bob = { username: 'bob', domain: null, url: 'https://here.example/@bob' };
const facts = {
  mentions: new Map([['bob', bob]]),
  tagUrl: (key: string) => `https://here.example/tags/${key}`,
};

describe('a local profile', () => {
  test('the bio is rendered like a post', () => {
    expect(renderBio('I am @bob\n#cats <3', facts)).toBe(
      '<p>I am <span class="h-card" translate="no"><a href="https://here.example/@bob" class="u-url mention">' +
        '@<span>bob</span></a></span><br /><a href="https://here.example/tags/cats" class="mention hashtag" ' +
        'rel="tag">#<span>cats</span></a> &lt;3</p>',
    );
  });

  test('a field is one line, and its links claim to be mine', () => {
    expect(renderField('https://me.example\n<b>', facts)).toBe(
      '<a href="https://me.example" target="_blank" rel="nofollow noopener noreferrer me" translate="no">' +
        '<span class="invisible">https://</span><span class="">me.example</span><span class="invisible"></span></a> &lt;b&gt;',
    );
  });

  test.each([
    ['https://me.example/x', 'https://me.example/x'],
    [' https://me.example ', 'https://me.example'],
    ['https://me.example and more', null],
    ['see https://me.example', null],
    ['https://me.example.', null],
    ['gemini://me.example', null],
    ['javascript:alert(1)', null],
    ['', null],
  ])('findFieldLink(%j) is %j', (value, expected) => {
    expect(findFieldLink(value)).toBe(expected);
  });

  test('profileMentions collects from bio and fields', () => {
    expect(profileMentions('@bob', ['x', '@carol@peer.example']).map((m) => m.username)).toEqual([
      'bob',
      'carol',
    ]);
  });
});
