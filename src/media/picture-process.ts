/**
 * A process that decodes pictures and does nothing else: no secrets, no database, no network of its own. What breaks a
 * decoder ends this process and not the server. Started by picture-pool.ts, which speaks to it over its channel.
 */
import { writeFileSync } from 'node:fs';
import { makePicture } from './make-picture.js';
import type { PictureAnswer, PictureRequest } from './picture-pool.js';

/** How often memory is looked at, milliseconds. Decoders work on threads of their own and do not hold this up. */
const watchMs = 50;

function watchMemory(maxBytes: number): void {
  setInterval(() => {
    if (process.memoryUsage.rss() > maxBytes) process.kill(process.pid, 'SIGKILL');
  }, watchMs).unref();
}

/** When the machine runs out of memory, Linux ends this process before the server. */
function offerForKilling(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux, or not allowed.
  }
}

offerForKilling();
// The server lets those who wait finish when it is stopped, and closes the channel then.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(0));
watchMemory(Number(process.argv[2]));
process.on('message', ({ job, limits }: PictureRequest) => {
  const data = Buffer.from(job.data);
  makePicture({ ...job, data }, limits).then(
    (made) => process.send?.({ made } satisfies PictureAnswer),
    // Whatever it was, it was the picture's doing.
    () => process.send?.({ made: 'broken' } satisfies PictureAnswer),
  );
});
process.send?.('ready');
