import { join } from 'node:path';
import type { Settings } from '../config/settings.js';
import { openMailbox } from './mailbox.js';
import type { MailPort } from './port.js';
import { openSmtp } from './smtp.js';

/** The way that the settings name. `handleDomain` stands in the sender's address where none is set. */
export function openMail(
  settings: Pick<Settings, 'smtpUrl' | 'mailFrom' | 'data'>,
  handleDomain: string,
): MailPort {
  const host = handleDomain.replace(/:\d+$/, '');
  const sender = { from: settings.mailFrom || `no-reply@${host}`, host };
  return settings.smtpUrl === ''
    ? openMailbox(join(settings.data, 'mail'), sender)
    : openSmtp(settings.smtpUrl, sender);
}
