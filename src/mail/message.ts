import type { SendMailOptions } from 'nodemailer';
import type { MailMessage } from './port.js';

export interface Sender {
  /** `Name <address>` or an address. */
  from: string;
  /** For message ids. */
  host: string;
}

/** As nodemailer takes it. Nothing in it may name a file or an address to read from. */
export function toMailOptions(sender: Sender, message: MailMessage): SendMailOptions {
  return {
    from: sender.from,
    to: { name: '', address: message.to },
    subject: message.subject,
    text: message.text,
    date: message.date,
    messageId: `<${message.id}@${sender.host}>`,
    // RFC 3834: no vacation notices in answer.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
