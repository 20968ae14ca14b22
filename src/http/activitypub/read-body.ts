import type { Request } from 'express';
import { AppError, badRequest, tooLarge } from '../../errors.js';

/** A body must arrive within this time: a sender that drips bytes holds a connection, and later a worker. */
const maxMs = 30_000;
/** How long, and how much of, a body that is too large is thrown away before the answer. */
const lingerMs = 3000;
const mostThrownAway = 14 * 1024 * 1024;

/**
 * The raw bytes of a body. One that says it is too large is never kept, nor is more than `maxBytes` of one that turns out
 * to be.
 * @throws AppError 413 too large, 408 too slow, 400 when it breaks off
 */
export async function readBody(req: Request, maxBytes: number): Promise<Buffer> {
  const declared = Number(req.get('content-length') ?? 0);
  if (declared > maxBytes) throw await giveUpOnSize(req);
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
      settle(() => void giveUpOnSize(req).then(reject));
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
 * Throws away what still comes, for a moment, before the answer is given: cut off in the middle of sending, a proxy would answer
 * 502 in our place, which senders take for a reason to come again. Who means to send very much is cut off.
 */
async function giveUpOnSize(req: Request): Promise<AppError> {
  if (Number(req.get('content-length') ?? 0) <= mostThrownAway)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lingerMs);
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      let size = 0;
      req.on('data', (chunk: Buffer) => (size += chunk.length) > mostThrownAway && end());
      req.once('end', end).once('close', end).once('error', end);
      req.resume();
    });
  return giveUp(req, tooLarge());
}
