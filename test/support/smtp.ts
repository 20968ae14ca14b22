import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface ReceivedMail {
  from: string;
  to: string[];
  /** Header fields by lower-case name. */
  headers: Record<string, string>;
  text: string;
}

export interface SmtpDouble {
  /** For LANDFALL_SMTP_URL. */
  url: string;
  mails: ReceivedMail[];
  /** What the next recipients are answered, one each; default: 250. */
  answers: string[];
  close(): Promise<void>;
}

/** A mail server on loopback that keeps what it is given (RFC 5321, the part that a sender needs). */
export async function startSmtp(): Promise<SmtpDouble> {
  const mails: ReceivedMail[] = [];
  const answers: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    talk(socket, mails, answers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    answers,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function talk(socket: Socket, mails: ReceivedMail[], answers: string[]): void {
  let buffer = '';
  let inData = false;
  let envelope: { from: string; to: string[] } = { from: '', to: [] };
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const obey = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    if (verb === 'EHLO') say('250 double');
    else if (verb === 'MAIL') {
      envelope = { from: address, to: [] };
      say('250 OK');
    } else if (verb === 'RCPT') {
      envelope.to.push(address);
      say(answers.shift() ?? '250 OK');
    } else if (verb === 'DATA') {
      inData = true;
      say('354 Go on');
    } else if (verb === 'QUIT') {
      say('221 Bye');
      socket.end();
    } else say(verb === 'RSET' ? '250 OK' : '502 Unknown');
  };
  say('220 double ESMTP');
  socket.on('data', (chunk) => {
    buffer += chunk.toString('utf8');
    for (;;) {
      const end = buffer.indexOf(inData ? '\r\n.\r\n' : '\r\n');
      if (end === -1) return;
      const part = buffer.slice(0, end);
      buffer = buffer.slice(end + (inData ? 5 : 2));
      if (!inData) obey(part);
      else {
        inData = false;
        mails.push({ ...envelope, ...parseMail(part) });
        say('250 Taken');
      }
    }
  });
}

/** Header and text of a plain message, decoded. */
export function parseMail(source: string): { headers: Record<string, string>; text: string } {
  const lines = source.replaceAll('\r\n', '\n');
  const split = lines.indexOf('\n\n');
  const head = lines.slice(0, split).replace(/\n[ \t]+/g, ' ');
  const headers = Object.fromEntries(
    head.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = lines.slice(split + 2);
  return { headers, text: headers['content-transfer-encoding'] === 'quoted-printable' ? decode(body) : body };
}

function decode(body: string): string {
  const joined = body.replace(/=\n/g, '');
  const bytes = joined.replace(/=([0-9A-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
