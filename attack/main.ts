import { Command } from 'commander';
import { toReport } from './report.js';
import { runRows } from './run.js';
import { allRows } from './rows/index.js';
import { findTarget } from './target.js';

interface Options {
  account?: string;
  actor?: string;
  token?: string;
  row?: string[];
  json?: boolean;
  iOwnThisServer?: boolean;
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '[::1]' ||
  /^127\.\d+\.\d+\.\d+$/.test(hostname);

/** @throws Error when the address is none, or another machine's and nobody said that it may be attacked */
function originOf(text: string, { iOwnThisServer }: Options): string {
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`${text} is no http(s) address.`);
  if (!isLoopback(url.hostname) && !iOwnThisServer)
    throw new Error(
      `${url.host} is not on this machine. Attack only what is yours; then say --i-own-this-server.`,
    );
  return url.origin;
}

async function main(): Promise<void> {
  const program = new Command('attack')
    .description(
      'The rows of the catalogue of attacks that can be seen from outside, against a running server.',
    )
    .argument('<origin>', 'http://localhost:3000')
    .option('--account <name>', 'somebody there, not locked, whose inbox takes the attacks')
    .option('--actor <url>', 'or the address of an actor document')
    .option(
      '--token <token>',
      "a token of somebody there, read and write, for rows over Mastodon's client API",
    )
    .option('--row <id...>', 'only these rows')
    .option('--json', 'print the result as JSON')
    .option('--i-own-this-server', 'attack a server that is not on this machine')
    .parse();
  const options = program.opts<Options>();
  const { account, actor, token, row: wanted } = options;
  const origin = originOf(program.args[0] ?? '', options);
  const target = await findTarget({ origin, account, actor, token });
  const rows = allRows.filter((row) => !wanted || wanted.includes(String(row.id)));
  console.error(`${rows.length} rows against ${origin}${target.actor ? ` (${target.actor.uri})` : ''}`);
  const results = await runRows(rows, target, (text) => console.error(text));
  console.log(options.json ? JSON.stringify(results, null, 2) : toReport(results));
  process.exitCode = results.some((r) => r.outcome === 'failed') ? 1 : 0;
}

main().then(
  // Connections that are held open on purpose must not keep the process.
  () => process.exit(),
  (error: unknown) => {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  },
);
