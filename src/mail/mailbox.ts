import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toMailOptions, type Sender } from './message.js';
import type { MailPort } from './port.js';

/** Writes each message to a file `<id>.eml` that only this user may read. The same message again replaces it. */
export function openMailbox(folder: string, sender: Sender): MailPort {
  return {
    send: async (message) => {
      const { createTransport } = await import('nodemailer');
      const composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
      const { message: composed } = await composer.sendMail(toMailOptions(sender, message));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, `${message.id.replace(/[^\w-]/g, '_')}.eml`);
      const partial = `${path}.partial`;
      await writeFile(partial, composed, { mode: 0o600 });
      await rename(partial, path);
      return { outcome: 'sent' };
    },
  };
}
