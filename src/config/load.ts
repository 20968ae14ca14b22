import { isIP } from 'node:net';
import { StartError } from '../errors.js';
import { settingsTable, type SettingKey, type Settings } from './settings.js';

/**
 * Settings from the environment. `overrides` (command line, tests) win over `env`.
 * @throws StartError that names every bad setting and what it should be.
 */
export function loadSettings(env: NodeJS.ProcessEnv, overrides: Partial<Settings> = {}): Settings {
  const problems: string[] = [];
  const entries = (Object.keys(settingsTable) as SettingKey[]).map((key) => {
    const setting = settingsTable[key];
    const given =
      overrides[key] ?? (env[setting.env] === '' ? undefined : env[setting.env]) ?? setting.default;
    const parsed = setting.type.safeParse(given);
    if (parsed.success) return [key, parsed.data];
    problems.push(`${setting.env}: ${parsed.error.issues[0]?.message ?? 'invalid'}. ${setting.help}`);
    return [key, setting.default];
  });
  const settings = Object.fromEntries(entries) as Settings;
  problems.push(...contradictions(settings));
  if (problems.length) throw new StartError(`These settings cannot be used:\n  ${problems.join('\n  ')}`);
  return { ...settings, ...implied(settings), url: new URL(settings.url).origin };
}

/** Whoever federates with some only shows nothing to strangers, servers or people. */
function implied({ limitedFederation }: Settings): Partial<Settings> {
  return limitedFederation ? { secureMode: true, publicTimelines: false } : {};
}

/** Variables that look like settings and are none: misspelt, or of another version. Those of tests are not meant. */
export function unknownSettings(env: NodeJS.ProcessEnv): string[] {
  const known = new Set(Object.values(settingsTable).map((setting) => setting.env as string));
  return Object.keys(env).filter(
    (name) => /^LANDFALL_(?!TEST_|FUZZ_|CRASH_|CORPUS_)/.test(name) && !known.has(name),
  );
}

function contradictions(settings: Settings): string[] {
  const url = new URL(settings.url);
  const local = isLocalName(url.hostname);
  const found: string[] = [];
  if (url.pathname !== '/' || url.search || url.hash)
    found.push('LANDFALL_URL: give the origin only, without a path.');
  if (!['http:', 'https:'].includes(url.protocol))
    found.push('LANDFALL_URL: must begin with https:// (or http:// in development).');
  if (url.protocol === 'http:' && !local && !url.hostname.endsWith('.onion')) {
    found.push(
      'LANDFALL_URL: other servers only talk to https; http works for localhost and .onion names only.',
    );
  }
  if (settings.federateLoopback && !local)
    found.push('LANDFALL_FEDERATE_LOOPBACK: only for development, refused with a public LANDFALL_URL.');
  if (settings.testMode && !local)
    found.push('LANDFALL_TEST_MODE: only for development, refused with a public LANDFALL_URL.');
  if (settings.role !== 'web,worker' && settings.databaseUrl.startsWith('embedded:')) {
    found.push(
      'LANDFALL_ROLE: web and worker can only be split over MongoDB; the embedded database has one server process.',
    );
  }
  return found;
}

/** localhost, *.localhost and loopback addresses. */
export function isLocalName(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  return isIP(name) === 4 && name.startsWith('127.');
}
