/** What a command reads and writes: the process's own streams, or a test's. */
export interface Io {
  env: NodeJS.ProcessEnv;
  out(text: string): void;
  err(text: string): void;
  /** All of standard input, as text. */
  stdin(): Promise<string>;
}

export function processIo(): Io {
  return {
    env: process.env,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    stdin: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * The same, with everything that a terminal would obey (escape sequences, reversed text) spelled out as `\uXXXX`: names and
 * texts come from strangers. In JSON that is the same string.
 */
export function printable(io: Io): Io {
  const spell = (text: string): string =>
    text.replaceAll(unprintable, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return { ...io, out: (text) => io.out(spell(text)), err: (text) => io.err(spell(text)) };
}

/** The first line of standard input: how secrets come in, since arguments are seen by everybody on the machine. */
export async function secretFromStdin(io: Io): Promise<string> {
  return ((await io.stdin()).split(/\r?\n/)[0] ?? '').trim();
}

/** Columns as wide as their widest cell, headed by `headings`. */
export function toTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [headings, ...rows].map(line).join('\n');
}

/** `name   value` lines, names aligned. */
export function toList(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join('\n');
}
