import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

/**
 * Defences stand where they protect everything: what may do harm is done in one place, and nowhere else. Each line names
 * what is looked for in the sources, and the files where it may stand.
 */

function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

const files = [...sources('src'), ...sources('federation')].map((path) => ({
  path,
  // Comments may name what code may not do.
  code: readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''),
}));

const rules: [what: string, pattern: RegExp, places: string[]][] = [
  ['all outbound HTTP through one guarded client', /from 'undici['/]/, ['federation/fetch/']],
  // `doctor` asks this server's own public address, as a stranger would.
  [
    'no other way out',
    /(?<![.\w*] ?)\bfetch\(/,
    ['src/cli/doctor/address.ts', 'src/store/embedded/search.ts'],
  ],
  [
    'no bare sockets',
    /from 'node:(?:https|tls|dgram|http2)'|import \{[^}]*\b(?:connect|createConnection)\b[^}]*\} from 'node:net'/,
    [],
  ],
  ['no client of node:http', /import \{[^}]*\b(?:request|get|Agent)\b[^}]*\} from 'node:http'/, []],
  ['one client is made', /createHttpClient\(/, ['src/context.ts', 'federation/fetch/client.ts']],
  ['names are looked up where addresses are checked', /from 'node:dns'/, ['federation/fetch/resolver.ts']],
  [
    'one receive path',
    /from '.*inbox\/receive\.js'/,
    ['src/http/activitypub/inbox.ts', 'federation/inbox/receive.ts'],
  ],
  ['what was received is written in one place', /db\.received\.insert/, ['src/jobs/intents.ts']],
  [
    'remote HTML becomes ours in one place',
    /from 'sanitize-html'/,
    ['src/text/sanitise.ts', 'src/text/page-meta.ts'],
  ],
  ['pictures are decoded in one place', /from 'sharp'/, ['src/media/decoder.ts', 'src/media/images.ts']],
  [
    'programs are started in one place',
    /from 'node:child_process'/,
    ['src/media/av.ts', 'src/media/picture-pool.ts'],
  ],
  ['uploads are read in one place', /from 'busboy'/, ['src/http/multipart.ts']],
  [
    'files are written by one port',
    /from 'node:fs(?:\/promises)?'/,
    [
      'src/media/',
      'src/domain/upload-later.ts',
      'src/config/',
      'src/store/',
      'src/lock.ts',
      'src/context.ts',
      'src/mail/',
      'src/cli/',
      'src/api/assets.ts',
      'src/web/',
      'src/oauth/',
      'src/http/',
      'federation/jsonld/',
    ],
  ],
  [
    'signatures are checked in one place',
    /\bcreateVerify\(|\bverify\([^)]*,\s*(?:Buffer|data|text)/,
    ['federation/signature/'],
  ],
  [
    'secrets are compared in constant time in one place',
    /timingSafeEqual/,
    ['src/domain/secrets.ts', 'federation/signature/'],
  ],
  [
    'tokens are made in one place',
    /\brandomBytes\(/,
    [
      'src/random-tokens.ts',
      'src/config/secrets.ts',
      'src/domain/push/encryption.ts',
      'src/domain/upload-later.ts',
    ],
  ],
  ['nothing secret from Math.random', /Math\.random/, ['src/context.ts']],
  ['passwords are hashed in one place', /from '@node-rs\/argon2'/, ['src/domain/passwords.ts']],
  ['no code from text', /\beval\(|new Function\(|from 'node:vm'/, []],
];

test.each(rules)('%s', (_what, pattern, places) => {
  const found = files.filter(({ code }) => pattern.test(code)).map(({ path }) => path);
  expect(found.filter((path) => !places.some((place) => path.startsWith(place)))).toEqual([]);
});

/** Places where hosts of two addresses are compared: all by the origin check, none by its own reading of a URL. */
test('handlers and what stores remote things compare hosts by the one origin check', () => {
  const handlers = files.filter(({ path }) => /^src\/(?:inbox|domain\/remote)\//.test(path));
  expect(handlers.length).toBeGreaterThan(25);
  const own =
    /\.(?:host|hostname|origin)\s*[!=]==|[!=]==\s*[\w.()]+\.(?:host|hostname|origin)\b|hostOf\([^)]*\)\s*[!=]==(?!\s*null)|new URL\(|\.startsWith\(['"`]https?:/;
  expect(handlers.filter(({ code }) => own.test(code)).map(({ path }) => path)).toEqual([]);
});

test('every route for members asks who it is, and staff routes ask the rank', () => {
  const admin = files.filter(
    ({ path }) =>
      path.startsWith('src/api/v1/admin/') && /Router\(\)/.test(path + readFileSync(path, 'utf8')),
  );
  for (const { path, code } of admin) {
    const bare = [...code.matchAll(/router\.(?:get|post|put|patch|delete)\(\s*([^,]+),\s*([\w.]+)/g)].filter(
      ([, , second]) => !/(?:guard|read|write|staffFor)/.test(second ?? ''),
    );
    expect([path, bare.map(([line]) => line)]).toEqual([path, []]);
  }
});
