import { z } from 'zod';
import { limitSettings } from './limits.js';
import { count, flag, secretSpec, spec, type SettingSpec } from './spec.js';

export type { SettingSpec } from './spec.js';

const host = z
  .string()
  .regex(/^[a-z0-9.-]+(:\d+)?$/i)
  .transform((v) => v.toLowerCase());

/**
 * The ONE table of settings. `config/default.json`, `config/example.env` and the table in docs/operating.md are
 * generated from it (scripts/generate-config.mjs) and a test checks that they agree.
 */
export const settingsTable = {
  url: spec(
    'LANDFALL_URL',
    z.string().url(),
    'http://localhost:3000',
    'Public origin of this server, without a path.',
  ),
  handleDomain: spec(
    'LANDFALL_HANDLE_DOMAIN',
    z.union([z.literal(''), host]),
    '',
    'Domain in handles (@user@domain) when it is not the host of LANDFALL_URL.',
  ),
  bind: spec('LANDFALL_BIND', z.string().min(1), '127.0.0.1', 'Address to listen on.'),
  port: spec('LANDFALL_PORT', count(0, 65535), 3000, 'Port to listen on.'),
  data: spec(
    'LANDFALL_DATA',
    z.string().min(1),
    './data',
    'Folder of the embedded database, media and secrets.',
  ),
  databaseUrl: secretSpec(
    'LANDFALL_DATABASE_URL',
    z.string().regex(/^(embedded:|mongodb(\+srv)?:\/\/)/),
    'embedded:',
    '`embedded:` (a file in the data folder) or a mongodb:// URL.',
  ),
  secret: secretSpec(
    'LANDFALL_SECRET',
    z.string(),
    '',
    'Instance key (32 bytes, base64url) that seals private keys. Empty: kept in secrets.json in the data folder.',
  ),
  logLevel: spec(
    'LANDFALL_LOG_LEVEL',
    z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']),
    'info',
    'How much is logged to standard error.',
  ),
  role: spec(
    'LANDFALL_ROLE',
    z.enum(['web,worker', 'web', 'worker']),
    'web,worker',
    'What this process does. Split roles need MongoDB.',
  ),
  trustProxy: spec(
    'LANDFALL_TRUST_PROXY',
    z.string(),
    'loopback',
    'Proxies whose X-Forwarded-For is believed: addresses, CIDRs, or `loopback`; empty for none.',
  ),
  secureMode: spec('LANDFALL_SECURE_MODE', flag, false, 'Require a signature on every ActivityPub GET.'),
  publicTimelines: spec(
    'LANDFALL_PUBLIC_TIMELINES',
    flag,
    true,
    'Show public timelines to people who are not signed in.',
  ),
  limitedFederation: spec(
    'LANDFALL_LIMITED_FEDERATION',
    flag,
    false,
    'Exchange anything only with servers that were allowed (`landfall domain allow`). Implies LANDFALL_SECURE_MODE, and that nothing is shown to people who are not signed in.',
  ),
  registrations: spec(
    'LANDFALL_REGISTRATIONS',
    z.enum(['open', 'approval', 'closed']),
    'closed',
    'Who may sign up.',
  ),
  invites: spec(
    'LANDFALL_INVITES',
    z.enum(['everyone', 'staff', 'nobody']),
    'everyone',
    'Who may invite others. Whoever is invited may sign up even when it is closed, and staff is not asked.',
  ),
  emailSubscriptions: spec(
    'LANDFALL_EMAIL_SUBSCRIPTIONS',
    z.enum(['everyone', 'staff', 'nobody']),
    'nobody',
    'Who may let others subscribe to their public posts by mail, without an account. Off with LANDFALL_LIMITED_FEDERATION.',
  ),
  federateLoopback: spec(
    'LANDFALL_FEDERATE_LOOPBACK',
    flag,
    false,
    'Development only: federate over http and with loopback addresses.',
  ),
  testMode: spec(
    'LANDFALL_TEST_MODE',
    flag,
    false,
    'Development only: open sign-up without confirmation, no rate limits, password grant.',
  ),
  maxCharacters: spec('LANDFALL_MAX_CHARACTERS', count(100, 100_000), 5000, 'Longest status, in characters.'),
  maxMediaPerStatus: spec('LANDFALL_MAX_MEDIA_PER_STATUS', count(1, 32), 4, 'Attachments of one status.'),
  imageBytes: spec(
    'LANDFALL_IMAGE_BYTES',
    count(1024, 1 << 30),
    16 * 1024 * 1024,
    'Largest image upload, bytes.',
  ),
  videoBytes: spec(
    'LANDFALL_VIDEO_BYTES',
    count(1024, 1 << 30),
    99 * 1024 * 1024,
    'Largest video or audio upload, bytes.',
  ),
  imagePixels: spec(
    'LANDFALL_IMAGE_PIXELS',
    count(10_000, 1_000_000_000),
    33_177_600,
    'Largest image, width × height × frames.',
  ),
  inboxBytes: spec(
    'LANDFALL_INBOX_BYTES',
    count(1024, 64 << 20),
    1024 * 1024,
    'Largest activity accepted at an inbox, bytes.',
  ),
  inboxBacklog: spec(
    'LANDFALL_INBOX_BACKLOG',
    count(10, 10_000_000),
    50_000,
    'Activities waiting to be processed above which inboxes answer 503.',
  ),
  inboxConcurrency: spec(
    'LANDFALL_INBOX_CONCURRENCY',
    count(1, 1000),
    128,
    'Received activities processed at once.',
  ),
  deliveryConcurrency: spec(
    'LANDFALL_DELIVERY_CONCURRENCY',
    count(1, 5000),
    128,
    'Deliveries under way at once.',
  ),
  deliveryPerHost: spec(
    'LANDFALL_DELIVERY_PER_HOST',
    count(1, 100),
    4,
    'Deliveries under way at once to one host.',
  ),
  workSeconds: spec(
    'LANDFALL_WORK_SECONDS',
    count(1, 86_400),
    900,
    'How long one piece of work may take before it counts as failed, to be tried again.',
  ),
  threadDepth: spec('LANDFALL_THREAD_DEPTH', count(0, 200), 20, 'Ancestors of a reply that are fetched.'),
  homeEntries: spec('LANDFALL_HOME_ENTRIES', count(100, 100_000), 800, 'Lines kept in each home timeline.'),
  maxRequests: spec(
    'LANDFALL_MAX_REQUESTS',
    count(10, 100_000),
    2000,
    'Requests waiting for an answer above which others are answered 503.',
  ),
  rateLimits: spec('LANDFALL_RATE_LIMITS', flag, true, 'Limit requests per client address and token.'),
  smtpUrl: secretSpec(
    'LANDFALL_SMTP_URL',
    z.union([z.literal(''), z.string().regex(/^smtps?:\/\/[^\s]+$/)]),
    '',
    'Mail server, `smtp://user:password@host:587` or `smtps://…`. Empty: mails are written to `mail/*.eml` in the data folder.',
  ),
  mailFrom: spec(
    'LANDFALL_MAIL_FROM',
    z.string().regex(/^[^\r\n]*$/),
    '',
    'Sender of mails, `Name <address>` or an address. Empty: no-reply at the handle domain.',
  ),
  metricsBind: spec(
    'LANDFALL_METRICS_BIND',
    z.string().regex(/^$|^(\[[0-9a-f:]+\]|[^:[\]]+):\d{1,5}$/i),
    '',
    'Address (host:port) for Prometheus metrics at /metrics, e.g. 127.0.0.1:9464; empty for none.',
  ),
  drainSeconds: spec(
    'LANDFALL_DRAIN_SECONDS',
    count(0, 600),
    10,
    'How long a stop waits for work in flight.',
  ),
  ...limitSettings,
} as const;

type Table = typeof settingsTable;
export type SettingKey = keyof Table;
export type Settings = { readonly [K in SettingKey]: Table[K] extends SettingSpec<infer T> ? T : never };
