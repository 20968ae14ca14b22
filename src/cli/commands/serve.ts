import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { loadSettings, unknownSettings } from '../../config/load.js';
import type { Settings } from '../../config/settings.js';
import { software } from '../../config/software.js';
import type { Context } from '../../context.js';
import { StartError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { RunningServer } from '../../server.js';
import { command } from '../command.js';
import { toList, type Io } from '../io.js';

export function serveCommand(io: Io): Command {
  const examples = ['serve', 'LANDFALL_PORT=8080 serve', 'serve --role worker'];
  return command('serve', 'start the server; Ctrl-C or SIGTERM stops it', examples)
    .addOption(new Option('--role <role>', 'what this process does').choices(['web,worker', 'web', 'worker']))
    .action((options: { role?: Settings['role'] }) => serve(io, options));
}

async function serve(io: Io, { role }: { role?: Settings['role'] }): Promise<void> {
  const signals = catchSignals();
  const settings = loadSettings(io.env, role === undefined ? {} : { role });
  for (const name of unknownSettings(io.env))
    io.err(`${name} is no setting of this version; it changes nothing.`);
  const { createContext } = await import('../../context.js');
  const { startServer } = await import('../../server.js');
  const ctx = await createContext(settings);
  const owner = await ctx.db.users.findOne({ role: 'owner' });
  // Before anybody is served: what breaks in the first instant is broken as well.
  const strays = catchStrays(ctx.log);
  const server = await startServer(ctx).catch((error: unknown) => {
    strays.stop();
    throw error;
  });
  io.out(introduction(ctx, server, owner !== null));
  const signal = await Promise.race([signals.first, strays.first]);
  io.out(
    `${signal ?? 'Broken'}: stopping. Work under way may finish (${settings.drainSeconds} s at most); again to stop at once.`,
  );
  const inTime = await endsWithin(server.close(), (settings.drainSeconds + spareSeconds) * 1000);
  strays.stop();
  io.out(inTime ? 'Stopped.' : 'Stopped; what could not be finished is taken up again by the next start.');
  if (!inTime) process.exit(1);
  if (signal === null)
    throw new StartError('The server stopped because of an error of its own (see the log).');
}

/** For closing files and connections, after the work in flight has had its time. */
const spareSeconds = 5;

/** What is broken (a database or disk that does not answer) must not hold a stop up for ever. */
async function endsWithin(end: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  return Promise.race([end.then(() => true), late]).finally(() => clearTimeout(timer));
}

/**
 * An error that nobody caught leaves the process in a state that nobody thought of: it is logged, what runs may finish, and
 * the process ends with 1, so that whoever watches over it starts it anew. Work that was taken on is taken up again then.
 */
function catchStrays(log: Logger): { first: Promise<null>; stop(): void } {
  let ended = (): void => undefined;
  const first = new Promise<null>((resolve) => {
    const onStray = (error: unknown): void => {
      log.error({ err: error }, 'an error that nobody caught: the server stops');
      resolve(null);
    };
    process.on('uncaughtException', onStray);
    ended = () => void process.off('uncaughtException', onStray);
  });
  return { first, stop: () => ended() };
}

function introduction(
  { settings, store, names }: Context,
  { url }: RunningServer,
  hasOwner: boolean,
): string {
  const database = store.engine === 'embedded' ? 'embedded database' : 'MongoDB';
  const pairs: [string, string][] = [
    ['  Address', names.origin],
    ['  Listening', settings.role.includes('web') ? url : `${url} (health only)`],
    ['  Data', `${resolve(settings.data)} (${database})`],
  ];
  if (names.handleDomain !== names.host) pairs.push(['  Handles', `@name@${names.handleDomain}`]);
  if (settings.federateLoopback || settings.testMode)
    pairs.push(['  Development', 'this server is open to its own machine; not for the public']);
  const lines = [`${software.title} ${software.version}, a federated social server`, toList(pairs)];
  if (!hasOwner)
    lines.push(
      'There is no owner account yet. Create it:',
      '  npx landfall account create NAME --role owner',
    );
  lines.push(`Ready after ${process.uptime().toFixed(1)} s. Ctrl-C stops it.`);
  return lines.join('\n');
}

/** The first signal asks for an orderly stop; the second ends the process where it stands (work is taken up again later). */
function catchSignals(): { first: Promise<NodeJS.Signals> } {
  return {
    first: new Promise((found) => {
      let stopping = false;
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.on(signal, () => {
          if (stopping) process.exit(signal === 'SIGINT' ? 130 : 143);
          stopping = true;
          found(signal);
        });
      }
    }),
  };
}
