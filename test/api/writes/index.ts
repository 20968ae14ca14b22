import { accountWrites } from './accounts.js';
import { adminWrites } from './admin.js';
import type { Setup } from './kit.js';
import { notificationWrites } from './notifications.js';
import { personalWrites } from './personal.js';
import { statusWrites } from './statuses.js';

/** Every write of the contract by name (`POST /api/v1/lists`, with ` # what is special` where there are several). */
export const writeTable: Record<string, Setup> = {
  ...accountWrites,
  ...statusWrites,
  ...personalWrites,
  ...notificationWrites,
  ...adminWrites,
};
