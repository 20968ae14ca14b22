import type { SendMailOptions } from 'nodemailer';
import type { MailMessage } from './port.js';

export interface Sender {
  /** `Name <address>` or an address. */
  from: string;
  /** For message ids. */
  host: string;
}

type Headers = Record<string, string | { prepared: true; value: string }>;

function headersOf({ list }: MailMessage): Headers {
  // RFC 3834: no vacation notices in answer.
  const automatic = { 'Auto-Submitted': 'auto-generated' };
  if (!list) return automatic;
  return {
    ...automatic,
    'List-Id': `<${list.id}>`,
    // RFC 2369 and RFC 8058. As it is: a folded or encoded address is not understood everywhere.
    'List-Unsubscribe': { prepared: true, value: `<${list.unsubscribeUrl}>` },
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
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
    headers: headersOf(message),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
