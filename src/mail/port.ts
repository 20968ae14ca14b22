/** What the domain asks of the mail room. */

export interface MailMessage {
  /** Names the message; a repeat has the same, so that a mailbox shows it once. */
  id: string;
  /** One plain address. */
  to: string;
  subject: string;
  /** Plain text. */
  text: string;
  date: Date;
  /** For mails that many get and may not want any more. */
  list?: {
    /** RFC 2919: a host name's form. */
    id: string;
    /** Takes a POST that ends it, without anything else being asked (RFC 8058). */
    unsubscribeUrl: string;
  };
}

export type MailResult =
  | { outcome: 'sent' }
  /** The mail server will never take it; trying again is useless. */
  | { outcome: 'refused'; reason: string };

export interface MailPort {
  /** @throws Error when it could not be handed over now, and may be later */
  send(message: MailMessage): Promise<MailResult>;
}
