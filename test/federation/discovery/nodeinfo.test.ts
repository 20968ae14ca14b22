import { describe, expect, test } from '@jest/globals';
import {
  lookupNodeinfo,
  nodeinfoLink,
  nodeinfoType,
  parseNodeinfo,
  toNodeinfo,
  toNodeinfoDiscovery,
} from '../../../federation/discovery/nodeinfo.js';
import { toHostMetaXml } from '../../../federation/discovery/host-meta.js';
import { corpusBytes, corpusEntries } from '../support/corpus.js';
import { stubHttp } from '../support/stub-http.js';

const origin = 'https://a.example';
const input = {
  software: { name: 'landfall', version: '0.1.0', repository: 'https://code.example/landfall' },
  openRegistrations: true,
  usage: { users: 3, activeMonth: 2, activeHalfyear: 3, localPosts: 12 },
  metadata: { nodeName: 'A' },
};

describe('nodeinfo', () => {
  test('2.0 and 2.1 as their schemas want them', () => {
    const common = {
      protocols: ['activitypub'],
      services: { inbound: [], outbound: [] },
      openRegistrations: true,
      usage: { users: { total: 3, activeMonth: 2, activeHalfyear: 3 }, localPosts: 12 },
      metadata: { nodeName: 'A' },
    };
    expect(toNodeinfo('2.0', input)).toEqual({
      version: '2.0',
      software: { name: 'landfall', version: '0.1.0' },
      ...common,
    });
    expect(toNodeinfo('2.1', input)).toEqual({ version: '2.1', software: input.software, ...common });
    expect(nodeinfoType('2.1')).toContain('profile="http://nodeinfo.diaspora.software/ns/schema/2.1#"');
  });

  test('what is built is read back', async () => {
    const json = (body: unknown) => ({ type: 'application/json', body });
    const http = stubHttp({
      [`${origin}/.well-known/nodeinfo`]: json(
        toNodeinfoDiscovery({ origin, instanceActorUri: `${origin}/actor` }),
      ),
      [`${origin}/nodeinfo/2.1`]: json(toNodeinfo('2.1', input)),
    });
    expect(await lookupNodeinfo('a.example', http)).toEqual({
      software: 'landfall',
      version: '0.1.0',
      openRegistrations: true,
      users: 3,
      localPosts: 12,
      activitypub: true,
    });
    expect(await lookupNodeinfo('b.example', http)).toBeNull();
  });

  test('NODEINFO: links to other places are not followed, odd values not kept', () => {
    const rel = 'http://nodeinfo.diaspora.software/ns/schema/2.1';
    for (const href of [
      'http://169.254.169.254/x',
      'data:application/json,{}',
      'https://victim.example/n',
      7,
    ]) {
      expect(nodeinfoLink({ links: [{ rel, href }] }, origin)).toBeNull();
    }
    expect(nodeinfoLink({ links: [{ rel, href: 'https://www.a.example/n' }] }, origin)).toBe(
      'https://www.a.example/n',
    );
    expect(nodeinfoLink({ links: null }, origin)).toBeNull();
    expect(
      parseNodeinfo({ software: { name: '<script>', version: '<b>' }, usage: { users: { total: -1 } } }),
    ).toEqual({
      software: null,
      version: null,
      openRegistrations: null,
      users: null,
      localPosts: null,
      activitypub: false,
    });
    expect(parseNodeinfo('x')).toBeNull();
  });

  test('collected documents', () => {
    for (const { file } of corpusEntries().filter((entry) => entry.kind === 'nodeinfo')) {
      const json = JSON.parse(corpusBytes(file).toString('utf8')) as Record<string, unknown>;
      if ('links' in json)
        expect(
          nodeinfoLink(json, 'https://mastodon.example.org') ??
            nodeinfoLink(json, 'https://wildebeest.example.org'),
        ).toMatch(/nodeinfo\/2\.[01]$/);
      else expect(parseNodeinfo(json)).toMatchObject({ software: expect.any(String), activitypub: true });
    }
  });
});

describe('host-meta', () => {
  test('escapes what XML would trip over', () => {
    expect(toHostMetaXml('https://a.example/"&<x>')).toContain(
      'template="https://a.example/&quot;&amp;&lt;x&gt;/.well-known/webfinger?resource={uri}"',
    );
  });
});
