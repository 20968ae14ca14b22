import { statfs } from 'node:fs/promises';
import { Router } from 'express';

/** Each resolves when its part is well, and throws otherwise. */
export type HealthChecks = Readonly<Record<string, () => Promise<void>>>;

/** A part that does not answer this fast is not well. */
const patienceMs = 3000;
const leastBytes = 8 * 1024 ** 2;

/**
 * `GET /health`: this process lives; whoever restarts processes asks this. `GET /health/ready`: it can do its work;
 * whoever hands out requests asks this. 503 names the parts that cannot; the reasons are for the log and `doctor`.
 */
export function healthRoutes(checks: HealthChecks): Router {
  const router = Router();
  router.get('/health', (_req, res) => void res.set('Cache-Control', 'no-store').json({ status: 'UP' }));
  router.get('/health/ready', async (_req, res) => {
    const failing = await findFailing(checks);
    res.set('Cache-Control', 'no-store').status(failing.length ? 503 : 200);
    res.json({ status: failing.length ? 'DOWN' : 'UP', ...(failing.length && { failing }) });
  });
  return router;
}

async function findFailing(checks: HealthChecks): Promise<string[]> {
  const asked = Object.entries(checks).map(async ([name, check]) => ((await isWell(check)) ? [] : [name]));
  return (await Promise.all(asked)).flat();
}

async function isWell(check: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  const well = check().then(
    () => true,
    () => false,
  );
  return Promise.race([well, late]).finally(() => clearTimeout(timer));
}

/** @throws Error when the disk of this folder is as good as full */
export async function demandRoom(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < leastBytes) throw new Error('the disk is full');
}
