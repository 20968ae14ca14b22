import type { Request } from 'express';
import { AppError, badRequest, tooLarge } from '../../errors.js';

/** A body must arrive within this time: a sender that drips bytes holds a connection, and later a worker. */
const maxMs = 30_000;
/** How long the rest of a body that is too large is thrown away before the connection is closed. */
const lingerMs = 5000;

/**
 * The raw bytes of a body. One that says it is too large is never kept, nor is more than `maxBytes` of one that turns out
 * to be.
 * @throws AppError 413 too large, 408 too slow, 400 when it breaks off
 */
export function readBody(req: Request, maxBytes: number): Promise<Buffer> {
  const declared = Number(req.get('content-length') ?? 0);
  if (declared > maxBytes) return Promise.reject(giveUpOnSize(req));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      req.off('data', onData).off('end', onEnd).off('error', onBreak).off('close', onBreak);
      act();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBytes) return void chunks.push(chunk);
      settle(() => reject(giveUpOnSize(req)));
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const onBreak = (): void => settle(() => reject(badRequest('The request broke off')));
    const timer = setTimeout(() => {
      settle(() => reject(giveUp(req, new AppError(408, 'The request took too long'))));
    }, maxMs);
    req.on('data', onData).on('end', onEnd).on('error', onBreak).on('close', onBreak);
  });
}

/** Reads no further; the answer says that this connection ends here. */
function giveUp(req: Request, error: AppError): AppError {
  req.pause();
  req.res?.set('Connection', 'close');
  return error;
}

/**
 * Answers at once and throws away what still comes, for a moment. Cut off in the middle of sending, a proxy would answer 502
 * in our place, which senders take for a reason to come again.
 */
function giveUpOnSize(req: Request): AppError {
  req.resume();
  const timer = setTimeout(() => req.complete || req.socket.destroy(), lingerMs).unref();
  req.once('close', () => clearTimeout(timer));
  return tooLarge();
}
