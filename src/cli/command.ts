import { userInfo } from 'node:os';
import { Command } from 'commander';
import { loadSettings } from '../config/load.js';
import type { Context } from '../context.js';
import { findAccountByAcct } from '../domain/accounts.js';
import { notFound } from '../errors.js';
import { createLogger } from '../log.js';
import type { Account } from '../model/account.js';
import type { Io } from './io.js';

/** What every command can be told. */
export interface CommonOptions {
  json?: boolean;
}

/** A result: as JSON for programs, as text for people. */
export interface Result {
  json: unknown;
  text: string;
  /** The command did its work, but what it found is not well. */
  failed?: boolean;
}

/** Thrown for a command line that makes no sense; exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Thrown after the result was printed, so that the exit code is 1. */
export class FailedResult extends Error {
  override name = 'FailedResult';
}

export const jsonOption = ['--json', 'print the result as JSON'] as const;

/** Prints what `run` found. */
export async function show(io: Io, options: CommonOptions, run: () => Promise<Result>): Promise<void> {
  const result = await run();
  io.out(options.json ? JSON.stringify(result.json, null, 2) : result.text);
  if (result.failed) throw new FailedResult();
}

/** Runs `act` on the instance that the environment names, and closes it again. A server may run beside it. */
export async function withInstance<T>(io: Io, act: (ctx: Context) => Promise<T>): Promise<T> {
  const settings = loadSettings(io.env);
  // A command speaks through its result; what the rooms log at `info` is the server's affair.
  const log = createLogger(settings.logLevel === 'info' ? 'warn' : settings.logLevel);
  // Loading the whole server takes a second, which help and usage errors need not wait for.
  const { createContext } = await import('../context.js');
  const ctx = await createContext(settings, { mode: 'command', log });
  try {
    return await act(ctx);
  } finally {
    await ctx.close();
  }
}

/** As `show` over `withInstance`. */
export function showOn(
  io: Io,
  options: CommonOptions,
  run: (ctx: Context) => Promise<Result>,
): Promise<void> {
  return show(io, options, () => withInstance(io, run));
}

/** Who acts, for the audit log: whoever sits at this machine. */
export function consoleActor(): string {
  try {
    return `console:${userInfo().username}`;
  } catch {
    return 'console';
  }
}

/** @throws AppError 404 */
export async function accountNamed(ctx: Context, acct: string): Promise<Account> {
  const account = await findAccountByAcct(ctx, acct);
  if (!account) throw notFound(`There is no account ${acct}`);
  return account;
}

/** A command with examples below its help. */
export function command(name: string, description: string, examples: readonly string[]): Command {
  const made = new Command(name).description(description);
  const lines = examples.map((example) => `  $ landfall ${example}`).join('\n');
  return made.addHelpText('after', `\nExamples:\n${lines}`);
}

/** A group of commands; alone it shows its help and counts as wrong usage. */
export function group(name: string, description: string, members: readonly Command[]): Command {
  const made = new Command(name).description(description);
  for (const member of members) made.addCommand(member);
  return made;
}
