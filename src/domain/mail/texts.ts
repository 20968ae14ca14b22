/** What the mails say. Plain text; pure. */

export interface MailText {
  subject: string;
  text: string;
}

export interface MailFacts {
  /** Name of the server. */
  title: string;
  /** Its public origin. */
  origin: string;
  username: string;
  /** The address with the secret, where there is one. */
  link: string;
}

type Kind =
  | 'confirmation'
  | 'password-reset'
  | 'password-changed'
  | 'approved'
  | 'second-factor-on'
  | 'second-factor-off'
  | 'second-factor-guessed'
  | 'passkey-added'
  | 'passkey-removed';

const alarm = (facts: MailFacts): string =>
  `If this was not you, set a new password at once: ${facts.origin}/auth/password`;

const bodies: Record<Kind, (facts: MailFacts) => { subject: string; lines: string[] }> = {
  confirmation: (facts) => ({
    subject: `Confirm your address for ${facts.title}`,
    lines: [
      `Somebody signed up at ${facts.title} as @${facts.username} with this address. If that was you, open this link within two days:`,
      facts.link,
      'If it was not you, there is nothing to do.',
    ],
  }),
  'password-reset': (facts) => ({
    subject: `A new password for ${facts.title}`,
    lines: [
      `Somebody asked for a new password for @${facts.username}. To choose one, open this link within an hour; it works once:`,
      facts.link,
      'If it was not you, there is nothing to do: the password stays as it is.',
    ],
  }),
  'password-changed': (facts) => ({
    subject: `Your password for ${facts.title} was changed`,
    lines: [
      `The password of @${facts.username} was changed, and everything that was signed in with the old one is signed out.`,
      alarm(facts),
    ],
  }),
  approved: (facts) => ({
    subject: `Welcome to ${facts.title}`,
    lines: [
      `The staff of ${facts.title} approved your account @${facts.username}. You can sign in now:`,
      facts.origin,
    ],
  }),
  'second-factor-on': (facts) => ({
    subject: `Codes are asked for at ${facts.title} from now on`,
    lines: [`Signing in as @${facts.username} now takes a code besides the password.`, alarm(facts)],
  }),
  'second-factor-off': (facts) => ({
    subject: `No more codes are asked for at ${facts.title}`,
    lines: [`Signing in as @${facts.username} takes no code of an app from now on.`, alarm(facts)],
  }),
  'second-factor-guessed': (facts) => ({
    subject: `Somebody knows your password for ${facts.title}`,
    lines: [
      `Somebody gave the password of @${facts.username} and then several wrong codes. They did not get in.`,
      alarm(facts),
    ],
  }),
  'passkey-added': (facts) => ({
    subject: `A passkey was added at ${facts.title}`,
    lines: [`@${facts.username} has a new passkey to sign in with, besides the password.`, alarm(facts)],
  }),
  'passkey-removed': (facts) => ({
    subject: `A passkey was removed at ${facts.title}`,
    lines: [`One of the passkeys of @${facts.username} was removed.`, alarm(facts)],
  }),
};

export function toMailText(kind: Kind, facts: MailFacts): MailText {
  const { subject, lines } = bodies[kind](facts);
  const body = [`Hello @${facts.username},`, ...lines, `-- \n${facts.title}\n${facts.origin}`].join('\n\n');
  return { subject: subject.replace(/\s+/g, ' ').slice(0, 200), text: `${body}\n` };
}
