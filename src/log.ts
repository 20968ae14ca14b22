import { pino, type Logger as PinoLogger } from 'pino';

/** What the rooms use of a logger: an object of fields first, then a short constant message. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Members that never reach a log line, wherever they stand. */
const secrets = [
  'authorization',
  'password',
  'token',
  'access_token',
  'client_secret',
  'secret',
  'code',
  'privateKey',
  'cookie',
];

/** A JSON logger on standard error, so that standard output stays free for command results. */
export function createLogger(level: string): Logger {
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const logger: PinoLogger = pino(
    { level, base: null, redact: { paths, censor: '[hidden]' } },
    pino.destination({ fd: 2, sync: true }),
  );
  return logger;
}

export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
