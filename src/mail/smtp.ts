import { toMailOptions, type Sender } from './message.js';
import type { MailPort } from './port.js';

const timeouts = {
  connectionTimeout: 15_000,
  greetingTimeout: 15_000,
  socketTimeout: 30_000,
  dnsTimeout: 15_000,
};

/** Sends over SMTP, a connection for each message: mails are few, and nothing is left open. `url`: smtp(s)://… */
export function openSmtp(url: string, sender: Sender): MailPort {
  return {
    send: async (message) => {
      const { createTransport } = await import('nodemailer');
      const transport = createTransport({ url, ...timeouts });
      try {
        await transport.sendMail(toMailOptions(sender, message));
        return { outcome: 'sent' };
      } catch (error) {
        const reason = refusalOf(error);
        if (reason === null) throw new Error(withoutAddresses(textOf(error)));
        return { outcome: 'refused', reason };
      } finally {
        transport.close();
      }
    },
  };
}

/** RFC 5321 section 4.2.1: 5yz about the envelope or the message is final; about signing in it is the operator's matter. */
function refusalOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, responseCode } = error as Error & { code?: unknown; responseCode?: unknown };
  const final = typeof responseCode === 'number' && responseCode >= 500 && responseCode < 600;
  const isOfMail = code === 'EENVELOPE' || code === 'EMESSAGE';
  return final && isOfMail ? withoutAddresses(error.message) : null;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Mail servers repeat the address in what they answer; that goes into logs and stays with the job. */
function withoutAddresses(text: string): string {
  return text.replace(/[^\s<>"(),;:]+@[^\s<>"(),;:]+/g, '[address]');
}
