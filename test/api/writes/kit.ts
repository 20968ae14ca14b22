import type { Test } from 'supertest';
import sharp from 'sharp';
import { knownScopes } from '../../../src/policy/scopes.js';
import type { Role } from '../../../src/model/account.js';
import { startInstance, type Instance, type TestUser } from '../../support/instance.js';
import { clientOf, ok, post, type Client, type StatusJson } from '../support.js';

/** A person of a test, with a client that may do everything. */
export interface Person extends TestUser {
  api: Client;
  id: string;
  name: string;
}

/** Where writes are tried: one instance, and as many people as they need. */
export interface World {
  instance: Instance;
  owner: Person;
  alice: Person;
  bob: Person;
  /** Takes requests. */
  carol: Person;
  person(options?: { locked?: boolean; approved?: boolean; role?: Role }): Promise<Person>;
  /** An uploaded picture. */
  picture(of: Person): Promise<string>;
  /** A word that nobody has used yet. */
  word(): string;
  /** The address of a page of another site, with a title. */
  page(): string;
}

/** One write that is expected to go well. */
export interface Write {
  /** Default: alice. */
  as?: Person | null;
  /** Names that the path has placeholders for, in their order. */
  ids?: string[];
  body?: Record<string, unknown>;
  /** Fields that are files; they can only come in multipart bodies. */
  files?: Record<string, Buffer>;
  /** What must be in the answer because of the body. */
  shows?: object;
  /** Looks whether the body had its effect, where the answer does not say. */
  check?(): Promise<void>;
}

/** Makes what the write needs, afresh for each try. */
export type Setup = (world: World) => Promise<Write> | Write;

export async function startWorld(): Promise<World> {
  const instance = await startInstance({ emailSubscriptions: 'everyone' });
  let count = 0;
  const next = (): number => (count += 1);
  const person: World['person'] = async (options = {}) => {
    const name = `p${next()}`;
    const made = await instance.createUser(name, { scopes: [...knownScopes], ...options });
    return { ...made, api: clientOf(instance, made), id: made.account._id, name };
  };
  const picture = async (of: Person): Promise<string> => {
    const media = await ok<{ id: string }>(of.api.post('/api/v2/media').attach('file', await png(), 'a.png'));
    return media.id;
  };
  const [owner, alice, bob] = [await person({ role: 'owner' }), await person(), await person()];
  const carol = await person({ locked: true });
  const page = (): string => `https://site${next()}.example/story`;
  return { instance, owner, alice, bob, carol, person, picture, word: () => `word${next()}`, page };
}

/** A picture that no other upload equals. */
export function png(): Promise<Buffer> {
  const part = (): number => Math.floor(Math.random() * 256);
  const background = { r: part(), g: part(), b: part() };
  return sharp({ create: { width: 8, height: 8, channels: 3, background } })
    .png()
    .toBuffer();
}

export const say = (who: Person, body: object | string): Promise<StatusJson> => post(who.api, body);

/** `{ a: [{ b: 1 }], c: ['x'] }` as `a[0][b]=1`, `c[]=x`. */
export function toPairs(body: object, lists: 'numbered' | 'empty'): [string, string][] {
  const pairs: [string, string][] = [];
  const walk = (name: string, value: unknown): void => {
    if (Array.isArray(value)) {
      for (const [at, item] of value.entries()) {
        const numbered = lists === 'numbered' || typeof item === 'object';
        walk(`${name}[${numbered ? at : ''}]`, item);
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) walk(name ? `${name}[${key}]` : key, member);
    } else pairs.push([name, String(value)]);
  };
  walk('', body);
  return pairs;
}

/** The ways in which clients send parameters. */
export const encodings = {
  json: (test, body) => test.type('json').send(JSON.stringify(body)),
  form: (test, body) => test.type('form').send(new URLSearchParams(toPairs(body, 'empty')).toString()),
  'form, numbered lists': (test, body) =>
    test.type('form').send(new URLSearchParams(toPairs(body, 'numbered')).toString()),
  multipart: (test, body, files) => {
    for (const [name, value] of toPairs(body, 'empty')) test.field(name, value);
    for (const [name, data] of Object.entries(files)) test.attach(name, data, `${name}.png`);
    return test;
  },
  query: (test, body) => test.query(new URLSearchParams(toPairs(body, 'empty')).toString()),
} as const satisfies Record<string, (test: Test, body: object, files: Record<string, Buffer>) => Test>;

export type Encoding = keyof typeof encodings;
