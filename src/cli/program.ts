import { Command, CommanderError } from 'commander';
import { software } from '../config/software.js';
import { AppError, StartError } from '../errors.js';
import { FailedResult, UsageError } from './command.js';
import { accountCommands } from './commands/account.js';
import { announcementCommands } from './commands/announcement.js';
import { appCommands } from './commands/app.js';
import { backupCommand, restoreCommand } from './commands/backup.js';
import { configCommands } from './commands/config.js';
import { doctorCommand } from './commands/doctor.js';
import { domainCommands } from './commands/domain.js';
import { instanceCommands } from './commands/instance.js';
import { emojiCommands } from './commands/emoji.js';
import { inviteCommands } from './commands/invite.js';
import { keysCommands } from './commands/keys.js';
import { provisionCommand } from './commands/provision.js';
import { queueCommand } from './commands/queue.js';
import { serveCommand } from './commands/serve.js';
import { tokenCommands } from './commands/token.js';
import { printable, type Io } from './io.js';

/** 0: done. 1: it failed. 2: the command line makes no sense. */
export type ExitCode = 0 | 1 | 2;

export function createProgram(io: Io): Command {
  const program = new Command('landfall')
    .description('A federated social server. Settings come from the environment: see `landfall config show`.')
    .version(software.version);
  const commands = [
    serveCommand(io),
    accountCommands(io),
    appCommands(io),
    tokenCommands(io),
    provisionCommand(io),
    instanceCommands(io),
    inviteCommands(io),
    emojiCommands(io),
    announcementCommands(io),
    domainCommands(io),
    keysCommands(io),
    backupCommand(io),
    restoreCommand(io),
    queueCommand(io),
    doctorCommand(io),
    configCommands(io),
  ];
  for (const command of commands) program.addCommand(command);
  prepare(program, io);
  return program;
}

/** Errors come back as exceptions, and everything is written through `io`. */
function prepare(command: Command, io: Io): void {
  command.exitOverride().showHelpAfterError('(add --help for how it is used)');
  command.configureOutput({
    writeOut: (text) => io.out(text.trimEnd()),
    writeErr: (text) => io.err(text.trimEnd()),
  });
  for (const member of command.commands) prepare(member, io);
}

/** Runs one command line (without `node landfall`). Never throws. */
export async function runCli(args: readonly string[], streams: Io): Promise<ExitCode> {
  const io = printable(streams);
  try {
    await createProgram(io).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return explain(error, io);
  }
}

function explain(error: unknown, io: Io): ExitCode {
  // Commander has said it already; help that was asked for is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof FailedResult) return 1;
  if (error instanceof UsageError) {
    io.err(`error: ${error.message}`);
    return 2;
  }
  const expected = error instanceof AppError || error instanceof StartError;
  io.err(
    `error: ${expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return 1;
}
