import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { loadSettings } from '../../config/load.js';
import type { Settings } from '../../config/settings.js';
import { software } from '../../config/software.js';
import type { Context } from '../../context.js';
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
  const { createContext } = await import('../../context.js');
  const { startServer } = await import('../../server.js');
  const ctx = await createContext(settings);
  const owner = await ctx.db.users.findOne({ role: 'owner' });
  const server = await startServer(ctx);
  io.out(introduction(ctx, server, owner !== null));
  const signal = await signals.first;
  io.out(
    `${signal}: stopping. Work under way may finish (${settings.drainSeconds} s at most); again to stop at once.`,
  );
  await server.close();
  io.out('Stopped.');
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
