import { hash } from 'node:crypto';
import type { Request, Response } from 'express';

/** Bytes that may be sent many times, with the ETag of their content. */
export interface Rendered {
  body: Buffer;
  tag: string;
}

/** JSON as bytes. */
export function toRendered(value: object): Rendered {
  const body = Buffer.from(JSON.stringify(value));
  return { body, tag: `"${hash('sha256', body, 'base64url').slice(0, 27)}"` };
}

/** Ends an answer with bytes at hand, without all that `res.send` looks for. To a HEAD, Node leaves them out. */
export function sendBytes(
  res: Response,
  body: Buffer,
  { type, status = 200 }: { type: string; status?: number },
): void {
  res.statusCode = status;
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', body.length);
  res.end(body);
}

/** Ends an answer with JSON, without all that `res.json` looks for. */
export function sendJson(res: Response, value: object): void {
  sendBytes(res, Buffer.from(JSON.stringify(value)), { type: 'application/json; charset=utf-8' });
}

/** As `sendBytes`, with the ETag; 304 to those who have these bytes (RFC 9110 section 13.1.2). */
export function sendTagged(req: Request, res: Response, { body, tag }: Rendered, type: string): void {
  res.setHeader('ETag', tag);
  if (!matches(req.headers['if-none-match'], tag)) return sendBytes(res, body, { type });
  res.statusCode = 304;
  res.end();
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header
    .slice(0, 2000)
    .split(',')
    .some((given) => ['*', tag, `W/${tag}`].includes(given.trim()));
}
