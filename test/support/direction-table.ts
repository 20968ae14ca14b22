/** The direction table of docs/architecture.md as data: which room may import which. */

const rooms = [
  'federation',
  'src/config',
  'src/model',
  'src/store',
  'src/policy',
  'src/text',
  'src/media',
  'src/mail',
  'src/domain',
  'src/inbox',
  'src/outbox',
  'src/jobs',
  'src/http/activitypub',
  'src/http',
  'src/api',
  'src/oauth',
  'src/streaming',
  'src/web',
  'src/cli',
] as const;
export type Room = (typeof rooms)[number] | 'src/root';

/** Small leaf files that every room of src may use. */
const leaves = ['src/errors.ts', 'src/gate.ts', 'src/growing.ts', 'src/log.ts', 'src/turns.ts'];

const doors = [
  'src/domain',
  'src/policy',
  'src/model',
  'src/text',
  'src/http',
  'src/config',
  'src/store/port.ts',
  'src/jobs/port.ts',
  'src/media/port.ts',
  'src/media/probe.ts',
  'federation/vocabulary',
  'federation/ports.ts',
];

const table: Record<Room, readonly string[]> = {
  federation: ['federation'],
  'src/config': ['src/config'],
  'src/model': ['src/model', 'federation'],
  'src/store': ['src/store', 'src/model', 'src/config'],
  'src/policy': ['src/policy', 'src/model', 'federation/vocabulary'],
  'src/text': ['src/text', 'src/model', 'federation/vocabulary'],
  'src/media': ['src/media', 'src/model', 'src/config'],
  'src/mail': ['src/mail', 'src/config'],
  'src/domain': [
    'src/domain',
    'src/model',
    'src/policy',
    'src/text',
    'src/store/port.ts',
    'src/store/collections.ts',
    'src/media',
    'src/mail/port.ts',
    'src/jobs/port.ts',
    'src/config',
    'federation',
  ],
  'src/inbox': [
    'src/inbox',
    'src/domain',
    'src/policy',
    'src/model',
    'src/text',
    'src/jobs/port.ts',
    'federation',
  ],
  'src/outbox': [
    'src/outbox',
    'src/domain/events.ts',
    'src/domain/ctx.ts',
    'src/domain/urls.ts',
    'src/domain/domains.ts',
    'src/domain/instance.ts',
    'src/domain/facts',
    'src/policy',
    'src/text',
    'src/model',
    'src/store/port.ts',
    'src/jobs/port.ts',
    'federation',
  ],
  'src/jobs': [
    'src/jobs',
    'src/domain',
    'src/inbox',
    'src/outbox',
    'src/policy',
    'src/model',
    'src/store/port.ts',
    'src/config',
    'federation',
  ],
  'src/http': [...doors, 'src/http'],
  'src/http/activitypub': [...doors, 'src/http', 'src/inbox', 'src/outbox', 'src/web', 'federation'],
  'src/api': [...doors, 'src/api', 'src/oauth'],
  'src/oauth': [...doors, 'src/oauth', 'src/web'],
  'src/streaming': [...doors, 'src/streaming', 'src/api/entities', 'src/oauth'],
  'src/web': [...doors, 'src/web', 'src/api/entities'],
  'src/cli': [...doors, 'src/cli', 'src/context.ts', 'src/server.ts', 'src/media', 'src/jobs'],
  'src/root': ['src', 'federation'],
};

/** Packages that only some rooms may import. */
export const restrictedPackages: Record<string, readonly string[]> = {
  mongodb: ['src/store/mongo/'],
  libsql: ['src/store/embedded/'],
  mingo: ['src/store/embedded/'],
  'activitypub-express': ['federation/'],
  sharp: ['src/media/'],
  nodemailer: ['src/mail/'],
  express: ['src/http/', 'src/api/', 'src/oauth/', 'src/web/', 'src/streaming/', 'src/routers.ts'],
};

export function roomOf(file: string): Room {
  const found = rooms.filter((r) => file.startsWith(`${r}/`)).sort((a, b) => b.length - a.length)[0];
  return found ?? 'src/root';
}

export function allowedImports(room: Room, target: string): boolean {
  if (room !== 'federation' && leaves.includes(target)) return true;
  return table[room].some((prefix) => target === prefix || target.startsWith(`${prefix}/`));
}
